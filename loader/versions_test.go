package loader_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// TestRollback: an earlier version that would serve is copied back, and the one that
// it replaces stays.
func TestRollback(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := loader.Folder(t.TempDir())
	key := loader.Key{Metric: "cpu", Container: "web"}
	if _, err := loader.Rollback(ctx, b, key, ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a rollback of nothing: %v, want ErrNotFound", err)
	}
	saved := func(container string, points int) []byte {
		t.Helper()
		f := frame(container, 60, points)
		save(t, b, model(t, &f, series.CPU), container)
		data, _, err := b.Get(ctx, loader.Key{Metric: "cpu", Container: container}.Name(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	put := func(data []byte) {
		t.Helper()
		if err := b.Put(ctx, key.Name(), data); err != nil {
			t.Fatal(err)
		}
	}
	one := saved("web", 2000)
	if _, err := loader.Rollback(ctx, b, key, ""); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "no version that differs") {
		t.Errorf("a rollback from the first: %v", err)
	}
	two := saved("web", 3000)
	serves := func(what string, want []byte, versions int) {
		t.Helper()
		data, _, err := b.Get(ctx, key.Name(), 0)
		if err != nil || string(data) != string(want) {
			t.Errorf("%s: %d other bytes serve, %v", what, len(data), err)
		}
		if list, err := b.Versions(ctx, key.Name()); err != nil || len(list) != versions {
			t.Errorf("%s: %d versions, want %d: %v", what, len(list), versions, err)
		}
	}
	if v, err := loader.Rollback(ctx, b, key, ""); err != nil || v.Size != int64(len(one)) || v.Current {
		t.Errorf("%+v %v", v, err)
	}
	serves("a rollback", one, 3)
	if _, err := loader.Rollback(ctx, b, key, ""); err != nil {
		t.Error(err)
	}
	serves("a second one", two, 4)
	list, err := b.Versions(ctx, key.Name())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loader.Rollback(ctx, b, key, list[0].ID); err != nil {
		t.Errorf("a rollback to the current version: %v", err)
	}
	serves("a rollback to the current version", two, 4)
	if _, err := loader.Rollback(ctx, b, key, list[3].ID); err != nil {
		t.Error(err)
	}
	serves("a rollback to the oldest", one, 5)

	// What would not serve does not become current, but is rolled back from.
	damaged := append([]byte(nil), two...)
	damaged[len(damaged)/2] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"damaged", damaged, codec.ErrDamaged},
		{"another container's", saved("db", 2000), models.ErrMismatch},
		{"no checkpoint", []byte("x"), codec.ErrNotCheckpoint},
	} {
		put(c.data)
		list, err := b.Versions(ctx, key.Name())
		if err != nil {
			t.Fatal(err)
		}
		put(two)
		if _, err := loader.Rollback(ctx, b, key, list[0].ID); !errors.Is(err, c.want) || !strings.Contains(err.Error(), list[0].ID) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		serves(c.name, two, 6)
		put(c.data)
		if _, err := loader.Rollback(ctx, b, key, ""); err != nil {
			t.Errorf("from one that is %s: %v", c.name, err)
		}
		serves("from one that is "+c.name, two, 6)
	}
	if err := os.Remove(b.Address(key.Name())); err != nil {
		t.Fatal(err)
	}
	put(one)
	if err := b.Delete(ctx, key.Name()); err != nil {
		t.Fatal(err)
	}
	if _, err := loader.Rollback(ctx, b, key, ""); err != nil {
		t.Errorf("of a deleted checkpoint: %v", err)
	}
	serves("a deleted checkpoint", one, 6)
	if _, err := loader.Rollback(ctx, b, key, "20000101T000000.000000000Z"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("to a version that is not kept: %v", err)
	}
	if _, err := loader.Rollback(ctx, &store.Memory{}, key, ""); !errors.Is(err, store.ErrNoVersions) {
		t.Errorf("in memory: %v, want ErrNoVersions", err)
	}
}

// overtaken is a folder in which somebody else writes a checkpoint amid a rollback.
type overtaken struct {
	store.Folder
	write func()
}

func (o overtaken) Versions(ctx context.Context, name string) ([]store.Version, error) {
	list, err := o.Folder.Versions(ctx, name)
	o.write()
	return list, err
}

// TestRollbackOvertaken: a checkpoint that was trained meanwhile stays current.
func TestRollbackOvertaken(t *testing.T) {
	t.Parallel()
	b := loader.Folder(t.TempDir())
	train := func(points int) {
		f := frame("web", 60, points)
		save(t, b, model(t, &f, series.CPU), "web")
	}
	train(2000)
	train(2500)
	_, err := loader.Rollback(t.Context(), overtaken{b, func() { train(3000) }}, loader.Key{Metric: "cpu", Container: "web"}, "")
	if !errors.Is(err, store.ErrChanged) {
		t.Errorf("Rollback: %v, want ErrChanged", err)
	}
	if list, err := b.Versions(t.Context(), "cpu/web.ckpt"); err != nil || len(list) != 3 {
		t.Errorf("%d versions, want 3: %v", len(list), err)
	}
}
