package loader_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// taught returns a predictor of one of the vectors' checkpoints.
func taught(t *testing.T, name string, o ...loader.Option) *loader.Predictor {
	t.Helper()
	s := &store.Memory{}
	c, err := loader.Decode(vectorCheckpoint(t, name), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loader.Save(context.Background(), s, c); err != nil {
		t.Fatal(err)
	}
	return predictor(t, s, o...)
}

// burst returns a wave whose last cell is far beyond it.
func burst(container string, step int64, n int) series.Frame {
	f := frame(container, step, n)
	f.Columns[0][n-1] = 1e6
	return f
}

func at(f *series.Frame, i int) time.Time { return time.Unix(f.Time(i), 0) }

// TestUpdate: natively and hosted alike, intervals that were left become wider
// where they were left, a container that was not known is from then
// on, and what was learnt can be kept.
func TestUpdate(t *testing.T) {
	ctx := context.Background()
	h := host(t, loader.WithInstances(2))
	for _, name := range checkpoints {
		for _, container := range []string{"ccc/cluster28", "new"} {
			native, hosted := taught(t, name), taught(t, name, loader.WithHost(h))
			if _, why := native.Serving(container, "cpu"); why&forecast.NoCheckpoint != 0 {
				continue // it is a container's own
			}
			data, calm := burst(container, 300, 2600), frame(container, 300, 2500)
			before, err := native.PredictAt(ctx, calm, "", nil, "cpu")
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*loader.Predictor{native, hosted} {
				if s := p.State(container, "cpu"); len(s) != 0 {
					t.Errorf("%s: a state before any update: %x", name, s)
				}
				for k := range 20 {
					data := data
					data.Start += int64(k) * 3600
					if n, err := p.Update(ctx, data, "", at(&data, 2599)); n != 3 || err != nil {
						t.Fatalf("%s: %d used, %v", name, n, err)
					}
				}
			}
			state := native.State(container, "cpu")
			if len(state) == 0 || !sameState(name, state, hosted.State(container, "cpu")) {
				t.Errorf("%s: another state", name)
			}
			restored, restoredHosted := taught(t, name), taught(t, name, loader.WithHost(h))
			if err := errors.Join(restored.Restore(ctx, container, "cpu", state), restoredHosted.Restore(ctx, container, "cpu", state)); err != nil {
				t.Fatal(err)
			}
			var after []*serve.Answer
			for _, p := range []*loader.Predictor{native, hosted, restored, restoredHosted} {
				got, err := p.PredictAt(ctx, calm, "", nil, "cpu")
				if err != nil {
					t.Fatal(err)
				}
				if after == nil {
					after = got
				}
				same(t, name+" of "+container, &got[0].Forecast, &after[0].Forecast)
			}
			wider(t, name, &before[0].Forecast, &after[0].Forecast)
		}
	}
}

// sameState reports whether states are the same: of auto, which keeps errors of
// medians that differ in the last digits, of the same size.
func sameState(name string, a, b []byte) bool {
	return slices.Equal(a, b) || name == "auto" && len(a) == len(b)
}

// wider fails where intervals are not wider above, or medians other ones; those of
// auto and linear learn too.
func wider(t *testing.T, name string, before, after *forecast.Forecast) {
	t.Helper()
	for k := range before.At {
		b, a := &before.At[k], &after.At[k]
		_, was := before.Interval(b, 0.8)
		if _, is := after.Interval(a, 0.8); is <= was {
			t.Errorf("%s, %d s ahead: the interval ends at %v after an update, at %v before", name, a.Ahead, is, was)
		}
		if m := before.Median(b); name != "auto" && name != "linear" && math.Abs(after.Median(a)-m) > 1e-9*math.Abs(m) {
			t.Errorf("%s: the median was %v and is %v", name, m, after.Median(a))
		}
		if a.Reasons&forecast.SharedModel != 0 {
			t.Errorf("%s: it has learnt of the container, and does not know it", name)
		}
	}
}

// TestUpdateCounts: what there is to learn from, and nothing else, is.
func TestUpdateCounts(t *testing.T) {
	ctx := context.Background()
	p := taught(t, "arima")
	data := frame("ccc/cluster28", 300, 1000)
	fine := frame("ccc/cluster28", 60, 5000)
	gap := frame("ccc/cluster28", 300, 1000)
	gap.Columns[0][998] = math.NaN()
	cut := fine.Slice(0, 4999)
	for _, c := range []struct {
		what  string
		frame series.Frame
		since time.Time
		want  int
	}{
		{"the last cell", data, at(&data, 999), 3},
		{"two", data, at(&data, 998), 6},
		{"from within a cell, which ends later", data, at(&data, 998).Add(time.Second), 6},
		{"one is missing", gap, at(&data, 998), 3},
		{"none is new", data, at(&data, 1000), 0},
		{"the first cells have nothing before them", data.Slice(0, 4), time.Time{}, 3 + 1},
		{"a finer frame", fine, at(&data, 999), 3},
		{"its last cell is not over", cut, at(&data, 998), 3},
	} {
		if n, err := p.Update(ctx, c.frame, "", c.since, "cpu"); n != c.want || err != nil {
			t.Errorf("%s: %d used, not %d; %v", c.what, n, c.want, err)
		}
	}
	// Of a finer frame that grows by a cell at a time, each cell of the model's step
	// is learnt from once, when it is over.
	total := 0
	for end := 4990; end <= 5000; end++ {
		now := fine.Slice(0, end)
		n, err := p.Update(ctx, now, "", at(&now, end-1), "cpu")
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if total != 3*3 { // at 4990, 4995 and 5000 minutes
		t.Errorf("a frame that grows by minutes: %d used", total)
	}
	if n, err := p.Update(ctx, data, "another", at(&data, 999)); n != 0 || err != nil {
		t.Errorf("without a checkpoint: %d, %v", n, err)
	}
	if _, err := p.Update(ctx, data, "", at(&data, 999), "cpuu"); !errors.Is(err, forecast.ErrMetric) {
		t.Errorf("an unknown metric: %v", err)
	}
	if _, err := p.Update(ctx, frame("ccc/cluster28", 3600, 20), "", time.Time{}, "cpu"); !errors.Is(err, forecast.ErrStep) {
		t.Errorf("a step that does not fit: %v", err)
	}
	if _, err := p.Update(ctx, series.Frame{Metrics: []string{"cpu"}, Columns: [][]float64{nil}}, "ccc/cluster28", time.Time{}, "cpu"); !errors.Is(err, forecast.ErrEmpty) {
		t.Errorf("no data: %v", err)
	}
	if err := p.Restore(ctx, "another", "cpu", nil); !errors.Is(err, loader.ErrNoCheckpoint) {
		t.Errorf("nothing to restore: %v", err)
	}
	if err := p.Restore(ctx, "ccc/cluster28", "cpu", []byte("nonsense")); err == nil {
		t.Error("any bytes are a state")
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if n, err := p.Update(stopped, data, "", time.Time{}, "cpu"); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %d, %v", n, err)
	}
}

// TestUpdateMeanwhile: forecasts go on while a model learns, each by a model as it
// is at one time, and updates leave nothing behind in the host's instances.
func TestUpdateMeanwhile(t *testing.T) {
	ctx := context.Background()
	h := host(t, loader.WithInstances(2))
	p := taught(t, "lstm", loader.WithHost(h))
	data := frame("ccc/cluster28", 300, 2600)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := p.Predict(ctx, data, "", 15*time.Minute, "cpu"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	total := 0
	for range 4 {
		n, err := p.Update(ctx, data, "", at(&data, 2550), "cpu")
		if err != nil {
			t.Error(err)
		}
		total += n
	}
	close(stop)
	wg.Wait()
	if total != 4*3*50 {
		t.Errorf("%d used", total)
	}
	if m := h.Memory(); m > 2*24<<20 {
		t.Errorf("two instances have %d MB", m>>20)
	}
}
