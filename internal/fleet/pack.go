package fleet

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// MostPacked is how many bytes of checkpoints a model may have in all.
const MostPacked = 32 << 30

// Pack writes all checkpoints of a store to w as a model.tar.gz, the form in which
// SageMaker keeps models: METRIC/CONTAINER.ckpt at its top. Each is read and checked
// before it is written. Pack returns how many there are. The same checkpoints give
// the same bytes: names are sorted, and there are neither times nor owners. The
// error of a store without checkpoints is loader.ErrNoCheckpoint.
func Pack(ctx context.Context, w io.Writer, bucket store.Bucket) (int, error) {
	objects, err := store.All(ctx, bucket, "")
	if err != nil {
		return 0, err
	}
	var names []string
	for _, o := range objects {
		if _, ok := loader.ParseName(o.Name); ok && strings.HasSuffix(o.Name, ".ckpt") {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("%w METRIC/CONTAINER.ckpt in it", loader.ErrNoCheckpoint)
	}
	slices.Sort(names)
	zip := gzip.NewWriter(w)
	t := tar.NewWriter(zip)
	total := int64(0)
	for _, name := range names {
		data, err := wholeCheckpoint(ctx, bucket, name)
		if err != nil {
			return 0, err
		}
		if total += int64(len(data)); total > MostPacked {
			return 0, fmt.Errorf("the checkpoints have more than %d bytes in all", int64(MostPacked))
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data)), Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return 0, err
		}
		if _, err := t.Write(data); err != nil {
			return 0, err
		}
	}
	if err := t.Close(); err != nil {
		return 0, err
	}
	return len(names), zip.Close()
}

// wholeCheckpoint returns a checkpoint that serves under its name.
func wholeCheckpoint(ctx context.Context, bucket store.Bucket, name string) ([]byte, error) {
	key, _ := loader.ParseName(name)
	c, err := loader.Read(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	if _, err := models.DecodeCheckpoint(c, c.Payload); err != nil {
		return nil, &store.Error{Op: "read", Name: name, Err: err}
	}
	data, _, err := bucket.Get(ctx, name, 0)
	return data, err
}
