package steps

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/loader"
)

// StoreVariable names where everything is kept: s3://bucket/prefix.
const StoreVariable = "FORETIDE_STORE"

// CheckpointFolder is where the checkpoints are.
const CheckpointFolder = "checkpoints"

// A Storage is what the functions keep things in.
type Storage struct {
	Objects lake.Objects
	Latest  lake.Revisions // the same objects
	Store   loader.Store   // of the checkpoints
}

// Open returns the storage that the environment names. It asks the server for
// nothing.
func Open(ctx context.Context) (*Storage, error) {
	address := os.Getenv(StoreVariable)
	if address == "" {
		return nil, fmt.Errorf("%s is not set; it is where samples, checkpoints and forecasts are kept, as s3://bucket/prefix", StoreVariable)
	}
	b, err := s3.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	return &Storage{Objects: objects{b}, Latest: objects{b}, Store: b.Sub(CheckpointFolder).Store()}, nil
}

// objects are a bucket's as the lake needs them.
type objects struct{ b *s3.Bucket }

// List implements lake.Objects.
func (o objects) List(ctx context.Context, prefix string) ([]lake.Object, error) {
	var out []lake.Object
	err := o.b.List(ctx, prefix, "", func(x s3.Object) error {
		out = append(out, lake.Object(x))
		return nil
	})
	return out, err
}

// Get implements lake.Objects.
func (o objects) Get(ctx context.Context, key string, limit int64) ([]byte, error) {
	data, _, err := o.GetRevision(ctx, key, limit)
	return data, err
}

// GetRevision implements lake.Revisions: a revision is an ETag.
func (o objects) GetRevision(ctx context.Context, key string, limit int64) ([]byte, string, error) {
	data, x, err := o.b.Get(ctx, key, limit)
	if errors.Is(err, s3.ErrTooLarge) {
		err = fmt.Errorf("%w: %w", lake.ErrTooLarge, err)
	}
	return data, x.ETag, err
}

// PutIf implements lake.Revisions.
func (o objects) PutIf(ctx context.Context, key string, data []byte, contentType, revision string) error {
	condition := s3.IfAbsent()
	if revision != "" {
		condition = s3.IfMatch(revision)
	}
	_, err := o.b.Put(ctx, key, data, s3.ContentType(contentType), condition)
	return err
}

// Head implements lake.Objects.
func (o objects) Head(ctx context.Context, key string) (lake.Object, error) {
	x, err := o.b.Head(ctx, key)
	return lake.Object(x), err
}

// Put implements lake.Objects.
func (o objects) Put(ctx context.Context, key string, data []byte, contentType string) error {
	_, err := o.b.Put(ctx, key, data, s3.ContentType(contentType))
	return err
}

// Delete implements lake.Objects.
func (o objects) Delete(ctx context.Context, key string) error { return o.b.Delete(ctx, key) }
