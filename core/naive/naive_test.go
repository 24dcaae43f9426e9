package naive

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// daily returns days of a metric with a daily wave, noise, hourly spikes and
// missing cells.
func daily(step int64, days float64, seed uint64) series.Series {
	rng := rand.New(rand.NewPCG(seed, 1))
	n := int(days * 86400 / float64(step))
	v := make([]float64, n)
	for i := range v {
		t := int64(i) * step
		v[i] = 50 + 20*math.Sin(2*math.Pi*float64(t)/86400) + rng.NormFloat64()
		if t%3600 < 300 {
			v[i] += 15
		}
		if rng.IntN(100) == 0 {
			v[i] = math.NaN()
		}
	}
	return series.Series{Start: 1_700_000_100 / step * step, Step: step, Values: v}
}

func taskOf(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("other")}
}

func fit(t testing.TB, s series.Series, task forecast.Task) (*fitted, forecast.Report) {
	t.Helper()
	c := Defaults()
	c.MaxRows = 1500
	f, report, err := c.Fit([]series.Frame{series.FrameOf("web", "cpu", s)}, task, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f.(*fitted), report
}

func forecastOf(t testing.TB, f forecast.Fitted, s series.Series) *forecast.Forecast {
	t.Helper()
	frame := series.FrameOf("web", "cpu", s)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	return &dst
}

// numbers returns all numbers of a forecast.
func numbers(f *forecast.Forecast) []float64 {
	var out []float64
	for _, h := range f.At {
		out = append(append(out, h.Mean), h.Quantiles...)
	}
	return out
}

func mapped(s series.Series, g func(i int, x float64) float64) series.Series {
	out := s
	out.Values = make([]float64, len(s.Values))
	for i, x := range s.Values {
		out.Values[i] = g(i, x)
	}
	return out
}

func near(t *testing.T, name string, got, want []float64, tolerance float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: number %d is %g, want %g", name, i, got[i], want[i])
		}
	}
}

func TestFitFindsTheDay(t *testing.T) {
	for _, step := range []int64{15, 60, 300} {
		s := daily(step, 9, 1)
		cut := len(s.Values) - int(86400/step)
		f, _ := fit(t, s.Slice(0, cut), taskOf(step))
		var e, p [3]float64
		for i := cut; i < len(s.Values)-int(1800/step); i += int(2100 / step) {
			dst := forecastOf(t, f, s.Slice(0, i+1))
			for k, h := range dst.At {
				y := s.At(s.Time(i) + h.Ahead)
				if d := math.Abs(y - dst.Median(&dst.At[k])); d == d && !math.IsNaN(s.Values[i]) {
					e[k] += d
					p[k] += math.Abs(y - s.Values[i])
				}
			}
		}
		for k := range e {
			if e[k] > 0.6*p[k] {
				t.Errorf("step %d: horizon %d: error %.3f of persistence, want at most 0.6 (%s)", step, k, e[k]/p[k], f.at[k].detail)
			}
		}
	}
}

func TestScaleEquivariance(t *testing.T) {
	s := daily(300, 9, 2)
	f, _ := fit(t, s, taskOf(300))
	want := numbers(forecastOf(t, f, s))
	double := mapped(s, func(_ int, x float64) float64 { return 8 * x })
	g, _ := fit(t, double, taskOf(300))
	got := numbers(forecastOf(t, g, double))
	for i := range want {
		want[i] *= 8
	}
	near(t, "values × 8", got, want, 1e-9)
}

// TestShiftEquivariance leaves out predictors that multiply: they depend on
// where zero is.
func TestShiftEquivariance(t *testing.T) {
	s := daily(60, 9, 3)
	moved := mapped(s, func(_ int, x float64) float64 { return x + 1000 })
	var a, b View
	var scratch forecast.Scratch
	frame, other := series.FrameOf("", "cpu", s), series.FrameOf("", "cpu", moved)
	w, v := forecast.WindowOf(&frame, NeedsOf(60)), forecast.WindowOf(&other, NeedsOf(60))
	for _, ahead := range []int64{300, 1800, 7200} {
		var x, y [Count]float64
		r, _ := w.Recent.Series("cpu")
		l, _ := w.Long.Series("cpu")
		a.Reset(r, l, &scratch)
		a.Fill(x[:], ahead)
		r, _ = v.Recent.Series("cpu")
		l, _ = v.Long.Series("cpu")
		b.Reset(r, l, &scratch)
		b.Fill(y[:], ahead)
		for i := range x {
			if rules[i].level != levelRatio && math.Abs(y[i]-x[i]-1000) > 1e-8 {
				t.Errorf("%s at %d s: %g, shifted %g", rules[i].name, ahead, x[i], y[i])
			}
			if math.IsNaN(x[i]) {
				t.Errorf("%s at %d s: NaN with a full window", rules[i].name, ahead)
			}
		}
	}
}

func TestFutureChangesNothing(t *testing.T) {
	s := daily(60, 9, 4)
	f, _ := fit(t, s, taskOf(60))
	i := len(s.Values) - 100
	frame := series.FrameOf("web", "cpu", s)
	other := series.FrameOf("web", "cpu", mapped(s, func(k int, x float64) float64 {
		if k > i {
			return -1e9
		}
		return x
	}))
	var w, v forecast.Window
	var a, b forecast.Forecast
	forecast.NewWindows(&frame, f.Spec().Needs).At(&w, i)
	forecast.NewWindows(&other, f.Spec().Needs).At(&v, i)
	if err := f.Forecast(&a, &w); err != nil {
		t.Fatal(err)
	}
	if err := f.Forecast(&b, &v); err != nil {
		t.Fatal(err)
	}
	near(t, "another future", numbers(&b), numbers(&a), 0)
}

func TestPayloadRoundTrip(t *testing.T) {
	s := daily(300, 9, 5)
	f, _ := fit(t, s, taskOf(300))
	payload := f.AppendPayload(nil)
	g, err := Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.AppendPayload(nil), payload) {
		t.Error("the decoded model has other bytes")
	}
	near(t, "decoded", numbers(forecastOf(t, g, s)), numbers(forecastOf(t, f, s)), 0)
	if len(payload) > 4096 {
		t.Errorf("the payload is %d bytes, want at most 4096", len(payload))
	}
	again, _ := fit(t, s, taskOf(300))
	if !bytes.Equal(again.AppendPayload(nil), payload) {
		t.Error("the same history gave other bytes")
	}
}

func TestPoorWindows(t *testing.T) {
	s := daily(300, 9, 6)
	f, _ := fit(t, s, taskOf(300))
	nan := math.NaN()
	end := len(s.Values)
	cases := map[string]struct {
		window series.Series
		want   forecast.Reasons
	}{
		"full":      {s, 0},
		"one point": {s.Slice(end-1, end), forecast.ShortWindow | forecast.NoLong | forecast.Constant | forecast.NoDay | forecast.NoWeek},
		"one hour":  {s.Slice(end-12, end), forecast.ShortWindow | forecast.NoLong | forecast.NoDay | forecast.NoWeek},
		"one day":   {s.Slice(end-288, end), forecast.NoLong | forecast.NoWeek},
		"stale": {mapped(s, func(i int, x float64) float64 {
			if i >= end-20 {
				return nan
			}
			return x
		}), forecast.Stale},
		"all missing": {mapped(s, func(int, float64) float64 { return nan }), forecast.AllMissing},
		"constant":    {mapped(s, func(int, float64) float64 { return 7 }), forecast.Constant},
		"huge":        {mapped(s, func(i int, _ float64) float64 { return math.MaxFloat64 * float64(1-2*(i%2)) }), 0},
	}
	for name, c := range cases {
		dst := forecastOf(t, f, c.window)
		if got := dst.Reasons(); got != c.want {
			t.Errorf("%s: reasons %q, want %q", name, got, c.want)
		}
		for _, x := range numbers(dst) {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Errorf("%s: a number is %g", name, x)
				break
			}
		}
		for _, h := range dst.At {
			for q := 1; q < len(h.Quantiles); q++ {
				if h.Quantiles[q] < h.Quantiles[q-1] {
					t.Errorf("%s: quantiles cross", name)
				}
			}
		}
		if name == "constant" {
			near(t, name, numbers(dst), slicesOf(7, len(numbers(dst))), 0)
		}
	}
}

func slicesOf(x float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x
	}
	return out
}

func TestBounds(t *testing.T) {
	s := mapped(daily(300, 9, 7), func(_ int, x float64) float64 { return math.Max(0, x-45) })
	task := taskOf(300)
	task.Bounds = series.DefaultBounds(series.CPU)
	f, _ := fit(t, s, task)
	for i := 2400; i < len(s.Values); i += 17 {
		for _, x := range numbers(forecastOf(t, f, s.Slice(0, i))) {
			if x < 0 {
				t.Fatalf("origin %d: %g is below the bound", i, x)
			}
		}
	}
}

func TestShortHistory(t *testing.T) {
	s := daily(300, 9, 8)
	for _, n := range []int{1, 5, 20} {
		f, report := fit(t, s.Slice(0, n), taskOf(300))
		if !report.Reasons.Has(forecast.ShortHistory) || report.Status != forecast.NothingToFit {
			t.Errorf("%d points: reasons %q, status %s", n, report.Reasons, report.Status)
		}
		if dst := forecastOf(t, f, s); !dst.Reasons().Has(forecast.ShortHistory) {
			t.Errorf("%d points: the forecast does not say why", n)
		}
	}
}

func TestPredictorNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for i := range rules {
		name := rules[i].name
		if seen[name] || name == "" || strings.ContainsAny(name, " ,") {
			t.Errorf("name %q is not unique or not a word", name)
		}
		seen[name] = true
	}
}

func FuzzDecode(f *testing.F) {
	fitted, _ := fit(f, daily(300, 3, 9), taskOf(300))
	f.Add(fitted.AppendPayload(nil))
	f.Add(Unfitted(taskOf(15), forecast.NoCheckpoint).AppendPayload(nil))
	s := daily(300, 1, 10)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		frame := series.FrameOf("web", m.Spec().Metric, series.Series{Step: m.Spec().Step, Values: s.Values})
		w := forecast.WindowOf(&frame, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			return
		}
		for _, x := range numbers(&dst) {
			if math.IsNaN(x) {
				t.Fatal("a decoded model forecasts NaN")
			}
		}
	})
}

// TestShortWindowHasWidth: a window that does not reach over the horizon has
// intervals all the same, wider with the horizon.
func TestShortWindowHasWidth(t *testing.T) {
	task := forecast.Task{Metric: "cpu", Step: 60, Horizons: []int64{300, 1800}, Levels: []float64{0.1, 0.5, 0.9}, Bounds: series.Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}}
	f := Unfitted(task, 0)
	values := make([]float64, 20)
	for i := 1; i < len(values); i++ {
		values[i] = values[i-1] + math.Sin(1.7*float64(i*i))
	}
	frame := series.FrameOf("c", "cpu", series.Series{Step: 60, Values: values})
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	near, far := dst.At[0].Quantiles, dst.At[1].Quantiles
	if !(near[0] < near[1] && near[1] < near[2]) || !(far[2]-far[0] > near[2]-near[0]) {
		t.Errorf("quantiles %v 5 minutes ahead, %v 30", near, far)
	}
}

// TestForecastAllocates nothing.
func TestForecastAllocates(t *testing.T) {
	s := daily(300, 9, 11)
	f, _ := fit(t, s, taskOf(300))
	frame := series.FrameOf("web", "cpu", s)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	if n := testing.AllocsPerRun(10, func() { f.Forecast(&dst, &w) }); n != 0 {
		t.Errorf("%v allocations for a forecast", n)
	}
}
