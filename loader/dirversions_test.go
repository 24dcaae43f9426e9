package loader_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/loader"
)

const web = "cpu/web.ckpt"

// TestDirKeepsWhatWasThere: a checkpoint of a store that kept no versions, or
// that was copied there, stays as a version when another is put.
func TestDirKeepsWhatWasThere(t *testing.T) {
	ctx := context.Background()
	d := loader.Dir(t.TempDir())
	file := filepath.Join(string(d), filepath.FromSlash(web))
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	if v, err := d.Versions(ctx, web); err != nil || len(v) != 1 || v[0].Number != 0 || !v[0].Current {
		t.Fatal(v, err)
	}
	if err := d.Put(ctx, web, []byte("new")); err != nil {
		t.Fatal(err)
	}
	write("copied over it")
	if err := d.Put(ctx, web, []byte("newest")); err != nil {
		t.Fatal(err)
	}
	for number, want := range []string{"newest", "old", "new", "copied over it", "newest"} {
		if number > 0 {
			if _, err := d.Rollback(ctx, web, int64(number)); err != nil {
				t.Fatal(err)
			}
		}
		if b, _, err := d.Get(ctx, web); err != nil || string(b) != want {
			t.Errorf("version %d is %q, want %q: %v", number, b, want, err)
		}
	}
	// What is damaged does not become current; what is lost comes back.
	v, err := filepath.Glob(filepath.Join(string(d), ".versions", "cpu", "web.ckpt", "1", "*"))
	if err != nil || len(v) != 1 {
		t.Fatal(v, err)
	}
	if err := os.WriteFile(v[0], []byte("olD"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Rollback(ctx, web, 1); !errors.Is(err, codec.ErrDamaged) {
		t.Error("a damaged version:", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if v, err := d.Rollback(ctx, web, 0); err != nil || v.Number != 4 {
		t.Error(v, err)
	}
	if err := d.Delete(ctx, web); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Versions(ctx, web); !errors.Is(err, loader.ErrNotFound) {
		t.Error("versions of what was deleted:", err)
	}
}

// TestDirWriters: processes that write the same name at the same time lose
// nothing but what is older than the versions that are kept.
func TestDirWriters(t *testing.T) {
	ctx := context.Background()
	if who := os.Getenv("FORETIDE_TEST_WRITER"); who != "" {
		for round := range 50 {
			if err := loader.Dir(os.Getenv("FORETIDE_TEST_DIR")).Put(ctx, web, []byte(who+fmt.Sprint(round))); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	d := loader.Dir(t.TempDir())
	var writers []*exec.Cmd
	for _, who := range []string{"a", "b"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDirWriters$")
		cmd.Env = append(os.Environ(), "FORETIDE_TEST_WRITER="+who, "FORETIDE_TEST_DIR="+string(d))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, cmd)
	}
	for _, w := range writers {
		if err := w.Wait(); err != nil {
			t.Error(err)
		}
	}
	list, err := d.Versions(ctx, web)
	if err != nil || list[0].Number < 100 || len(list) != loader.DefaultKeep {
		t.Fatal(list, err)
	}
	var all strings.Builder
	for _, v := range list {
		if _, err := d.Rollback(ctx, web, v.Number); err != nil {
			t.Error(err)
		}
		b, _, err := d.Get(ctx, web)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&all, "%s ", b)
	}
	if s := all.String(); !strings.Contains(s, "a49 ") && !strings.Contains(s, "b49 ") {
		t.Error("kept are", s)
	}
}
