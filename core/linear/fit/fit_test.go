package fit

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/linear"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

func task(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}}
}

func frame(step int64, values []float64) series.Frame {
	return series.FrameOf("webapp", "cpu", series.Series{Start: 86400 * 19000, Step: step, Values: values})
}

// daily is a metric with a daily curve, noise, a job every hour, spikes and
// holes.
func daily(step int64, days int, seed uint64) series.Frame {
	r := rand.New(rand.NewPCG(seed, 2))
	v := make([]float64, days*86400/int(step))
	for i := range v {
		t := float64(int64(i) * step)
		v[i] = 50 + 20*math.Sin(2*math.Pi*t/86400) + 2*r.NormFloat64()
		if math.Mod(t, 3600) < float64(step) {
			v[i] += 30
		}
		if r.Float64() < 0.01 {
			v[i] *= 5
		}
		if r.Float64() < 0.02 {
			v[i] = math.NaN()
		}
	}
	return frame(step, v)
}

func mustFit(t testing.TB, c Config, h series.Frame) (*linear.Fitted, forecast.Report) {
	t.Helper()
	f, report, err := c.Fit([]series.Frame{h}, task(h.Step), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f.(*linear.Fitted), report
}

// errorOf returns the mean absolute error of a model, and of the last value, over
// the last cells of a frame.
func errorOf(t testing.TB, f forecast.Fitted, h *series.Frame, from int) (model, last float64) {
	t.Helper()
	windows := forecast.NewWindows(h, f.Spec().Needs)
	var w forecast.Window
	var dst forecast.Forecast
	values := h.Columns[0]
	for i := from; i+int(1800/h.Step) < len(values); i++ {
		windows.At(&w, i)
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for k := range dst.At {
			if d := values[i+int(dst.At[k].Ahead/h.Step)]; !math.IsNaN(d - values[i]) {
				model += math.Abs(d - dst.Median(&dst.At[k]))
				last += math.Abs(d - values[i])
			}
		}
	}
	return model, last
}

// TestFitLearns: of a daily curve with noise and hourly jobs, it errs far less
// than the last value on data that it has not seen, at every step.
func TestFitLearns(t *testing.T) {
	for _, step := range []int64{60, 300} {
		h := daily(step, 16, 1)
		cut := h.Len() * 3 / 4
		c := Defaults()
		c.MaxRows = 4000
		f, report := mustFit(t, c, h.Slice(0, cut))
		if report.Status != forecast.Converged || report.Reasons != 0 {
			t.Errorf("step %d: %v, %v", step, report.Status, report.Reasons)
		}
		if model, last := errorOf(t, f, &h, cut); !(model < 0.62*last) {
			t.Errorf("step %d: error %v, and %v of the last value", step, model, last)
		}
	}
}

// TestFitNothingLater: a fit to the start of a history is that to the history cut
// there, whatever comes later.
func TestFitNothingLater(t *testing.T) {
	h := daily(300, 12, 3)
	cut := 10 * 288
	early := h.Slice(0, cut)
	a, _ := mustFit(t, Defaults(), early)
	for i := cut; i < h.Len(); i++ {
		h.Columns[0][i] = 1e9
	}
	b, _ := mustFit(t, Defaults(), h.Slice(0, cut))
	if !bytes.Equal(a.AppendPayload(nil), b.AppendPayload(nil)) {
		t.Error("later values change a fit")
	}
	h.Columns[0][cut-50]++
	if c, _ := mustFit(t, Defaults(), h.Slice(0, cut)); bytes.Equal(a.AppendPayload(nil), c.AppendPayload(nil)) {
		t.Error("a value of the history changes nothing")
	}
}

// TestFitScale: a metric in another unit gets the same weights.
func TestFitScale(t *testing.T) {
	h := daily(300, 10, 4)
	a, _ := mustFit(t, Defaults(), h)
	for i := range h.Columns[0] {
		h.Columns[0][i] *= 1 << 30
	}
	b, _ := mustFit(t, Defaults(), h)
	for k, e := range a.Equations() {
		if e.Weights != b.Equations()[k].Weights {
			t.Error("another unit, other weights")
		}
	}
}

// TestRefit: a refit with more history forecasts as a new fit does, and keeps the
// strength.
func TestRefit(t *testing.T) {
	h := daily(300, 14, 5)
	c := Defaults()
	c.Ridges = []float64{0.1, 0.01}
	before, _ := mustFit(t, c, h.Slice(0, 9*288))
	renewed, _, err := c.Refit(before, []series.Frame{h.Slice(0, 10*288)}, task(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fresh := c
	fresh.Ridges = []float64{before.Equations()[0].Ridge}
	anew, _ := mustFit(t, fresh, h.Slice(0, 10*288))
	a, last := errorOf(t, renewed, &h, 10*288)
	b, _ := errorOf(t, anew, &h, 10*288)
	if math.Abs(a-b) > 0.003*last {
		t.Errorf("a refit's error is %v, a new fit's %v", a, b)
	}
	if got := renewed.(*linear.Fitted).Equations()[0]; got.Ridge != before.Equations()[0].Ridge || got.Weights == before.Equations()[0].Weights {
		t.Error("the ridge is another, or nothing was estimated")
	}
	// A model of another family, or of other horizons, is no start.
	if _, _, err := c.Refit(nil, []series.Frame{h}, task(300), forecast.Options{}); err != nil {
		t.Error(err)
	}
}

// TestFitOdd: no history makes it fail, forecasts are finite, and what is less
// than a fit says why.
func TestFitOdd(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	many := func(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }
	noisy := daily(300, 9, 6).Columns[0]
	with := func(at int, v ...float64) []float64 {
		x := slices.Clone(noisy)
		copy(x[at:], v)
		return x
	}
	for name, c := range map[string]struct {
		values []float64
		short  bool
	}{
		"one value":      {[]float64{3}, true},
		"all missing":    {many(500, nan), true},
		"a few values":   {append(many(900, nan), 1, 2, 3, nan, 4), true},
		"an hour":        {noisy[:12], true},
		"constant":       {many(2000, 7), false},
		"constant, once": {append(many(2000, 7), 8), false},
		"spikes":         {with(700, 1e12, -1e12, 1e15), false},
		"huge":           {with(700, 1e308, -1e308, 1e308), false},
		"infinite":       {with(700, inf, -inf, inf), false},
		"tiny":           {many(2000, 5e-324), false},
		"level shift":    {with(1500, many(900, 1e7)...), false},
		"ends in holes":  {with(len(noisy)-300, many(300, nan)...), false},
	} {
		h := frame(300, c.values)
		f, report := mustFit(t, Defaults(), h)
		if report.Reasons.Has(forecast.ShortHistory) != c.short || c.short != (report.Status == forecast.NothingToFit) {
			t.Errorf("%s: %v, %v", name, report.Reasons, report.Status)
		}
		w := forecast.WindowOf(&h, f.Spec().Needs)
		var dst forecast.Forecast
		if err := f.Forecast(&dst, &w); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range dst.At {
			for _, q := range append(dst.At[i].Quantiles, dst.At[i].Mean) {
				if !finite(q) {
					t.Errorf("%s: %+v", name, dst.At[i])
					break
				}
			}
			if dst.At[i].Reasons.Has(forecast.ShortHistory) != c.short {
				t.Errorf("%s: %v", name, dst.At[i].Reasons)
			}
		}
		if _, err := linear.Decode(f.AppendPayload(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFitErrors(t *testing.T) {
	h := daily(300, 3, 1)
	for name, c := range map[string]struct {
		history []series.Frame
		metric  string
		step    int64
		opts    forecast.Options
		want    error
	}{
		"no history":  {nil, "cpu", 300, forecast.Options{}, forecast.ErrEmpty},
		"no metric":   {[]series.Frame{h}, "memory", 300, forecast.Options{}, forecast.ErrMetric},
		"other step":  {[]series.Frame{h}, "cpu", 60, forecast.Options{}, forecast.ErrStep},
		"interrupted": {[]series.Frame{h}, "cpu", 300, forecast.Options{Interrupt: func() bool { return true }}, forecast.ErrInterrupted},
	} {
		k := task(c.step)
		k.Metric = c.metric
		if f, _, err := Defaults().Fit(c.history, k, c.opts); !errors.Is(err, c.want) || f != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

// TestSpread: the quantiles of a fit hold about their share of the errors.
func TestSpread(t *testing.T) {
	h := daily(300, 12, 8)
	f, _ := mustFit(t, Defaults(), h)
	tables := newTables(&h, series.Series{Start: h.Start, Step: 300, Values: h.Columns[0]}, &f.Spec().Task, 1e6)
	for k, e := range f.Equations() {
		inside := 0
		for i, y := range tables[k].y {
			r := y - stat.Dot(tables[k].x[i*feature.DirectCount:(i+1)*feature.DirectCount], e.Weights[:])
			if r >= e.Spread[2] && r <= e.Spread[6] {
				inside++
			}
		}
		if share := float64(inside) / float64(len(tables[k].y)); math.Abs(share-0.8) > 0.02 {
			t.Errorf("horizon %d: %v of the errors are in the 80 %% interval", k, share)
		}
	}
}

func BenchmarkFit(b *testing.B) {
	h := daily(300, 21, 1)
	c := Defaults()
	before, _ := mustFit(b, c, h.Slice(0, 20*288))
	b.Run("fit", func(b *testing.B) {
		for b.Loop() {
			mustFit(b, c, h)
		}
	})
	b.Run("refit", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := c.Refit(before, []series.Frame{h}, task(300), forecast.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkServed forecasts as a checkpoint does: behind the gate, calibrated.
func BenchmarkServed(b *testing.B) {
	h := daily(300, 21, 1)
	f, _, err := train.Defaults().Fit(Defaults(), []series.Frame{h}, task(300), forecast.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w := forecast.WindowOf(&h, f.Spec().Needs)
	var dst forecast.Forecast
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Forecast(&dst, &w); err != nil {
			b.Fatal(err)
		}
	}
}
