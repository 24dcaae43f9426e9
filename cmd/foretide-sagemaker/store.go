package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/loader"
)

// A store keeps what a training came to in the folder of the model, and beside it,
// in the folder that outlives an interruption, what it needs to go on: the states
// of trainings, and the checkpoints that are final. What is put there after the
// training was told to stop is the best so far: it is the model's, and is trained
// on when the training goes on, so that it comes to the same in the end.
type store struct {
	kept, model string
	stopped     func() bool
}

// List implements loader.Store.
func (s *store) List(ctx context.Context) ([]loader.Object, error) {
	return loader.Dir(s.kept).List(ctx)
}

// Get implements loader.Store.
func (s *store) Get(ctx context.Context, name string) ([]byte, string, error) {
	return loader.Dir(s.kept).Get(ctx, name)
}

// Put implements loader.Store.
func (s *store) Put(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.HasSuffix(name, ".ckpt") {
		if err := write(s.model, name, data); err != nil || s.stopped() {
			return err
		}
	}
	return write(s.kept, name, data)
}

// Delete removes a state, unless the training is to go on.
func (s *store) Delete(ctx context.Context, name string) error {
	if s.stopped() {
		return nil
	}
	return loader.Dir(s.kept).Delete(ctx, name)
}

// publish puts what was there already into the model's folder.
func (s *store) publish(ctx context.Context, name string) error {
	data, _, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	return write(s.model, name, data)
}

// write writes a file, without the versions that a loader.Dir keeps: all that is
// in these folders is copied to S3.
func write(dir, name string, data []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = newfile.Write(path, data)
	}
	if err != nil {
		return &loader.StoreError{Op: "write", Name: path, Err: err}
	}
	return nil
}
