package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// storeHelp is what --store names.
const storeHelp = "folder, or s3://bucket/prefix, "

// Checkpoints are what --store names.
type checkpoints interface {
	store.Versioner
	// Check returns an error if Put could not write.
	Check(ctx context.Context) error
}

// storeOf returns the bucket that --store names.
func storeOf(ctx context.Context, address string) (checkpoints, error) {
	if s3.Is(address) {
		return s3.Open(ctx, address)
	}
	return loader.Folder(address), nil
}

// writableStore is storeOf of one that can be written to: it says so before the
// work, not after it.
func writableStore(ctx context.Context, address string) (checkpoints, error) {
	b, err := storeOf(ctx, address)
	if err == nil {
		err = b.Check(ctx)
	}
	return b, err
}

// openStore opens the checkpoints. Where there are none, the network in the box
// serves, as in the Lambda functions, and that is told; strict makes it an error.
// A folder or file that a flag names must be there.
func (a *app) openStore(cmd *cobra.Command, store string, strict bool) (*loader.Predictor, error) {
	p, err := openAny(cmd, store)
	if err != nil || len(p.Keys()) > 0 {
		return p, err
	}
	if strict {
		return nil, noCheckpoint(store)
	}
	where := "there is no checkpoint METRIC/CONTAINER.ckpt in " + store
	if _, err := os.Stat(store); !s3.Is(store) && errors.Is(err, fs.ErrNotExist) {
		where = "there is no folder " + store
	}
	for _, name := range p.Ignored() {
		if strings.HasSuffix(name, ".ckpt") {
			where += " (" + name + " has another name; open it as a file)"
			break
		}
	}
	a.notice("foretide: %s: the network in the box stands in (no_checkpoint); %q makes checkpoints", where, "foretide train")
	return p, nil
}

// openAny opens a store, which may have nothing in it.
func openAny(cmd *cobra.Command, store string) (*loader.Predictor, error) {
	if s3.Is(store) {
		s, err := storeOf(cmd.Context(), store)
		if err != nil {
			return nil, err
		}
		return loader.New(cmd.Context(), s)
	}
	info, err := os.Stat(store)
	if err == nil && !info.IsDir() || err != nil && cmd.Flags().Changed("store") {
		return loader.Open(store)
	}
	return loader.New(cmd.Context(), loader.Folder(store))
}

func noCheckpoint(address string) error {
	return &store.Error{Op: "open", Name: address, Err: fmt.Errorf("%w METRIC/CONTAINER.ckpt in it", loader.ErrNoCheckpoint)}
}

// readCheckpoint returns the checkpoint that a file is, or an object of a
// bucket: s3://bucket/prefix/METRIC/CONTAINER.ckpt.
func readCheckpoint(ctx context.Context, name string) (c *codec.Checkpoint, size int64, err error) {
	var data []byte
	if !s3.Is(name) {
		info, err := os.Stat(name)
		if err != nil {
			return nil, 0, err
		}
		c, err = loader.ReadFile(name)
		return c, info.Size(), err
	}
	config, err := s3.Parse(name)
	if err != nil {
		return nil, 0, err
	}
	parts := strings.Split(config.Prefix, "/")
	at := max(0, len(parts)-2)
	config.Prefix = strings.Join(parts[:at], "/")
	bucket, err := s3.New(ctx, config)
	if err != nil {
		return nil, 0, err
	}
	if data, _, err = bucket.Get(ctx, path.Join(parts[at:]...), 0); err != nil {
		return nil, 0, err
	}
	if c, err = loader.Decode(data, 0); err != nil {
		err = &store.Error{Op: "read", Name: name, Err: err}
	}
	return c, int64(len(data)), err
}

// objectsOf returns the addresses of the checkpoints that an address of a bucket
// is of: itself, or those below it.
func objectsOf(ctx context.Context, address string) ([]string, error) {
	before, query, asked := strings.Cut(address, "?")
	if asked {
		query = "?" + query
	}
	if strings.HasSuffix(before, ".ckpt") {
		return []string{address}, nil
	}
	s, err := s3.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	list, err := store.All(ctx, s, "")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range list {
		if strings.HasSuffix(o.Name, ".ckpt") {
			out = append(out, strings.TrimSuffix(before, "/")+"/"+o.Name+query)
		}
	}
	if len(out) == 0 {
		return nil, noCheckpoint(address)
	}
	return out, nil
}
