package loader_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// silent is a store that does not tell of some names.
type silent struct {
	store.Memory
	name string // "": of all
}

var errSilent = &store.Error{Op: "look at", Name: "it", Err: errors.New("503")}

func (s *silent) Stat(ctx context.Context, name string) (store.Object, error) {
	if s.name != "none" && strings.HasPrefix(name, s.name) {
		return store.Object{}, errSilent
	}
	return s.Memory.Stat(ctx, name)
}

// paged is one whose pages cannot be had.
type paged struct{ silent }

func (p *paged) List(context.Context, string, string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) { yield(store.Object{}, errSilent) }
}

// TestUnknown: where a store does not tell of a checkpoint, its own forecasts are by
// the model that was known, or fail; others' are not concerned.
func TestUnknown(t *testing.T) {
	ctx := context.Background()
	s := &silent{name: "cpu/b"}
	f := frame("a", 300, 2000)
	for _, c := range []string{"a", "b", ""} {
		save(t, &s.Memory, model(t, &f, series.CPU), c)
	}
	p := loader.NewLazy(s)
	keys := []loader.Key{{Metric: "cpu", Container: "a"}, {Metric: "cpu", Container: "b"}, {Metric: "cpu", Container: "c"}}
	served := func() (out string) {
		for _, k := range keys {
			_, why, err := p.Model(ctx, k.Container, k.Metric)
			out += fmt.Sprintf("%s %v(%v) ", k.Container, errors.Is(err, errSilent), why)
		}
		return out
	}
	check := func(what, want string, failed int) {
		t.Helper()
		err := p.RefreshKeys(ctx, keys)
		var unknown *loader.KeysError
		if errors.As(err, &unknown) != (failed > 0) || failed > 0 && (len(unknown.Keys) != failed || !errors.Is(err, errSilent)) {
			t.Errorf("%s: %v", what, err)
		}
		if got := served(); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	check("nothing known of b", "a false() b true() c false(shared_model) ", 1)
	if n := len(p.Keys()); n != 2 {
		t.Errorf("%d keys", n)
	}
	s.name = "none"
	check("it tells", "a false() b false() c false(shared_model) ", 0)
	s.name = ""
	check("it tells of nothing", "a false() b false() c true() ", 3) // c may have its own by now
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.RefreshKeys(ended, keys); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestUnknownPage: a page that cannot be had is the failure of its metric's keys.
func TestUnknownPage(t *testing.T) {
	s := &paged{silent{name: "none"}}
	f := frame("c00", 300, 2000)
	save(t, &s.Memory, model(t, &f, series.CPU), "c00")
	p := loader.NewLazy(s)
	keys := []loader.Key{{Metric: "memory", Container: "c00"}}
	for i := range 20 {
		keys = append(keys, loader.Key{Metric: "cpu", Container: fmt.Sprintf("c%02d", i)})
	}
	var unknown *loader.KeysError
	if err := p.RefreshKeys(context.Background(), keys); !errors.As(err, &unknown) || len(unknown.Keys) != 20 {
		t.Errorf("%v", err)
	}
}
