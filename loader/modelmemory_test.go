package loader_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// fleetOf is a store with the same model for n containers.
func fleetOf(t *testing.T, name string, n int) (*store.Memory, []loader.Key) {
	t.Helper()
	c, err := loader.Decode(vectorCheckpoint(t, name), 0)
	if err != nil {
		t.Fatal(err)
	}
	var s store.Memory
	var keys []loader.Key
	for i := range n {
		c.Container = fmt.Sprintf("c%04d", i)
		if _, err := loader.Save(context.Background(), &s, c); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, loader.KeyOf(c))
	}
	return &s, keys
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had finalizers
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestModelMemory: however many models serve, those in memory are within the bound,
// and the heap is; without one all stay. Forecasts are the same.
func TestModelMemory(t *testing.T) {
	ctx := context.Background()
	const n, limit = 1000, 2 << 20
	s, keys := fleetOf(t, "arima", n)
	data := frame("", 300, 2600)
	want, err := predictor(t, s).PredictAt(ctx, data, keys[0].Container, nil, keys[0].Metric)
	if err != nil {
		t.Fatal(err)
	}
	for _, bound := range []int64{0, limit} {
		p := predictor(t, s, loader.WithModelMemory(bound))
		before := heap()
		for round := range 2 {
			for _, k := range keys {
				got, err := p.PredictAt(ctx, data, k.Container, nil, k.Metric)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got[0].At, want[0].At) {
					t.Fatalf("round %d, %v: another forecast", round, k)
				}
			}
		}
		grown := heap() - before
		models, counted := p.Held()
		t.Logf("bound %d: %d models, %d bytes counted, the heap has grown by %d", bound, models, counted, grown)
		switch {
		case bound == 0 && (models != n || grown < 4*limit):
			t.Errorf("without a bound: %d models, %d bytes", models, grown)
		case bound > 0 && (models > n/4 || models < n/20 || counted > limit || grown > limit*5/4):
			t.Errorf("with a bound of %d: %d models, %d counted, the heap has grown by %d", limit, models, counted, grown)
		}
	}
}

// TestModelMemoryOrder: the model that served least recently goes; one that has
// learnt does not, nor does one that was restored; what is gone from the store, or
// has changed, is not counted.
func TestModelMemoryOrder(t *testing.T) {
	ctx := context.Background()
	s, keys := fleetOf(t, "naive", 8)
	size := int64(0)
	use := func(p *loader.Predictor, i int) any {
		t.Helper()
		m, _, err := p.Model(ctx, keys[i].Container, keys[i].Metric)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	one := predictor(t, s, loader.WithModelMemory(1))
	use(one, 0)
	if n, b := one.Held(); n != 1 {
		t.Fatalf("the last one is dropped")
	} else {
		size = b
	}
	p := predictor(t, s, loader.WithModelMemory(3*size))
	first, second := use(p, 0), use(p, 1)
	use(p, 2)
	use(p, 0)
	use(p, 3) // drops 1
	if use(p, 0) != first || use(p, 1) == second {
		t.Error("not the one that had served least recently was dropped")
	}
	calm := burst(keys[4].Container, 300, 2600)
	if n, err := p.Update(ctx, calm, keys[4].Container, at(&calm, 2590), keys[4].Metric); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	state, taught := p.State(keys[4].Container, keys[4].Metric), use(p, 4)
	if err := p.Restore(ctx, keys[5].Container, keys[5].Metric, state); err != nil {
		t.Fatal(err)
	}
	restored := use(p, 5)
	for round := range 2 {
		for _, i := range []int{0, 1, 2, 3, 6, 7} {
			use(p, i)
		}
		if use(p, 4) != taught || use(p, 5) != restored || !bytes.Equal(p.State(keys[4].Container, keys[4].Metric), state) {
			t.Errorf("round %d: what was learnt is lost", round)
		}
	}
	if n, b := p.Held(); n != 5 || b != 3*size {
		t.Errorf("%d models, %d bytes of %d each", n, b, size)
	}
	for _, k := range keys[:4] {
		_ = s.Delete(ctx, k.Name())
	}
	if err := p.RefreshKeys(ctx, keys[:2]); err != nil {
		t.Fatal(err)
	}
	if err := p.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if n, b := p.Held(); int64(n-2)*size != b {
		t.Errorf("after some are gone: %d models, %d bytes of %d each", n, b, size)
	}
}

// TestModelMemoryTogether: several at once, learning among them, neither wait for
// one another for ever nor lose count.
func TestModelMemoryTogether(t *testing.T) {
	ctx := context.Background()
	s, keys := fleetOf(t, "naive", 40)
	data := burst("", 300, 2600)
	p := predictor(t, s, loader.WithModelMemory(40_000))
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				k := keys[(i*(w+1))%len(keys)]
				if _, err := p.PredictAt(ctx, data, k.Container, nil, k.Metric); err != nil {
					t.Error(err)
				}
				switch {
				case w == 0 && i%50 == 0:
					if _, err := p.Update(ctx, data, keys[i/50].Container, at(&data, 2598), k.Metric); err != nil {
						t.Error(err)
					}
				case w == 1 && i%20 == 0:
					if err := p.Refresh(ctx); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		if len(p.State(keys[i].Container, keys[i].Metric)) == 0 {
			t.Errorf("what %v has learnt is lost", keys[i])
		}
	}
	if n, b := p.Held(); b > 40_000 || n > 4+12 {
		t.Errorf("%d models, %d bytes", n, b)
	}
}
