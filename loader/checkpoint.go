package loader

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/loader/store"
)

// ErrMismatch reports that a checkpoint is not of what its name or its
// description says. It comes with both in a *MismatchError.
var ErrMismatch = errors.New("loader: checkpoint is of something else")

// A MismatchError says what a checkpoint should be of, and what it is of.
type MismatchError struct{ Want, Have string }

// Error says both.
func (e *MismatchError) Error() string {
	return ErrMismatch.Error() + ": of " + e.Have + ", not of " + e.Want
}

// Is makes a MismatchError an ErrMismatch.
func (e *MismatchError) Is(target error) bool { return target == ErrMismatch }

// NewCheckpoint returns the checkpoint of a fitted model that serves one
// container, or every container where container is empty.
func NewCheckpoint(m forecast.Fitted, container string, from codec.Provenance) *codec.Checkpoint {
	spec := m.Spec()
	return &codec.Checkpoint{
		Kind: m.Kind(), Metric: spec.Metric, Container: container, Step: spec.Step,
		Horizons: slices.Clone(spec.Horizons), Levels: slices.Clone(spec.Levels),
		Provenance: from, Payload: m.AppendPayload(nil),
	}
}

// KeyOf returns what a checkpoint serves.
func KeyOf(c *codec.Checkpoint) Key { return Key{Metric: c.Metric, Container: c.Container} }

// Save puts the checkpoint into the bucket under its key's name, and returns its
// size in bytes.
func Save(ctx context.Context, b store.Bucket, c *codec.Checkpoint) (int, error) {
	name := KeyOf(c).Name()
	data, err := Encode(c)
	if err != nil {
		return 0, &store.Error{Op: "write", Name: name, Err: err}
	}
	return len(data), b.Put(ctx, name, data)
}

// Read returns the checkpoint of the key. The error is store.ErrNotFound where
// there is none, ErrMismatch where it is another's, or one of Decode.
func Read(ctx context.Context, b store.Bucket, k Key) (*codec.Checkpoint, error) {
	return read(ctx, b, k.Name(), k, 0)
}

// ReadFile returns the checkpoint that a file is. The errors are those of the
// file system and of Decode.
func ReadFile(path string) (*codec.Checkpoint, error) { return readFile(path, 0) }

func readFile(path string, limit int) (*codec.Checkpoint, error) {
	b, _, err := inFolder(path).Get(context.Background(), filepath.Base(path), 0)
	if err != nil {
		return nil, err
	}
	c, err := Decode(b, limit)
	if err != nil {
		return nil, &store.Error{Op: "read", Name: path, Err: err}
	}
	return c, nil
}

// inFolder returns the bucket that a file lies in.
func inFolder(path string) store.Folder { return store.Folder{Path: filepath.Dir(path)} }

// read returns the checkpoint of a name, which must be the key's.
func read(ctx context.Context, b store.Bucket, name string, k Key, limit int) (*codec.Checkpoint, error) {
	data, _, err := b.Get(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	c, err := Decode(data, limit)
	if err == nil && KeyOf(c) != k {
		err = &MismatchError{Want: k.String(), Have: KeyOf(c).String()}
	}
	if err != nil {
		return nil, nameError(b, name, err)
	}
	return c, nil
}

// nameError is what is wrong with the checkpoint of a name, and what to do.
func nameError(b store.Bucket, name string, err error) error {
	e := &store.Error{Op: "read", Name: b.Address(name), Err: err}
	switch v := new(codec.VersionError); {
	case errors.As(err, &v) && v.Major > codec.Major:
		e.Hint = "use a newer foretide, or return to an earlier version (foretide checkpoint rollback)"
	case errors.Is(err, codec.ErrDamaged):
		e.Hint = "return to an earlier version (foretide checkpoint rollback), or train anew"
	}
	return e
}

// Model returns the model that the checkpoint holds. The error is one of
// models.Decode, or ErrMismatch where the model is not what the checkpoint's
// description says.
func Model(c *codec.Checkpoint) (forecast.Fitted, error) {
	m, err := models.Decode(c.Kind, c.Payload)
	if err != nil {
		return nil, err
	}
	spec := m.Spec()
	if spec.Metric != c.Metric || spec.Step != c.Step || !slices.Equal(spec.Horizons, c.Horizons) || !slices.Equal(spec.Levels, c.Levels) {
		return nil, &MismatchError{Want: describe(c.Metric, c.Step, c.Horizons), Have: describe(spec.Metric, spec.Step, spec.Horizons)}
	}
	return m, nil
}

// serving returns the model that serves for a checkpoint: its own, or what
// stands in where that is of another network in the box (serve.Outdated).
func serving(c *codec.Checkpoint) (forecast.Fitted, error) {
	m, err := Model(c)
	if stand := serve.Outdated(c, err); stand != nil {
		return stand, nil
	}
	return m, err
}

// A file is a bucket of one checkpoint, whatever the name of its file is. It is
// read alone.
type file struct {
	store.Folder
	file string // in the folder
	key  Key
}

func openFile(path string, limit int) (*file, error) {
	c, err := readFile(path, limit)
	if err != nil {
		return nil, err
	}
	return &file{inFolder(path), filepath.Base(path), KeyOf(c)}, nil
}

// Address implements store.Bucket.
func (f *file) Address(string) string { return f.Folder.Address(f.file) }

// List implements store.Bucket.
func (f *file) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		name := f.key.Name()
		if strings.HasPrefix(name, prefix) && name > after {
			yield(f.Stat(ctx, name))
		}
	}
}

// Stat implements store.Bucket.
func (f *file) Stat(ctx context.Context, name string) (store.Object, error) {
	if name != f.key.Name() {
		return store.Object{}, &store.Error{Op: "read", Name: f.Address(name), Err: store.ErrNotFound}
	}
	o, err := f.Folder.Stat(ctx, f.file)
	o.Name = name
	return o, err
}

// Get implements store.Bucket.
func (f *file) Get(ctx context.Context, name string, limit int64) ([]byte, store.Object, error) {
	if name != f.key.Name() {
		return nil, store.Object{}, &store.Error{Op: "read", Name: f.Address(name), Err: store.ErrNotFound}
	}
	data, o, err := f.Folder.Get(ctx, f.file, limit)
	o.Name = name
	return data, o, err
}
