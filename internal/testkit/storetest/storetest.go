// Package storetest checks what every store of checkpoints does.
package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/foretide/foretide/loader"
)

// Store checks an empty store.
func Store(t *testing.T, s loader.Store) {
	t.Helper()
	ctx := context.Background()
	if o, err := s.List(ctx); err != nil || len(o) != 0 {
		t.Fatal("an empty store lists", o, err)
	}
	if _, _, err := s.Get(ctx, "cpu/a.ckpt"); !errors.Is(err, loader.ErrNotFound) {
		t.Fatal("nothing there:", err)
	}
	for _, n := range []string{"cpu/b.ckpt", "cpu/a.ckpt", "memory/a.ckpt", "cpu/a.60s.training", "-/a.ckpt"} {
		if err := s.Put(ctx, n, []byte("1 "+n)); err != nil {
			t.Fatal(err)
		}
	}
	before, err := s.List(ctx)
	if err != nil || names(before) != "-/a.ckpt cpu/a.60s.training cpu/a.ckpt cpu/b.ckpt memory/a.ckpt" || before[1].Size != 20 {
		t.Fatal(before, err)
	}
	if err := s.Put(ctx, "cpu/a.ckpt", []byte("another one")); err != nil {
		t.Fatal(err)
	}
	after, err := s.List(ctx)
	if err != nil || names(after) != names(before) || after[2].Revision == before[2].Revision || after[3] != before[3] {
		t.Error("revisions do not tell what changed:", before, after, err)
	}
	b, rev, err := s.Get(ctx, "cpu/a.ckpt")
	if err != nil || string(b) != "another one" || rev != after[2].Revision {
		t.Errorf("%q %s %v", b, rev, err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Put(stopped, "cpu/a.ckpt", nil); !errors.Is(err, context.Canceled) {
		t.Error("a put after the end of its context:", err)
	}
}

func names(objects []loader.Object) string {
	var n []string
	for _, o := range objects {
		n = append(n, o.Name)
	}
	return strings.Join(n, " ")
}
