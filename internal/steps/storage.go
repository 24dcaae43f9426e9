package steps

import (
	"context"
	"fmt"
	"os"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/loader/store"
)

// StoreVariable names where everything is kept: s3://bucket/prefix.
const StoreVariable = "FORETIDE_STORE"

// CheckpointFolder is where the checkpoints are.
const CheckpointFolder = "checkpoints"

// A Storage is what the functions keep things in.
type Storage struct {
	Objects store.Bucket
	Store   store.Bucket // of the checkpoints
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
	return &Storage{Objects: b, Store: b.Sub(CheckpointFolder)}, nil
}
