package loader_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/loader"
)

// objects counts a memory's objects of a name, with its versions'.
func objects(t *testing.T, m *loader.Memory, prefix string) []loader.Object {
	t.Helper()
	list, err := m.ListObjects(context.Background(), prefix, "")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestVersionedWriters: writers at the same time lose nothing, and readers
// meanwhile get whole checkpoints, although versions are deleted under them.
func TestVersionedWriters(t *testing.T) {
	const writers, rounds = 4, 50
	ctx := context.Background()
	for _, keep := range []int{1, writers * rounds} {
		m := new(loader.Memory)
		s := loader.NewVersioned(m, keep)
		if err := s.Put(ctx, web, []byte("before")); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for r := range rounds {
					if err := s.Put(ctx, web, fmt.Appendf(nil, "%d %d", w, r)); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range rounds {
					if b, _, err := s.Get(ctx, web); err != nil || len(b) == 0 {
						t.Errorf("%q %v", b, err)
					}
				}
			})
		}
		wg.Wait()
		list, err := s.Versions(ctx, web)
		if err != nil || len(list) != keep || list[0].Number != writers*rounds+1 || !list[0].Current {
			t.Fatal(len(list), list[0], err)
		}
		seen := map[string]bool{}
		for _, v := range list {
			seen[v.Digest] = true
		}
		if len(seen) != keep {
			t.Errorf("%d versions are %d", keep, len(seen))
		}
		if n := len(objects(t, m, "")); n != keep+1 {
			t.Errorf("%d objects for %d versions", n, keep)
		}
	}
}

// lossy loses the answers of conditional writes: they are carried out, and
// tried again by the client, which then hears that something changed.
type lossy struct {
	*loader.Memory
	lose func(err error) error
}

func (l *lossy) PutIf(ctx context.Context, name string, data []byte, revision string) error {
	return l.lose(l.Memory.PutIf(ctx, name, data, revision))
}

// TestLostAnswer: a write whose answer was lost is there once.
func TestLostAnswer(t *testing.T) {
	ctx := context.Background()
	m := new(loader.Memory)
	s := loader.NewVersioned(&lossy{m, func(error) error { return loader.ErrChanged }}, 3)
	for i, text := range []string{"one", "two", "three", "four"} {
		if err := s.Put(ctx, web, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Versions(ctx, web); err != nil || v[0].Number != int64(i+1) {
			t.Fatal(v, err)
		}
	}
	// Who cannot know whether the write was carried out deletes nothing.
	broken := errors.New("connection reset")
	s = loader.NewVersioned(&lossy{m, func(error) error { return broken }}, 3)
	if err := s.Put(ctx, web, []byte("five")); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if b, _, err := loader.NewVersioned(m, 3).Get(ctx, web); err != nil || string(b) != "five" {
		t.Errorf("%q %v", b, err)
	}
}

// TestInterruptedWriters: what they leave is removed some writes later, when it
// is old.
func TestInterruptedWriters(t *testing.T) {
	ctx := context.Background()
	m := new(loader.Memory)
	s := loader.NewVersioned(m, 2)
	old := ".versions/" + web + "/" + strings.Repeat("ab", 32) + ".1700000000000000000-0011223344556677"
	young := strings.Replace(old, "17000", "99000", 1)
	for _, name := range []string{old, young} {
		if err := m.Put(ctx, name, []byte("never current")); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 16 {
		if err := s.Put(ctx, web, fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	var left []string
	for _, o := range objects(t, m, ".versions/"+web+"/"+strings.Repeat("ab", 32)) {
		left = append(left, o.Name)
	}
	if len(left) != 1 || left[0] != young {
		t.Error("left are", left)
	}
	if err := s.Delete(ctx, web); err != nil {
		t.Fatal(err)
	}
	if left := objects(t, m, ""); len(left) != 1 || left[0].Name != young {
		t.Error("left are", left)
	}
}

// TestPlainCheckpoint: one that was copied there serves, and stays as the first
// version.
func TestPlainCheckpoint(t *testing.T) {
	ctx := context.Background()
	m := new(loader.Memory)
	s := loader.NewVersioned(m, 0)
	plain := checkpoint(t)
	if err := m.Put(ctx, web, plain); err != nil {
		t.Fatal(err)
	}
	if b, _, err := s.Get(ctx, web); err != nil || !bytes.Equal(b, plain) {
		t.Error(err)
	}
	if v, err := s.Versions(ctx, web); err != nil || len(v) != 1 || v[0].Number != 0 {
		t.Error(v, err)
	}
	if err := s.Put(ctx, web, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Rollback(ctx, web, 0); err != nil || v.Number != 1 {
		t.Error(v, err)
	}
	if b, _, err := s.Get(ctx, web); err != nil || !bytes.Equal(b, plain) {
		t.Error(err)
	}
}

// TestVersionedDamage: damage is found and named; another version serves after
// a rollback, and a new one can be written.
func TestVersionedDamage(t *testing.T) {
	ctx := context.Background()
	setup := func() (*loader.Memory, *loader.Versioned) {
		m := new(loader.Memory)
		s := loader.NewVersioned(m, 0)
		for _, text := range []string{"one", "two", "three"} {
			if err := s.Put(ctx, web, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		return m, s
	}
	current := func(m *loader.Memory) string {
		for _, o := range objects(t, m, ".versions/") {
			if b, _, _ := m.Get(ctx, o.Name); string(b) == "three" {
				return o.Name
			}
		}
		return ""
	}
	for name, harm := range map[string]func(m *loader.Memory) error{
		"a flipped byte": func(m *loader.Memory) error { return m.Put(ctx, current(m), []byte("thrEe")) },
		"a lost version": func(m *loader.Memory) error { return m.Delete(ctx, current(m)) },
	} {
		m, s := setup()
		if err := harm(m); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.Get(ctx, web)
		if !errors.Is(err, codec.ErrDamaged) || !strings.Contains(err.Error(), "cpu/web.ckpt") || !strings.Contains(err.Error(), "checkpoint rollback") {
			t.Errorf("%s: %v", name, err)
		}
		if v, err := s.Rollback(ctx, web, 0); err != nil || v.Number != 2 {
			t.Errorf("%s: %v, %v", name, v, err)
		}
		if _, err := s.Rollback(ctx, web, 3); err == nil {
			t.Errorf("%s: it is current", name)
		}
		if b, _, err := s.Get(ctx, web); err != nil || string(b) != "two" {
			t.Errorf("%s: %q %v", name, b, err)
		}
		if err := s.Put(ctx, web, []byte("three")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if b, _, err := s.Get(ctx, web); err != nil || string(b) != "three" {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	// A damaged index: the versions are found without it.
	for _, text := range []string{`{"foretide_versions":1,"serial":`, `{"foretide_versions":1,"current":9,"versions":[]}`} {
		m, s := setup()
		if err := m.Put(ctx, web, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Get(ctx, web); !errors.Is(err, codec.ErrDamaged) || !strings.Contains(err.Error(), "index") {
			t.Error(err)
		}
		if v, err := s.Versions(ctx, web); err != nil || len(v) != 3 {
			t.Error(v, err)
		}
		if v, err := s.Rollback(ctx, web, 0); err != nil || v.Number != 3 {
			t.Error(v, err)
		}
		if b, _, err := s.Get(ctx, web); err != nil || string(b) != "three" {
			t.Errorf("%q %v", b, err)
		}
		if v, err := s.Rollback(ctx, web, 1); err != nil || v.Number != 1 {
			t.Error(v, err)
		}
		if b, _, err := s.Get(ctx, web); err != nil || string(b) != "one" {
			t.Errorf("%q %v", b, err)
		}
	}
	// An index of a newer foretide stays as it is.
	m, s := setup()
	newer := []byte(`{"foretide_versions":2,"layers":[]}`)
	if err := m.Put(ctx, web, newer); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get(ctx, web); !errors.Is(err, codec.ErrVersion) || !strings.Contains(err.Error(), "use a newer foretide") {
		t.Error(err)
	}
	if err := s.Put(ctx, web, []byte("four")); !errors.Is(err, codec.ErrVersion) {
		t.Error(err)
	}
	if b, _, err := m.Get(ctx, web); err != nil || !bytes.Equal(b, newer) {
		t.Errorf("%q %v", b, err)
	}
}

// FuzzIndex: whatever an index is, reading ends in bytes or an error, and
// nothing but the name's own versions is read or deleted.
func FuzzIndex(f *testing.F) {
	ctx := context.Background()
	m := new(loader.Memory)
	for _, text := range []string{"one", "two"} {
		if err := loader.NewVersioned(m, 0).Put(ctx, web, []byte(text)); err != nil {
			f.Fatal(err)
		}
	}
	b, _, err := m.Get(ctx, web)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"foretide_versions":2,`))
	f.Fuzz(func(t *testing.T, index []byte) {
		m := new(loader.Memory)
		s := loader.NewVersioned(m, 1)
		for name, data := range map[string][]byte{web: index, "cpu/db.ckpt": []byte("another's"), "secret": []byte("secret")} {
			if err := m.Put(ctx, name, data); err != nil {
				t.Fatal(err)
			}
		}
		if b, _, err := s.Get(ctx, web); err == nil && !bytes.Equal(b, index) {
			t.Fatalf("read %q", b)
		}
		if err := s.Put(ctx, web, []byte("new")); err == nil {
			if b, _, err := s.Get(ctx, web); err != nil || string(b) != "new" {
				t.Fatalf("%q %v", b, err)
			}
		}
		if b, _, err := m.Get(ctx, "cpu/db.ckpt"); err != nil || string(b) != "another's" {
			t.Fatal(err)
		}
		if _, _, err := m.Get(ctx, "secret"); err != nil {
			t.Fatal(err)
		}
	})
}
