package loader_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
)

// TestHostUpdate: updates give what they give natively, and the model that is
// updated stays what it was, on every instance.
func TestHostUpdate(t *testing.T) {
	h := host(t, loader.WithInstances(2))
	data := frame("ccc/cluster28", 300, 2600)
	for _, name := range checkpoints {
		native, hosted := pair(t, h, name)
		w := forecast.WindowOf(&data, native.Spec().Needs)
		var before, after, want forecast.Forecast
		if err := hosted.Forecast(&before, &w); err != nil {
			t.Fatal(err)
		}
		actuals := []calibrate.Actual{{Ahead: 300, Value: 1e6}, {Ahead: 900, Value: math.NaN()}, {Ahead: 1800, Value: 0}}
		a, n, err := native.(calibrate.Updater).Update(&w, actuals)
		b, m, hostErr := hosted.Update(&w, actuals)
		if err != nil || hostErr != nil || n != 2 || m != 2 {
			t.Fatal(name, n, m, err, hostErr)
		}
		if !slices.Equal(a.(calibrate.Updater).AppendState(nil), b.(calibrate.Updater).AppendState(nil)) {
			t.Errorf("%s: another state", name)
		}
		restored, err := hosted.WithState(b.(calibrate.Updater).AppendState(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, model := range []forecast.Fitted{b, restored} {
			if err := errors.Join(a.Forecast(&want, &w), model.Forecast(&after, &w)); err != nil {
				t.Fatal(err)
			}
			same(t, name+", updated", &after, &want)
		}
		if err := hosted.Forecast(&after, &w); err != nil {
			t.Fatal(err)
		}
		same(t, name+", as it was", &after, &before)
	}
	_, m := pair(t, h, "arima")
	if _, err := m.WithState([]byte("nonsense")); err == nil {
		t.Error("any bytes are a state")
	}
}

// big returns a checkpoint of an LSTM as the notes on speed have it: two layers
// both ways, 128 hidden units, 240 steps; its weights are random.
func big(t testing.TB) []byte {
	t.Helper()
	task := forecast.Task{Metric: series.CPU, Step: 15, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	others := []string{series.Memory, series.DiskRead, series.DiskWrite}
	shape := network.Shape{Steps: 240, Hidden: 128, Layers: 2, Bidirectional: true, Width: 64}
	shape = lstm.Complete(shape, &task, others)
	net := network.New(shape)
	net.Initialise(1, task.Levels)
	lstm.Round(net)
	return loader.NewCheckpoint(lstm.New(task, others, net), "x", codec.Provenance{}).Append(nil)
}

// TestHostYields: while forecasts run that take long, the garbage collector of
// this process gets its turn.
func TestHostYields(t *testing.T) {
	h := host(t, loader.WithInstances(1))
	m, err := h.Model(context.Background(), big(t))
	if err != nil {
		t.Fatal(err)
	}
	data := frame("x", 15, 46100)
	w := forecast.WindowOf(&data, m.Spec().Needs)
	var dst forecast.Forecast
	stop := make(chan struct{})
	collected := make(chan int)
	before := pauses(t)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				collected <- n
				return
			default:
				runtime.GC()
			}
		}
	}()
	begin := time.Now()
	calls := 0
	for ; calls < 3 || time.Since(begin) < time.Second; calls++ {
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
	}
	each := time.Since(begin) / time.Duration(calls)
	close(stop)
	n := <-collected
	waits := pauses(t)
	counts := make([]uint64, len(waits.Counts))
	total, late := uint64(0), uint64(0)
	for i := range counts {
		counts[i] = waits.Counts[i] - before.Counts[i]
		total += counts[i]
		if waits.Buckets[i] >= 0.005 {
			late += counts[i]
		}
	}
	t.Logf("%d collections during %d forecasts of %v; %d of %d stops waited 5 ms or more", n, calls, each, late, total)
	// Others may have the processor, so one in four may be late. Without its turn
	// the collector would wait for the end of each forecast.
	if n < 3 || total < 6 || late*4 > total {
		t.Errorf("%d of %d stops waited 5 ms or more, in %d collections", late, total, n)
	}
}

// pauses returns how long the collector has waited for goroutines to stop.
func pauses(t *testing.T) *metrics.Float64Histogram {
	t.Helper()
	s := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindFloat64Histogram {
		t.Fatal("no such metric: " + s[0].Name)
	}
	h := s[0].Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: slices.Clone(h.Counts), Buckets: slices.Clone(h.Buckets)}
}

// TestHostMemory: a checkpoint that needs more memory than there may be is an
// error, and the next call works.
func TestHostMemory(t *testing.T) {
	h := host(t, loader.WithMemoryLimit(16<<20))
	_, m := pair(t, h, "arima")
	huge := codec.Checkpoint{Kind: "naive.1", Metric: "cpu", Step: 300, Horizons: []int64{300}, Levels: []float64{0.5}, Payload: make([]byte, 40<<20)}
	if _, err := h.Model(context.Background(), huge.Append(nil)); err == nil || !errors.Is(err, loader.ErrTrap) && !strings.Contains(err.Error(), "buffer") {
		t.Errorf("40 MB in 16: %v", err)
	}
	data := frame("x", 300, 2600)
	w := forecast.WindowOf(&data, m.Spec().Needs)
	var dst forecast.Forecast
	for range 3 {
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
	}
	// Many models, one after the other, do not fill it.
	b := vectorCheckpoint(t, "lstm")
	for range 300 {
		if _, err := h.Model(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
}
