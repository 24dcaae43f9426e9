package testkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/loader/store"
)

// CheckBucket checks an empty bucket.
func CheckBucket(t *testing.T, b store.Bucket) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Bucket)
	}{{"missing", missing}, {"list", list}, {"replace", replace}, {"conditions", conditions}, {"context", ended}} {
		t.Run(c.name, func(t *testing.T) { c.test(t, b) })
		for _, o := range ListAll(t, b, "", "") {
			if err := b.Delete(t.Context(), o.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// ListAll returns what List yields.
func ListAll(t *testing.T, b store.Bucket, prefix, after string) []store.Object {
	t.Helper()
	var out []store.Object
	for o, err := range b.List(t.Context(), prefix, after) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func put(t *testing.T, b store.Bucket, name, text string, opts ...store.PutOption) {
	t.Helper()
	if err := b.Put(t.Context(), name, []byte(text), opts...); err != nil {
		t.Fatal(err)
	}
}

// has checks the bytes of a name, and what is told of them.
func has(t *testing.T, b store.Bucket, name, text string) store.Object {
	t.Helper()
	data, o, err := b.Get(t.Context(), name, 0)
	if err != nil || string(data) != text {
		t.Errorf("Get(%s) = %q, %v, want %q", name, data, err, text)
	}
	if s, err := b.Stat(t.Context(), name); err != nil || s != o {
		t.Errorf("Stat(%s) = %+v, %v, want %+v", name, s, err, o)
	}
	if o.Name != name || o.Size != int64(len(text)) || o.Revision == "" || time.Since(o.Modified).Abs() > time.Hour {
		t.Errorf("Get(%s) describes %+v", name, o)
	}
	return o
}

func missing(t *testing.T, b store.Bucket) {
	if o := ListAll(t, b, "", ""); len(o) != 0 {
		t.Errorf("an empty bucket lists %v", o)
	}
	if _, _, err := b.Get(t.Context(), "cpu/a.ckpt", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get of a missing name: %v, want ErrNotFound", err)
	}
	if _, err := b.Stat(t.Context(), "cpu/a.ckpt"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Stat of a missing name: %v, want ErrNotFound", err)
	}
	if err := b.Delete(t.Context(), "cpu/a.ckpt"); err != nil {
		t.Errorf("Delete of a missing name: %v", err)
	}
	var e *store.Error
	if _, _, err := b.Get(t.Context(), "cpu/a.ckpt", 0); !errors.As(err, &e) || e.Name != b.Address("cpu/a.ckpt") || !strings.HasSuffix(e.Name, "a.ckpt") {
		t.Errorf("the error names %+v, want %s", e, b.Address("cpu/a.ckpt"))
	}
}

func list(t *testing.T, b store.Bucket) {
	want := []string{"-/a.ckpt", "a", "cpu-2/a", "cpu/a.60s.training", "cpu/a.ckpt", "cpu/a/b", "cpu/b.ckpt", "memory/a.ckpt"}
	for i, n := range want {
		put(t, b, want[(i+3)%len(want)], "1 "+n) // in another order
	}
	for _, prefix := range []string{"", "c", "cpu", "cpu/", "cpu/a", "cpu/a.", "cpu/a/", "m", "z"} {
		for _, after := range []string{"", "-", "a", "cpu/a.ckp", "cpu/a.ckpt", "cpu/a/b", "memory/a.ckpt", "z"} {
			var names []string
			for _, o := range ListAll(t, b, prefix, after) {
				names = append(names, o.Name)
			}
			w := slices.DeleteFunc(slices.Clone(want), func(n string) bool { return !strings.HasPrefix(n, prefix) || n <= after })
			if !slices.Equal(names, w) {
				t.Errorf("List(%q, %q) = %v, want %v", prefix, after, names, w)
			}
		}
	}
	for o, err := range b.List(t.Context(), "", "") { // a caller may stop
		if err != nil || o.Name != want[0] {
			t.Errorf("the first object is %+v, %v", o, err)
		}
		break
	}
}

func replace(t *testing.T, b store.Bucket) {
	data := []byte("one")
	if err := b.Put(t.Context(), "cpu/a.ckpt", data); err != nil {
		t.Fatal(err)
	}
	data[0] = 'x' // the bucket does not keep it
	put(t, b, "cpu/b.ckpt", "b")
	first, other := has(t, b, "cpu/a.ckpt", "one"), has(t, b, "cpu/b.ckpt", "b")
	for i := range 3 { // of the same size, at once
		text := fmt.Sprint("tw", i)
		put(t, b, "cpu/a.ckpt", text)
		o := has(t, b, "cpu/a.ckpt", text)
		if o.Revision == first.Revision {
			t.Errorf("%q has the revision of what it replaces, %s", text, o.Revision)
		}
		first = o
	}
	if got := ListAll(t, b, "cpu/", ""); len(got) != 2 || got[0] != first || got[1] != other {
		t.Errorf("List = %+v, want %+v and %+v", got, first, other)
	}
	if _, _, err := b.Get(t.Context(), "cpu/a.ckpt", 2); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("Get over the limit: %v, want ErrTooLarge", err)
	}
	if _, _, err := b.Get(t.Context(), "cpu/a.ckpt", 3); err != nil {
		t.Errorf("Get at the limit: %v", err)
	}
	put(t, b, "cpu/empty", "", store.ContentType("text/plain"))
	has(t, b, "cpu/empty", "")
	if err := b.Delete(t.Context(), "cpu/a.ckpt"); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Get(t.Context(), "cpu/a.ckpt", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get of a deleted name: %v, want ErrNotFound", err)
	}
}

func conditions(t *testing.T, b store.Bucket) {
	changed := func(what, name string, o store.PutOption) {
		t.Helper()
		if err := b.Put(t.Context(), name, []byte("no"), o); !errors.Is(err, store.ErrChanged) {
			t.Errorf("%s: %v, want ErrChanged", what, err)
		}
	}
	put(t, b, "x", "one", store.IfMatch(""))
	changed("IfMatch of nothing, over an object", "x", store.IfMatch(""))
	first := has(t, b, "x", "one")
	put(t, b, "x", "two", store.IfMatch(first.Revision))
	changed("IfMatch of an old revision", "x", store.IfMatch(first.Revision))
	changed("IfMatch of a missing name", "y", store.IfMatch(first.Revision))
	has(t, b, "x", "two")
	put(t, b, "x", "again")
	// Of writers who meet, one wins.
	before := has(t, b, "x", "again")
	results := make(chan error)
	for i := range 8 {
		go func() {
			results <- b.Put(context.Background(), "x", fmt.Append(nil, "writer ", i), store.IfMatch(before.Revision))
		}()
	}
	won := 0
	for range 8 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrChanged):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 8 conditional writers won", won)
	}
}

func ended(t *testing.T, b store.Bucket) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	put(t, b, "x", "one")
	err := b.Put(ctx, "x", []byte("two"))
	_, _, read := b.Get(ctx, "x", 0)
	var listed error
	for _, listed = range b.List(ctx, "", "") {
	}
	for _, err := range []error{err, read, listed, b.Delete(ctx, "x")} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after the end of the context: %v", err)
		}
	}
	has(t, b, "x", "one")
}
