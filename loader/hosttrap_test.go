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
		actuals := []forecast.Actual{{Ahead: 300, Value: 1e6}, {Ahead: 900, Value: math.NaN()}, {Ahead: 1800, Value: 0}}
		a, n, err := native.(forecast.Updater).Update(&w, actuals)
		b, m, hostErr := hosted.Update(&w, actuals)
		if err != nil || hostErr != nil || n != 2 || m != 2 {
			t.Fatal(name, n, m, err, hostErr)
		}
		if !sameState(name, a.(forecast.Updater).AppendState(nil), b.(forecast.Updater).AppendState(nil)) {
			t.Errorf("%s: another state", name)
		}
		restored, err := hosted.WithState(b.(forecast.Updater).AppendState(nil))
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

// TestHostYields: a forecast that takes long lets the garbage collector of this
// process have its turn many times, and a collection that begins within one ends
// within it.
func TestHostYields(t *testing.T) {
	yields := 0
	var begin, collected chan struct{}
	h := host(t, loader.WithInstances(1), loader.WithYielded(func() {
		yields++
		if yields != 2 {
			return
		}
		close(begin)
		for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); {
			select {
			case <-collected:
				return
			default: // it stops the world, this goroutine too, which does not wait
			}
		}
	}))
	m, w := slow(t, h)
	begin, collected = make(chan struct{}), make(chan struct{})
	go func() {
		<-begin
		runtime.GC()
		close(collected)
	}()
	yields = 0
	var dst forecast.Forecast
	if err := m.Forecast(&dst, w); err != nil {
		t.Fatal(err)
	}
	// 82 million multiplications and additions, with a turn after 2 million each.
	if yields < 35 {
		t.Errorf("a forecast had others have their turn %d times", yields)
	}
	select {
	case <-collected:
	default:
		t.Error("the collection waited for the end of the forecast")
	}
}

// slow returns a model whose forecasts take milliseconds, and a window of it.
func slow(t testing.TB, h *loader.Host) (*loader.HostModel, *forecast.Window) {
	t.Helper()
	m, err := h.Model(context.Background(), big(t))
	if err != nil {
		t.Fatal(err)
	}
	data := frame("x", 15, 46100)
	w := forecast.WindowOf(&data, m.Spec().Needs)
	return m, &w
}

// BenchmarkHostYields measures how long the collector waits for calls that take
// long: the share of its stops that waited 5 ms or more, and the longest.
func BenchmarkHostYields(b *testing.B) {
	h := host(b, loader.WithInstances(1))
	large := big(b)
	m, w := slow(b, h)
	_, auto := pair(b, h, "auto")
	long := forecast.Window{Recent: frame("x", 300, 1<<22)}
	var dst forecast.Forecast
	for what, f := range map[string]func() error{
		"forecast": func() error { return m.Forecast(&dst, w) },
		"load":     func() error { _, err := h.Model(context.Background(), large); return err },
		"window":   func() error { return auto.Forecast(&dst, &long) },
		"update": func() error {
			_, _, err := auto.Update(&long, []forecast.Actual{{Ahead: 300, Value: 3}})
			return err
		},
	} {
		b.Run(what, func(b *testing.B) { collecting(b, f) })
	}
}

// collecting runs f while the collector does nothing but collect.
func collecting(b *testing.B, f func() error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	before := pauses(b)
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	close(stop)
	<-stopped
	waits := pauses(b)
	total, late, longest := uint64(0), uint64(0), 0.
	for i := range waits.Counts {
		n := waits.Counts[i] - before.Counts[i]
		total += n
		if waits.Buckets[i] >= 0.005 {
			late += n
		}
		if n > 0 {
			longest = waits.Buckets[i+1]
		}
	}
	b.ReportMetric(float64(late)/float64(max(total, 1)), "late/stop")
	b.ReportMetric(longest*1e3, "ms-longest-stop")
}

// pauses returns how long the collector has waited for goroutines to stop.
func pauses(t testing.TB) *metrics.Float64Histogram {
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
