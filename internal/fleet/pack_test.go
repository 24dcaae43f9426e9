package fleet

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// put puts a checkpoint of the naive model into a store.
func put(t *testing.T, s store.Bucket, metric, container string) {
	t.Helper()
	task := forecast.Task{Metric: metric, Step: 60, Horizons: []int64{300}, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(metric)}
	if _, err := loader.Save(context.Background(), s, loader.NewCheckpoint(naive.Unfitted(task, 0), container, codec.Provenance{})); err != nil {
		t.Fatal(err)
	}
}

// TestPack: the file has each checkpoint under its name, and nothing else, and is
// the same whenever and from wherever it is made.
func TestPack(t *testing.T) {
	t.Parallel()
	dir, memory := store.Folder{Path: t.TempDir()}, &store.Memory{Clock: func() time.Time { return time.Unix(1, 0) }}
	for _, c := range []string{"web", "", "azure/vm-1"} {
		put(t, dir, "cpu", c)
	}
	for _, c := range []string{"azure/vm-1", "", "web"} {
		put(t, memory, "cpu", c)
	}
	put(t, dir, "cpu", "web") // a second version
	for _, s := range []store.Bucket{dir, memory} {
		if err := s.Put(t.Context(), "cpu/_shared.60s.training", []byte("a state")); err != nil {
			t.Fatal(err)
		}
	}
	var a, b bytes.Buffer
	if n, err := Pack(t.Context(), &a, dir); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if _, err := Pack(t.Context(), &b, memory); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("%v; another store's is another file", err)
	}
	zip, err := gzip.NewReader(&a)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		want, _, e := dir.Get(t.Context(), h.Name, 0)
		if err != nil || e != nil || !bytes.Equal(data, want) || h.Uid != 0 || h.Mode != 0o644 || !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%v %v: %+v", err, e, h)
		}
		names = append(names, h.Name)
	}
	if want := []string{"cpu/_shared.ckpt", "cpu/azure%2Fvm-1.ckpt", "cpu/web.ckpt"}; !slices.Equal(names, want) {
		t.Errorf("it has %v", names)
	}
}

// TestPackRefuses: no checkpoints, or one that does not serve, is an error.
func TestPackRefuses(t *testing.T) {
	t.Parallel()
	var s store.Memory
	if _, err := Pack(t.Context(), io.Discard, &s); !errors.Is(err, loader.ErrNoCheckpoint) {
		t.Errorf("without checkpoints: %v", err)
	}
	put(t, &s, "cpu", "web")
	data, _, err := s.Get(t.Context(), "cpu/web.ckpt", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "cpu/db.ckpt", data); err != nil {
		t.Fatal(err)
	}
	if _, err := Pack(t.Context(), io.Discard, &s); !errors.Is(err, models.ErrMismatch) {
		t.Errorf("another container's: %v", err)
	}
	data[len(data)/2] ^= 1
	if err := s.Put(t.Context(), "cpu/db.ckpt", data); err != nil {
		t.Fatal(err)
	}
	if _, err := Pack(t.Context(), io.Discard, &s); !errors.Is(err, codec.ErrDamaged) {
		t.Errorf("a damaged one: %v", err)
	}
}
