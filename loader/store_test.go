package loader_test

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

func TestKeyNames(t *testing.T) {
	for _, c := range []struct {
		key  loader.Key
		name string
	}{
		{loader.Key{Metric: "cpu", Container: "webapp"}, "cpu/webapp.ckpt"},
		{loader.Key{Metric: "cpu"}, "cpu/_shared.ckpt"},
		{loader.Key{Metric: "cpu", Container: "_shared"}, "cpu/%5Fshared.ckpt"},
		{loader.Key{Metric: "cpu", Container: "azure/vm-1"}, "cpu/azure%2Fvm-1.ckpt"},
		{loader.Key{Metric: "cpu", Container: "../../etc"}, "cpu/%2E.%2F..%2Fetc.ckpt"},
		{loader.Key{Metric: "été", Container: "a b%"}, "%C3%A9t%C3%A9/a%20b%25.ckpt"},
	} {
		if got := c.key.Name(); got != c.name {
			t.Errorf("the name of %v is %q, want %q", c.key, got, c.name)
		}
		if got, ok := loader.ParseName(c.name); !ok || got != c.key {
			t.Errorf("the key of %q is %v", c.name, got)
		}
	}
	for _, name := range []string{"", "cpu", "cpu/", "/a.ckpt", "cpu/a", "cpu/a.ckpt/b", "cpu/%2f.ckpt", "cpu/%61.ckpt", "cpu/a/b.ckpt"} {
		if k, ok := loader.ParseName(name); ok {
			t.Errorf("%q is the name of %v", name, k)
		}
	}
}

func FuzzKeyNames(f *testing.F) {
	f.Add("cpu", "webapp")
	f.Add("..", "../x")
	f.Fuzz(func(t *testing.T, metric, container string) {
		k := loader.Key{Metric: metric, Container: container}
		name := k.Name()
		if metric == "" {
			return
		}
		if got, ok := loader.ParseName(name); !ok || got != k {
			t.Fatalf("%v has the name %q, which is of %v", k, name, got)
		}
		if strings.Count(name, "/") != 1 || !filepath.IsLocal(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
			t.Fatalf("%q leaves its folder or is hidden", name)
		}
	})
}

// TestOpenFile: one file under any name serves, as what it says it is.
func TestOpenFile(t *testing.T) {
	web := frame("web", 60, 3000)
	dir := t.TempDir()
	save(t, loader.Folder(dir), model(t, &web, series.CPU), "web")
	path := filepath.Join(dir, "copy.bin")
	b, err := os.ReadFile(filepath.Join(dir, "cpu", "web.ckpt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := loader.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if k := p.Keys(); !slices.Equal(k, []loader.Key{{Metric: "cpu", Container: "web"}}) {
		t.Error(k)
	}
	if m, why, err := p.Model(context.Background(), "web", "cpu"); m == nil || why != 0 || err != nil {
		t.Error(m, why, err)
	}
	if _, err := loader.Open(path, loader.WithMaxPayload(10)); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a payload over the limit: %v", err)
	}
	// A checkpoint under another's name is refused.
	if err := os.Rename(filepath.Join(dir, "cpu", "web.ckpt"), filepath.Join(dir, "cpu", "db.ckpt")); err != nil {
		t.Fatal(err)
	}
	p, err = loader.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Model(context.Background(), "db", "cpu"); !errors.Is(err, models.ErrMismatch) {
		t.Errorf("web's checkpoint under db's name: %v", err)
	}
	if n := p.Ignored(); !slices.Equal(n, []string{"copy.bin"}) {
		t.Error(n)
	}
}

// checkpoint returns the bytes of a small one.
func checkpoint(t testing.TB) []byte {
	t.Helper()
	c := &codec.Checkpoint{
		Kind: "naive.1", Metric: "cpu", Container: "web", Step: 60, Horizons: horizons, Levels: []float64{0.1, 0.5, 0.9},
		Payload: bytes.Repeat([]byte("payload "), 500),
	}
	b, err := loader.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 1000 {
		t.Fatalf("%d bytes of a payload of %d: it is not compressed", len(b), len(c.Payload))
	}
	return b
}

// TestDamage: no cut and no flipped bit of a checkpoint goes unnoticed.
func TestDamage(t *testing.T) {
	b := checkpoint(t)
	if _, err := loader.Decode(b, 0); err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if _, err := loader.Decode(b[:n], 0); !loader.IsCheckpointError(err) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
		for bit := range 8 {
			c := bytes.Clone(b)
			c[n] ^= 1 << bit
			if _, err := loader.Decode(c, 0); !loader.IsCheckpointError(err) {
				t.Errorf("bit %d of byte %d flipped: %v", bit, n, err)
			}
		}
	}
	if _, err := loader.Decode(b, 3999); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a payload over the limit: %v", err)
	}
}

// FuzzDecode: whatever the bytes, decoding to the model ends in a model or an
// error, within the limit of memory.
func FuzzDecode(f *testing.F) {
	f.Add(checkpoint(f))
	web := frame("web", 60, 2000)
	for _, m := range []string{series.CPU, series.Memory} {
		s := &store.Memory{}
		save(f, s, model(f, &web, m), "web")
		b, _, err := s.Get(context.Background(), m+"/web.ckpt", 0)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	const limit = 1 << 20
	f.Fuzz(func(t *testing.T, b []byte) {
		// A random change is found by the checksum: with one that matches, the
		// decompression and the models' decoders are reached.
		decodeWithin(t, b, limit)
		if n := len(b) - 4; n > 0 {
			sum := crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli))
			decodeWithin(t, codec.AppendUint32(b[:n:n], sum), limit)
		}
	})
}

// decodeWithin decodes a checkpoint, and its model, with a limit of the payload.
func decodeWithin(t *testing.T, b []byte, limit int) {
	var c *codec.Checkpoint
	var err error
	// The payload itself, and what the header takes.
	most := uint64(limit) + 1<<20 + 1<<10*uint64(len(b))
	if n := testkit.Allocated(most, func() { c, err = loader.Decode(b, limit) }); n > most {
		t.Fatalf("%d bytes of input allocated %d bytes", len(b), n)
	}
	if err != nil {
		if !loader.IsCheckpointError(err) {
			t.Fatal(err)
		}
		return
	}
	if len(c.Payload) > limit {
		t.Fatalf("a payload of %d bytes", len(c.Payload))
	}
	if _, err = models.DecodeCheckpoint(c, c.Payload); err != nil && !loader.IsCheckpointError(err) {
		t.Fatal(err)
	}
}
