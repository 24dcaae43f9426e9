package s3_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/testkit/s3test"
)

func open(t testing.TB, address string) *s3.Bucket {
	t.Helper()
	b, err := s3.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestObjects: the plain operations and their conditions.
func TestObjects(t *testing.T) {
	s3test.New(t, "metrics")
	ctx := context.Background()
	b := open(t, "s3://metrics/fleet/a")
	if _, _, err := b.Get(ctx, "x", 0); !errors.Is(err, s3.ErrNotFound) {
		t.Fatal("nothing there:", err)
	}
	if _, err := b.Head(ctx, "x"); !errors.Is(err, s3.ErrNotFound) {
		t.Fatal("nothing there:", err)
	}
	if err := b.Delete(ctx, "x"); err != nil {
		t.Fatal("deleting nothing:", err)
	}
	first, err := b.Put(ctx, "x", []byte("one"), s3.IfAbsent(), s3.ContentType("text/plain"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(ctx, "x", []byte("two"), s3.IfAbsent()); !errors.Is(err, s3.ErrChanged) {
		t.Error("IfAbsent over an object:", err)
	}
	second, err := b.Put(ctx, "x", []byte("three"), s3.IfMatch(first))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(ctx, "x", []byte("four"), s3.IfMatch(first)); !errors.Is(err, s3.ErrChanged) {
		t.Error("IfMatch of another:", err)
	}
	if _, err := b.Put(ctx, "y", []byte("four"), s3.IfMatch(first)); !errors.Is(err, s3.ErrChanged) {
		t.Error("IfMatch of nothing:", err)
	}
	data, o, err := b.Get(ctx, "x", 5)
	if err != nil || string(data) != "three" || o.ETag != second || o.Size != 5 || o.Key != "x" || time.Since(o.Modified) > time.Hour {
		t.Errorf("%q %+v %v", data, o, err)
	}
	if _, _, err := b.Get(ctx, "x", 4); !errors.Is(err, s3.ErrTooLarge) {
		t.Error("over the limit:", err)
	}
	if _, _, err := b.GetIfChanged(ctx, "x", second, 0); !errors.Is(err, s3.ErrNotModified) {
		t.Error("unchanged:", err)
	}
	if data, _, err := b.GetIfChanged(ctx, "x", first, 0); err != nil || string(data) != "three" {
		t.Error("changed:", string(data), err)
	}
	if h, err := b.Head(ctx, "x"); err != nil || h != o {
		t.Errorf("%+v %v", h, err)
	}
	for _, k := range []string{"d/1", "d/2", "d/3", "e"} {
		if _, err := b.Put(ctx, k, []byte(k)); err != nil {
			t.Fatal(err)
		}
	}
	list := func(b *s3.Bucket, prefix, from string) (keys string) {
		t.Helper()
		if err := b.List(ctx, prefix, from, func(o s3.Object) error { keys += o.Key + " "; return nil }); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if k := list(b, "", ""); k != "d/1 d/2 d/3 e x " {
		t.Error(k)
	}
	if k := list(b, "d/", "d/1"); k != "d/2 d/3 " {
		t.Error(k)
	}
	if k := list(b.Sub("/d/"), "", ""); k != "1 2 3 " {
		t.Error(k)
	}
	if k := list(open(t, "s3://metrics"), "", "fleet/a/d/3"); k != "fleet/a/e fleet/a/x " {
		t.Error(k)
	}
	if err := b.Delete(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	if k := list(b, "", "d/3"); k != "e " {
		t.Error(k)
	}
}
