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
	"github.com/foretide/foretide/loader/store"
)

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
// there is none, models.ErrMismatch where it is another's, or one of Decode.
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
		err = &mismatchError{k, KeyOf(c)}
	}
	if err != nil {
		return nil, nameError(b, name, err)
	}
	return c, nil
}

// A mismatchError is of a checkpoint that its name says to be of something else.
type mismatchError struct{ want, have Key }

func (e *mismatchError) Error() string {
	return "loader: checkpoint is of something else: of " + e.have.String() + ", not of " + e.want.String()
}

func (e *mismatchError) Is(target error) bool { return target == models.ErrMismatch }

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
