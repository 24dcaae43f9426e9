package main

import (
	"context"
	"strings"

	"github.com/foretide/foretide/loader/store"
)

// Folders are a bucket that keep what a training came to in the folder of the
// model, and beside it, in the folder that outlives an interruption, what it needs to
// go on: the states of trainings, and the checkpoints that are final. Neither keeps
// versions: all that is in them is copied to S3. What is put there after the
// training was told to stop is the best so far: it is the model's, and is trained
// on when the training goes on, so that it comes to the same in the end.
type folders struct {
	store.Folder // that outlives an interruption
	model        store.Folder
	stopped      func() bool
}

// Put implements store.Bucket.
func (s *folders) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	if strings.HasSuffix(name, ".ckpt") {
		if err := s.model.Put(ctx, name, data); err != nil || s.stopped() {
			return err
		}
	}
	return s.Folder.Put(ctx, name, data, opts...)
}

// Delete removes a state, unless the training is to go on.
func (s *folders) Delete(ctx context.Context, name string) error {
	if s.stopped() {
		return nil
	}
	return s.Folder.Delete(ctx, name)
}

// publish puts what was there already into the model's folder.
func (s *folders) publish(ctx context.Context, name string) error {
	data, _, err := s.Get(ctx, name, 0)
	if err != nil {
		return err
	}
	return s.model.Put(ctx, name, data)
}
