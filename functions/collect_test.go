package functions_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/collect"
	"github.com/foretide/foretide/loader/store"
)

// ticking is a source with a value a minute, of three containers.
type ticking struct{}

func (ticking) Read(_ context.Context, _ *steps.Invocation, from, to int64, add func(parquet.Sample) error) error {
	for _, c := range []string{"web", "db", "shop/cart"} {
		for t := from; t < to; t += 60 {
			if err := add(parquet.Sample{Container: c, Metric: "cpu", Time: t * 1000, Value: float64(t / 60)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// collector collects from it.
func (w *world) collector() *collect.Collector {
	return &collect.Collector{Lake: w.lake, Source: ticking{}, Step: time.Minute, First: time.Hour, Chunk: 20 * time.Minute,
		Delay: time.Minute, MaxSamples: 1 << 20, Now: func() time.Time { return time.Unix(until, 0) }}
}

// TestCollectTwice: two collections of the same time, at the same time, keep what
// one keeps: that is why no more than one need be prevented.
func TestCollectTwice(t *testing.T) {
	w := newWorld(t)
	w.objects, w.lake = &store.Memory{}, &lake.Lake{Shards: 2, MaxBytes: lake.DefaultMaxBytes}
	w.lake.Objects = w.objects
	c := w.collector()
	const began = until - 6*3600
	for at := int64(began); at <= until; at += 900 { // often enough for files to be put together
		payload := fmt.Appendf(nil, `{"time": %q}`, time.Unix(at, 0).UTC().Format(time.RFC3339))
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			both.Go(func() {
				_, errs[i] = runtime.Settings{Function: "collect", Out: io.Discard}.Lambda(c.Handle).Invoke(context.Background(), payload)
			})
		}
		both.Wait()
		if errs[0] != nil || errs[1] != nil {
			t.Errorf("at %d: %v", at, errs)
		}
	}
	seen := 0
	err := w.lake.Read(context.Background(), lake.Query{From: began, To: until - 60}, func(f series.Frame) error {
		for i := range f.Len() {
			if v, at := f.Columns[0][i], f.Start+int64(i)*60; math.Abs(v-float64(at/60)) > 0 {
				t.Errorf("%s has %v at %d", f.Container, v, at)
			}
			seen++
		}
		return nil
	})
	if want := 3 * (6*60 - 1); err != nil || seen != want {
		t.Errorf("%v; there are %d samples, want %d", err, seen, want)
	}
}
