package loader

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/serve"
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

// Save puts the checkpoint into the store under its key's name.
func Save(ctx context.Context, s Store, c *codec.Checkpoint) (int, error) {
	name := KeyOf(c).Name()
	b, err := Encode(c)
	if err != nil {
		return 0, &StoreError{Op: "write", Name: name, Err: err}
	}
	return len(b), s.Put(ctx, name, b)
}

// Read returns the checkpoint of the key. The error is ErrNotFound where there
// is none, ErrMismatch where it is another's, or one of Decode.
func Read(ctx context.Context, s Store, k Key) (*codec.Checkpoint, error) {
	c, _, err := read(ctx, s, k.Name(), k, 0)
	return c, err
}

// ReadFile returns the checkpoint that a file is. The errors are those of the
// file system and of Decode.
func ReadFile(path string) (*codec.Checkpoint, error) { return readFile(path, 0) }

func readFile(path string, limit int) (*codec.Checkpoint, error) {
	dir := Dir(filepath.Dir(path))
	b, _, err := dir.Get(context.Background(), filepath.Base(path))
	if err != nil {
		return nil, err
	}
	c, err := Decode(b, limit)
	if err != nil {
		return nil, dir.fail("read", filepath.Base(path), err)
	}
	return c, nil
}

// read returns the checkpoint of a name, which must be the key's.
func read(ctx context.Context, s Store, name string, k Key, limit int) (*codec.Checkpoint, string, error) {
	b, revision, err := s.Get(ctx, name)
	if err != nil {
		return nil, "", err
	}
	c, err := Decode(b, limit)
	if v := new(codec.VersionError); errors.As(err, &v) && v.Major > codec.Major {
		err = &newerError{err}
	}
	if err == nil && KeyOf(c) != k {
		err = &MismatchError{Want: k.String(), Have: KeyOf(c).String()}
	}
	if err != nil {
		return nil, "", nameError(s, name, err)
	}
	return c, revision, nil
}

// A newerError is of a checkpoint that a newer foretide wrote into a store.
type newerError struct{ error }

func (e *newerError) Error() string {
	return e.error.Error() + "; use a newer foretide, or \"foretide checkpoint rollback\" to return to an earlier version"
}

func (e *newerError) Unwrap() error { return e.error }

// nameError returns the error about a name that a store gave, with the
// folder's path where the store is one.
func nameError(s Store, name string, err error) error {
	if d, ok := s.(interface {
		fail(op, name string, err error) error
	}); ok {
		return d.fail("read", name, err)
	}
	return &StoreError{Op: "read", Name: name, Err: err}
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

// file is a store of one file, whatever its name is.
type file struct {
	path string
	key  Key
}

func openFile(path string, limit int) (*file, error) {
	c, err := readFile(path, limit)
	if err != nil {
		return nil, err
	}
	return &file{path, KeyOf(c)}, nil
}

func (f *file) List(ctx context.Context) ([]Object, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, f.fail("list", "", err)
	}
	return []Object{{Name: f.key.Name(), Size: info.Size(), Revision: revision(info), Modified: info.ModTime()}}, ctx.Err()
}

func (f *file) Get(ctx context.Context, name string) ([]byte, string, error) {
	if name != f.key.Name() {
		return nil, "", f.fail("read", name, ErrNotFound)
	}
	return Dir(filepath.Dir(f.path)).Get(ctx, filepath.Base(f.path))
}

func (f *file) Put(ctx context.Context, name string, data []byte) error {
	if name != f.key.Name() {
		return f.fail("write", name, errors.New("the store is one file"))
	}
	return Dir(filepath.Dir(f.path)).Put(ctx, filepath.Base(f.path), data)
}

func (f *file) fail(op, _ string, err error) error {
	return Dir(filepath.Dir(f.path)).fail(op, filepath.Base(f.path), err)
}
