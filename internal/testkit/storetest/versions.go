package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/foretide/foretide/loader"
)

// Versions checks what a store keeps of a checkpoint that it does not have yet.
func Versions(t *testing.T, s loader.Versioner) {
	t.Helper()
	ctx := context.Background()
	const name = "disk/web.ckpt"
	if _, err := s.Versions(ctx, name); !errors.Is(err, loader.ErrNotFound) {
		t.Error("versions of nothing:", err)
	}
	if _, err := s.Rollback(ctx, name, 0); !errors.Is(err, loader.ErrNotFound) {
		t.Error("a rollback of nothing:", err)
	}
	put := func(text string) {
		t.Helper()
		if err := s.Put(ctx, name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		serves(t, s, name, text)
	}
	put("one")
	if _, err := s.Rollback(ctx, name, 0); !errors.Is(err, loader.ErrNoVersion) {
		t.Error("a rollback from the first:", err)
	}
	put("two")
	put("two") // the same again is no other version
	put("three")
	kept(t, s, name, "3* 2 1")
	if v, err := s.Rollback(ctx, name, 0); err != nil || v.Number != 2 || !v.Current {
		t.Error(v, err)
	}
	kept(t, s, name, "3 2* 1")
	serves(t, s, name, "two")
	if v, err := s.Rollback(ctx, name, 0); err != nil || v.Number != 1 {
		t.Error(v, err)
	}
	serves(t, s, name, "one")
	if v, err := s.Rollback(ctx, name, 3); err != nil || v.Number != 3 {
		t.Error(v, err)
	}
	serves(t, s, name, "three")
	if _, err := s.Rollback(ctx, name, 9); !errors.Is(err, loader.ErrNoVersion) {
		t.Error("a rollback to what is not there:", err)
	}
	if _, err := s.Rollback(ctx, name, 1); err != nil {
		t.Error(err)
	}
	put("four") // after a rollback, what it went back from stays
	if v, err := s.Versions(ctx, name); err != nil || v[0].Number != 4 || v[1].Number != 3 ||
		v[0].Digest != fmt.Sprintf("%x", sha256.Sum256([]byte("four"))) || v[0].Size != 4 || time.Since(v[0].Time) > time.Minute {
		t.Error(v, err)
	}
	for i := range 2 * loader.DefaultKeep {
		put(fmt.Sprint("more ", i))
	}
	v, err := s.Versions(ctx, name)
	if err != nil || v[0].Number != 4+2*loader.DefaultKeep || len(v) > loader.DefaultKeep || len(v) < 2 {
		t.Error(v, err)
	}
	// The oldest that is kept still serves.
	oldest := v[len(v)-1].Number
	if _, err := s.Rollback(ctx, name, oldest); err != nil {
		t.Error(err)
	}
	serves(t, s, name, fmt.Sprint("more ", oldest-5))
	if list, err := s.List(ctx); err != nil || list[len(list)-1].Name == name || !contains(list, name) {
		t.Error("a list of more than the checkpoints:", list, err)
	}
}

func contains(list []loader.Object, name string) bool {
	for _, o := range list {
		if o.Name == name {
			return true
		}
	}
	return false
}

func serves(t *testing.T, s loader.Store, name, text string) {
	t.Helper()
	if b, _, err := s.Get(context.Background(), name); err != nil || string(b) != text {
		t.Errorf("%q serves, want %q: %v", b, text, err)
	}
}

// kept checks numbers, and which is current.
func kept(t *testing.T, s loader.Versioner, name, want string) {
	t.Helper()
	list, err := s.Versions(context.Background(), name)
	var have string
	for i, v := range list {
		if i > 0 {
			have += " "
		}
		have += fmt.Sprint(v.Number)
		if v.Current {
			have += "*"
		}
	}
	if err != nil || have != want {
		t.Errorf("kept are %s, want %s: %v", have, want, err)
	}
}
