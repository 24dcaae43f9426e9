package lstm

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

func taskOf(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

// untrained returns a model whose weights are at random; heads say no change
// unless spread is above zero.
func untrained(task forecast.Task, others []string, spread float64) *Fitted {
	shape := Complete(network.Shape{Steps: 20, Hidden: 12, Layers: 2, Bidirectional: true, Width: 24}, &task, others)
	n := network.New(shape)
	n.Initialise(1, task.Levels)
	r := rand.New(rand.NewPCG(1, 2))
	for _, h := range n.Layout().Heads {
		out := h.Out.Of(n.Weights)
		for k := range shape.Width {
			for j := range shape.Levels {
				out[k*16+j] = float32(spread * r.NormFloat64())
			}
		}
	}
	Round(n)
	return New(task, others, n)
}

func wave(step int64, days float64) series.Frame {
	r := rand.New(rand.NewPCG(7, 7))
	n := int(days * 86400 / float64(step))
	cpu, memory := make([]float64, n), make([]float64, n)
	for i := range cpu {
		cpu[i] = 50 + 20*math.Sin(2*math.Pi*float64(i)*float64(step)/86400) + 3*r.NormFloat64()
		memory[i] = 1e9 + 1e6*cpu[i]
	}
	return series.Frame{Container: "web", Start: 86400 * 19000, Step: step,
		Metrics: []string{"cpu", "memory"}, Columns: [][]float64{cpu, memory}}
}

func forecastOf(t testing.TB, f *Fitted, frame *series.Frame) *forecast.Forecast {
	t.Helper()
	w := forecast.WindowOf(frame, f.Spec().Needs)
	dst := new(forecast.Forecast)
	if err := f.Forecast(dst, &w); err != nil {
		t.Fatal(err)
	}
	return dst
}

// TestUntrained: an untrained network forecasts the last value, between
// quantiles that ascend.
func TestUntrained(t *testing.T) {
	frame := wave(300, 9)
	last := frame.Columns[0][frame.Len()-1]
	for _, h := range forecastOf(t, untrained(taskOf(300), nil, 0), &frame).At {
		if math.Abs(h.Quantiles[4]-last) > 1e-6 || h.Mean != h.Quantiles[4] || h.Reasons != 0 {
			t.Errorf("%d s: %v, not the last value %v (%s)", h.Ahead, h.Quantiles[4], last, h.Reasons)
		}
		for j := 1; j < len(h.Quantiles); j++ {
			if !(h.Quantiles[j] > h.Quantiles[j-1]) {
				t.Errorf("%d s: quantiles %v", h.Ahead, h.Quantiles)
			}
		}
	}
}

// TestUnits: a metric in another unit gets the same forecast in that unit.
func TestUnits(t *testing.T) {
	task := taskOf(300)
	frame := wave(300, 9)
	f := untrained(task, []string{"memory"}, 0.3)
	want := forecastOf(t, f, &frame)
	for i := range frame.Columns[0] {
		frame.Columns[0][i] *= 1024
		frame.Columns[1][i] /= 1 << 20
	}
	got := forecastOf(t, f, &frame)
	for k := range got.At {
		for j, q := range got.At[k].Quantiles {
			if math.Abs(q-1024*want.At[k].Quantiles[j]) > 1e-9*math.Abs(q) {
				t.Errorf("%d s, quantile %d: %v, not %v", got.At[k].Ahead, j, q, 1024*want.At[k].Quantiles[j])
			}
		}
	}
}

// TestOthers: other metrics are read, and can be missing.
func TestOthers(t *testing.T) {
	frame := wave(300, 9)
	f := untrained(taskOf(300), []string{"memory"}, 0.3)
	with := forecastOf(t, f, &frame)
	n := frame.Len()
	frame.Columns[1][n-3] *= 2
	if moved := forecastOf(t, f, &frame); slices.Equal(moved.At[0].Quantiles, with.At[0].Quantiles) {
		t.Error("another metric changes nothing")
	}
	frame.Metrics, frame.Columns = frame.Metrics[:1], frame.Columns[:1]
	forecastOf(t, f, &frame)
}

// TestLess: less of the past still gives a finite forecast, and says so.
func TestLess(t *testing.T) {
	full := wave(300, 9)
	f := untrained(taskOf(300), nil, 0.3)
	nan := math.NaN()
	set := func(frame series.Frame, from, to int, x float64) series.Frame {
		v := slices.Clone(frame.Columns[0])
		for i := from; i < to; i++ {
			v[i] = x
		}
		return series.FrameOf("web", "cpu", series.Series{Start: frame.Start, Step: frame.Step, Values: v})
	}
	n := full.Len()
	const noPast = forecast.NoHour | forecast.NoDay | forecast.NoWeek
	for name, c := range map[string]struct {
		frame series.Frame
		want  forecast.Reasons
	}{
		"one cell":    {full.Slice(n-1, n), forecast.ShortWindow | forecast.NoLong | forecast.Constant | noPast},
		"ten minutes": {full.Slice(n-2, n), forecast.ShortWindow | forecast.NoLong | noPast},
		"constant":    {set(full, 0, n, 4), forecast.Constant},
		"all missing": {set(full, 0, n, nan), forecast.AllMissing},
		"stale":       {set(full, n-5, n, nan), forecast.Stale},
		"long hole":   {set(full, n-700, n-100, nan), forecast.NoDay},
	} {
		for _, h := range forecastOf(t, f, &c.frame).At {
			if h.Reasons != c.want {
				t.Errorf("%s: reasons %q, not %q", name, h.Reasons, c.want)
			}
			for _, q := range append(h.Quantiles, h.Mean) {
				if q-q != 0 || q < 0 {
					t.Errorf("%s: %+v", name, h)
				}
			}
		}
	}
	other := wave(60, 1)
	w := forecast.WindowOf(&other, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); !errors.Is(err, forecast.ErrStep) {
		t.Errorf("another step: %v", err)
	}
}

// TestPayload: what is stored comes back and forecasts the same, also in many
// goroutines at once.
func TestPayload(t *testing.T) {
	frame := wave(300, 9)
	f := untrained(taskOf(300), []string{"memory", "net_rx"}, 0.3)
	payload := f.AppendPayload(nil)
	g, err := Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.AppendPayload(nil), payload) || g.Summary() != f.Summary() || !slices.Equal(g.Others(), f.Others()) {
		t.Error("it comes back as something else")
	}
	want := forecastOf(t, f, &frame)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got := forecastOf(t, g, &frame)
				for k := range got.At {
					if !slices.Equal(got.At[k].Quantiles, want.At[k].Quantiles) {
						t.Errorf("forecast %v, not %v", got.At[k].Quantiles, want.At[k].Quantiles)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestNoAllocation(t *testing.T) {
	frame := wave(300, 9)
	f := untrained(taskOf(300), []string{"memory"}, 0.3)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	if n := testing.AllocsPerRun(20, func() {
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a forecast", n)
	}
}

// FuzzDecode: no bytes make it panic or take more memory than they warrant,
// and what is accepted forecasts finite numbers.
func FuzzDecode(f *testing.F) {
	small := untrained(taskOf(300), []string{"memory"}, 0.3)
	f.Add(small.AppendPayload(nil))
	task := taskOf(300)
	shape := Complete(network.Shape{Steps: 1, Hidden: 1, Layers: 1}, &task, nil)
	f.Add(New(task, nil, network.New(shape)).AppendPayload(nil))
	frame := wave(300, 1)
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := Decode(payload)
		if err != nil {
			return
		}
		if n := network.WorkspaceSize(m.net.Shape(), 1, false); n > 1<<22+1<<13*len(payload) {
			t.Fatalf("%d bytes ask for %d floats", len(payload), n)
		}
		if m.spec.Step != frame.Step || m.spec.Metric != "cpu" {
			return
		}
		w := forecast.WindowOf(&frame, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for i := range dst.At {
			for _, q := range append(dst.At[i].Quantiles, dst.At[i].Mean) {
				if q-q != 0 {
					t.Fatalf("%+v", dst.At[i])
				}
			}
		}
	})
}

func BenchmarkForecast(b *testing.B) {
	for _, step := range []int64{15, 300} {
		b.Run(map[int64]string{15: "15s", 300: "5m"}[step], func(b *testing.B) {
			frame := wave(step, 9)
			f := untrained(taskOf(step), nil, 0.3)
			w := forecast.WindowOf(&frame, f.Spec().Needs)
			var dst forecast.Forecast
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Forecast(&dst, &w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
