package linear

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

var nan = math.NaN()

func task(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

// example is a model that uses every input.
func example(t testing.TB, step int64) *Fitted {
	t.Helper()
	equations := make([]Equation, 3)
	for h := range equations {
		e := &equations[h]
		for j := range e.Weights {
			e.Weights[j] = 0.5 / float64(j+h+3)
		}
		e.Spread = []float64{-4, -3, -2, -1, 0, 1, 2, 3, 5}
		e.Ridge = 0.01
	}
	f, err := New(task(step), 3, equations)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func frame(step int64, values []float64) series.Frame {
	return series.FrameOf("webapp", "cpu", series.Series{Start: 86400 * 19000, Step: step, Values: values})
}

func wavy(step int64, days int) series.Frame {
	v := make([]float64, days*86400/int(step))
	for i := range v {
		t := float64(int64(i) * step)
		v[i] = 5 + 2*math.Sin(2*math.Pi*t/86400) + 0.4*math.Sin(float64(i)*1.7)
	}
	return frame(step, v)
}

// TestForecastIsTheSum: the median is the last value plus scale times weights
// times inputs, and the components add up to it.
func TestForecastIsTheSum(t *testing.T) {
	f := example(t, 60)
	h := wavy(60, 9)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var d feature.Direct
	var scratch forecast.Scratch
	d.Reset(recent, long, &scratch)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	for i := range dst.At {
		inputs := make([]float64, feature.DirectCount)
		d.Fill(inputs, dst.At[i].Ahead)
		want := d.Last()
		for j, x := range inputs {
			want += d.Scale() * f.at[i].Weights[j] * x
		}
		if got := dst.At[i].Quantiles[4]; math.Abs(got-want) > 1e-9 || got == d.Last() || dst.At[i].Mean != got {
			t.Errorf("%v, not %v", got, want)
		}
		if got := dst.At[i].Quantiles[0]; math.Abs(got-(want-4*d.Scale())) > 1e-9 {
			t.Errorf("the lowest quantile is %v", got)
		}
		parts, err := f.Components(nil, &w, dst.At[i].Ahead)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, c := range parts {
			sum += c.Value
		}
		if math.Abs(sum-want) > 1e-9 {
			t.Errorf("components add up to %v, not %v", sum, want)
		}
		if !strings.HasPrefix(dst.At[i].Detail, "last value, 0.") || dst.At[i].Model != "linear" {
			t.Errorf("%q by %q", dst.At[i].Detail, dst.At[i].Model)
		}
	}
	if _, err := f.Components(nil, &w, 600); err != forecast.ErrHorizon {
		t.Errorf("components of no horizon: %v", err)
	}
}

// TestOddWindows: whatever is in the window, forecasts are finite, in order and
// within the bounds, and say why they are less than the best.
func TestOddWindows(t *testing.T) {
	inf := math.Inf(1)
	many := func(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }
	for name, c := range map[string]struct {
		values []float64
		want   forecast.Reasons
	}{
		"one value":     {[]float64{3}, forecast.ShortWindow | forecast.NoLong | forecast.Constant},
		"all missing":   {many(600, nan), forecast.AllMissing},
		"constant":      {many(3000, 2), forecast.Constant},
		"stale":         {append(many(2990, 2), many(10, nan)...), forecast.Stale},
		"huge":          {append(many(2900, 1), 1e308, -1e308, 1e308, 0, 1e308), 0},
		"infinite":      {append(many(2900, 1), inf, 3, -inf, 2, inf), forecast.NotFinite},
		"was infinite":  {append(many(2900, 1), inf, 3, -inf, 2, 5), 0},
		"tiny":          {append(many(2900, 0), 5e-324, 0, 5e-324), 0},
		"mostly holes":  {append(many(2800, nan), 7, nan, 8, nan), 0},
		"spike":         {append(many(2900, 1), 1e12, 1, 1), 0},
		"spike at last": {append(many(2900, 1), 1e12), 0},
	} {
		f := example(t, 300)
		h := frame(300, c.values)
		w := forecast.WindowOf(&h, f.Spec().Needs)
		var dst forecast.Forecast
		if err := f.Forecast(&dst, &w); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range dst.At {
			before := 0.0
			for _, q := range dst.At[i].Quantiles {
				if !finite(q) || q < before {
					t.Errorf("%s: quantiles %v", name, dst.At[i].Quantiles)
					break
				}
				before = q
			}
			if !finite(dst.At[i].Mean) || !dst.At[i].Reasons.Has(c.want) {
				t.Errorf("%s: %v, %v", name, dst.At[i].Mean, dst.At[i].Reasons)
			}
		}
		if name == "all missing" && dst.At[0].Mean != 3 {
			t.Errorf("the level is %v", dst.At[0].Mean)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(e *Equation, task *forecast.Task, level *float64){
		"weight":      func(e *Equation, _ *forecast.Task, _ *float64) { e.Weights[4] = nan },
		"spread":      func(e *Equation, _ *forecast.Task, _ *float64) { e.Spread[1] = -9 },
		"median":      func(e *Equation, _ *forecast.Task, _ *float64) { e.Spread[4] = 0.5 },
		"short":       func(e *Equation, _ *forecast.Task, _ *float64) { e.Spread = e.Spread[1:] },
		"ridge":       func(e *Equation, _ *forecast.Task, _ *float64) { e.Ridge = -1 },
		"level":       func(_ *Equation, _ *forecast.Task, level *float64) { *level = math.Inf(1) },
		"horizons":    func(_ *Equation, task *forecast.Task, _ *float64) { task.Horizons = task.Horizons[1:] },
		"bad horizon": func(_ *Equation, task *forecast.Task, _ *float64) { task.Horizons = []int64{300, 900, 1801} },
	} {
		f := example(t, 300)
		equations, task, level := f.Equations(), task(300), 1.0
		if _, err := New(task, level, equations); err != nil {
			t.Fatal(err)
		}
		change(&equations[1], &task, &level)
		if _, err := New(task, level, equations); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	for _, step := range []int64{15, 300} {
		f := example(t, step)
		h := wavy(step, 9)
		w := forecast.WindowOf(&h, f.Spec().Needs)
		var dst forecast.Forecast
		if n := testing.AllocsPerRun(20, func() {
			if err := f.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("step %d: %v allocations", step, n)
		}
	}
}

func TestPayload(t *testing.T) {
	f := example(t, 300)
	f.at[1].Reasons = forecast.ShortHistory
	b := f.AppendPayload(nil)
	g, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g.detail, f.detail) || g.level != f.level || !bytes.Equal(g.AppendPayload(nil), b) {
		t.Error("it does not come back")
	}
	for i := range f.at {
		if g.at[i].Weights != f.at[i].Weights || g.at[i].Reasons != f.at[i].Reasons || g.at[i].Ridge != f.at[i].Ridge {
			t.Errorf("equation %d does not come back", i)
		}
	}
	if len(b) > 4096 {
		t.Errorf("%d bytes", len(b))
	}
	for i := range b {
		if _, err := Decode(b[:i]); err == nil {
			t.Errorf("decoded %d of %d bytes", i, len(b))
		}
	}
	unknown := bytes.Replace(b, []byte("lag_5m"), []byte("lag_5x"), 1)
	if _, err := Decode(unknown); err != forecast.ErrPayload {
		t.Errorf("an unknown input: %v", err)
	}
}

// FuzzDecode: what is accepted encodes to bytes that decode to the same, and
// forecasts finite numbers in order and within the bounds.
func FuzzDecode(f *testing.F) {
	f.Add(example(f, 300).AppendPayload(nil))
	f.Add(example(f, 60).AppendPayload(nil))
	h := wavy(300, 3)
	seen := forecast.WindowOf(&h, learner(f, 300).Spec().Needs)
	f.Add(observe(f, learner(f, 300), &seen, 4).AppendPayload(nil))
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := Decode(payload)
		if err != nil {
			return
		}
		b := m.AppendPayload(nil)
		again, err := Decode(b)
		if err != nil || !bytes.Equal(again.AppendPayload(nil), b) {
			t.Fatalf("what was accepted does not come back: %v", err)
		}
		if m.Spec().Step != 300 || m.Spec().Metric != "cpu" || len(m.Spec().Horizons) > 100 {
			return
		}
		w := forecast.WindowOf(&h, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for i := range dst.At {
			before := m.Spec().Bounds.Lower
			for _, q := range dst.At[i].Quantiles {
				if !finite(q) || q < before || q > m.Spec().Bounds.Upper {
					t.Fatalf("%+v", dst.At[i])
				}
				before = q
			}
		}
	})
}

func BenchmarkForecast(b *testing.B) {
	for _, step := range []int64{15, 60, 300} {
		b.Run(map[int64]string{15: "15s", 60: "1m", 300: "5m"}[step], func(b *testing.B) {
			f := example(b, step)
			h := wavy(step, 9)
			w := forecast.WindowOf(&h, f.Spec().Needs)
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
