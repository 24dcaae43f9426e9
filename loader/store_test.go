package loader_test

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/storetest"
	"github.com/foretide/foretide/loader"
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

// TestStores: what every store does.
func TestStores(t *testing.T) {
	for name, s := range map[string]loader.Store{"memory": new(loader.Memory), "versioned": loader.NewVersioned(new(loader.Memory), 0), "dir": loader.Dir(filepath.Join(t.TempDir(), "a", "b"))} {
		t.Run(name, func(t *testing.T) {
			storetest.Store(t, s)
			if v, ok := s.(loader.Versioner); ok {
				storetest.Versions(t, v)
			}
		})
	}
}

// TestDirStaysInside: no name and no link leads out of the folder.
func TestDirStaysInside(t *testing.T) {
	ctx := context.Background()
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.ckpt"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "cpu")); err != nil {
		testkit.Lacking(t, "this system has no symbolic links: "+err.Error())
	}
	d := loader.Dir(dir)
	for _, name := range []string{"cpu/secret.ckpt", "../" + filepath.Base(outside) + "/secret.ckpt", filepath.Join(outside, "secret.ckpt")} {
		if b, _, err := d.Get(ctx, name); err == nil {
			t.Errorf("read %q through %q", b, name)
		}
		if err := d.Put(ctx, name, []byte("overwritten")); err == nil {
			t.Errorf("wrote through %q", name)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(outside, "secret.ckpt")); string(b) != "secret" {
		t.Errorf("what lies outside is now %q", b)
	}
}

// TestUnwritable: a folder that cannot be written to is an error before any
// work, with its name.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	d := loader.Dir(filepath.Join(file, "checkpoints"))
	want := "loader: cannot write to " + string(d) + ": not a directory"
	if err := d.Check(); err == nil || err.Error() != want {
		t.Errorf("Check: %v, want %q", err, want)
	}
	if err := d.Put(context.Background(), "cpu/a.ckpt", nil); err == nil || !strings.Contains(err.Error(), filepath.Join(string(d), "cpu", "a.ckpt")) {
		t.Errorf("Put: %v", err)
	}
	if os.Getuid() == 0 {
		return // permissions do not stop root
	}
	locked := loader.Dir(filepath.Join(dir, "locked"))
	if err := os.Mkdir(string(locked), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := locked.Check(); err == nil || !strings.HasSuffix(err.Error(), "locked: permission denied") {
		t.Errorf("Check: %v", err)
	}
}

// TestFullDisk: where the disk takes no more, what was there stays and nothing
// half-written is left. A limit on the size of files stands for the disk.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	d := loader.Dir(dir)
	big := bytes.Repeat([]byte("x"), 1<<20)
	if os.Getenv("FORETIDE_TEST_DIR") != "" { // the limited process
		err := loader.Dir(os.Getenv("FORETIDE_TEST_DIR")).Put(context.Background(), "cpu/a.ckpt", big)
		if err == nil {
			t.Fatal("written")
		}
		t.Log(err)
		return
	}
	testkit.Program(t, "sh", "a shell sets the limit")
	if err := d.Put(context.Background(), "cpu/a.ckpt", []byte("before")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -f 64; exec "$0" -test.run '^TestFullDisk$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "cannot write "+filepath.Join(dir, "cpu", "a.ckpt")+": file too large") {
		t.Fatalf("%v\n%s", err, out)
	}
	files, _ := os.ReadDir(filepath.Join(dir, "cpu"))
	if b, _ := os.ReadFile(filepath.Join(dir, "cpu", "a.ckpt")); string(b) != "before" || len(files) != 1 {
		t.Errorf("the checkpoint is now %.20q, among %v", b, files)
	}
}

// TestOpenFile: one file under any name serves, as what it says it is.
func TestOpenFile(t *testing.T) {
	web := frame("web", 60, 3000)
	dir := t.TempDir()
	save(t, loader.Dir(dir), model(t, &web, series.CPU), "web")
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
	if _, err := loader.Open(path, loader.WithMaxPayload(10)); !errors.Is(err, loader.ErrTooLarge) {
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
	if _, _, err := p.Model(context.Background(), "db", "cpu"); !errors.Is(err, loader.ErrMismatch) {
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
	if _, err := loader.Decode(b, 3999); !errors.Is(err, loader.ErrTooLarge) {
		t.Errorf("a payload over the limit: %v", err)
	}
}

// FuzzDecode: whatever the bytes, decoding to the model ends in a model or an
// error, within the limit of memory.
func FuzzDecode(f *testing.F) {
	f.Add(checkpoint(f))
	web := frame("web", 60, 2000)
	for _, m := range []string{series.CPU, series.Memory} {
		s := new(loader.Memory)
		save(f, s, model(f, &web, m), "web")
		b, _, err := s.Get(context.Background(), m+"/web.ckpt")
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
	if _, err = loader.Model(c); err != nil && !loader.IsCheckpointError(err) {
		t.Fatal(err)
	}
}
