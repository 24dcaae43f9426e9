package calibrate

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

func taskOf(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

// bursty returns days of a skewed metric whose noise is ten times as large by
// day as by night.
func bursty(step int64, days float64, seed uint64) series.Series {
	rng := rand.New(rand.NewPCG(seed, 2))
	v := make([]float64, int(days*86400/float64(step)))
	level := 0.0
	for i := range v {
		t := float64(int64(i)*step) / 86400
		size := 1.0
		if t-math.Floor(t) > 0.5 {
			size = 10
		}
		level = 0.95*level + rng.NormFloat64()
		v[i] = 100 + 3*level + size*rng.ExpFloat64()
	}
	return series.Series{Start: 1_700_000_100 / step * step, Step: step, Values: v}
}

func decodeInner(kind string, payload []byte) (forecast.Fitted, error) {
	if kind != naive.Kind {
		return nil, errors.New("unknown kind")
	}
	return naive.Decode(payload)
}

// fit fits the naive model to the first half of s and calibrates on the rest.
func fit(t testing.TB, s series.Series, task forecast.Task) (*Fitted, []HorizonReport) {
	t.Helper()
	frame := series.FrameOf("web", "cpu", s)
	cut := s.Len() / 2
	c := naive.Defaults()
	c.MaxRows = 1000
	m, _, err := c.Fit([]series.Frame{frame.Slice(0, cut)}, task, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := Collect(m, nil, &frame, series.Part{From: cut, To: s.Len()}, 1, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return Defaults().Fit(m, nil, rows)
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

func numbers(f *forecast.Forecast) []float64 {
	var out []float64
	for _, h := range f.At {
		out = append(append(out, h.Mean), h.Quantiles...)
	}
	return out
}

func TestCoverageOnSimulatedData(t *testing.T) {
	s := bursty(300, 24, 1)
	f, _ := fit(t, s.Slice(0, s.Len()/2), taskOf(300))
	frame := series.FrameOf("web", "cpu", s)
	windows := forecast.NewWindows(&frame, f.Spec().Needs)
	var w forecast.Window
	var dst forecast.Forecast
	for _, level := range []float64{0.5, 0.8, 0.9, 0.95} {
		inside, busy, n, nBusy := 0.0, 0.0, 0.0, 0.0
		for i := s.Len() / 2; i < s.Len()-6; i++ {
			windows.At(&w, i)
			if err := f.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
			lo, hi := dst.Interval(&dst.At[0], level)
			y := s.Values[i+1]
			in := 0.0
			if lo <= y && y <= hi {
				in = 1
			}
			inside += in
			n++
			if i%288 > 160 && i%288 < 280 {
				busy += in
				nBusy++
			}
		}
		if c := inside / n; math.Abs(c-level) > 0.04 {
			t.Errorf("the %g interval covers %.3f", level, c)
		}
		if c := busy / nBusy; math.Abs(c-level) > 0.12 {
			t.Errorf("the %g interval covers %.3f in busy hours", level, c)
		}
	}
}

func TestQuantilesNeverCross(t *testing.T) {
	s := bursty(60, 3, 2)
	task := taskOf(60)
	task.Levels = nil
	for p := 1; p < 200; p++ {
		task.Levels = append(task.Levels, float64(p)/200)
	}
	f, _ := fit(t, s, task)
	for i := 100; i < s.Len(); i += 97 {
		dst := forecastOf(t, f, s.Slice(0, i))
		for _, h := range dst.At {
			for q := 1; q < len(h.Quantiles); q++ {
				if h.Quantiles[q] < h.Quantiles[q-1] {
					t.Fatalf("origin %d: quantiles cross at %g", i, task.Levels[q])
				}
			}
		}
	}
}

func TestGate(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	make3 := func(model, fallback float64) []Row {
		rows := make([]Row, 400)
		for i := range rows {
			y := rng.NormFloat64()
			rows[i] = Row{Actual: y, Last: y + rng.NormFloat64(),
				Model: y + model*rng.NormFloat64(), Fallback: y + fallback*rng.NormFloat64()}
			rows[i].parts = [partCount]float64{0, 1, 1, 1, 1, 1}
		}
		return rows
	}
	cases := map[string]struct {
		rows    []Row
		source  source
		reasons forecast.Reasons
	}{
		"good model":      {make3(0.1, 0.5), useModel, 0},
		"wild model":      {make3(1e6, 0.1), useFallback, forecast.NotBetter},
		"all wild":        {make3(1e6, 1e6), usePersistence, forecast.NotBetter},
		"model as last":   {make3(1, 1e6), useModel, forecast.Shrunk},
		"too few to tell": {make3(0.1, 0.1)[:5], useFallback, forecast.ShortHistory | forecast.Uncalibrated},
	}
	for name, c := range cases {
		h, report := Defaults().fitHorizon(c.rows, true, false, false)
		if h.source != c.source || h.reasons != c.reasons {
			t.Errorf("%s: source %s, reasons %q; want %s, %q", name, h.source, h.reasons, c.source, c.reasons)
		}
		if report.MAE > report.Persistence {
			t.Errorf("%s: gated error %g exceeds persistence's %g", name, report.MAE, report.Persistence)
		}
	}
	if h, report := Defaults().fitHorizon(make3(0.1, 0.2)[:5], true, false, true); h.source != useModel || !h.own ||
		h.reasons != forecast.Uncalibrated || math.Abs(report.MAE-report.ModelMAE) > 1e-12 {
		t.Errorf("a model that knows others, too few to tell: %+v, %+v", h, report)
	}
	rows := make3(0.1, 0.1)
	rows[7].Model = math.NaN()
	if h, _ := Defaults().fitHorizon(rows, true, false, false); h.source != useFallback {
		t.Error("a model that was not finite once is used")
	}
}

// TestGateIsCautious: what a model gained at one time only gives it a smaller
// weight than the same gain at all times; a naive model alone gets the best.
func TestGateIsCautious(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	rows := make([]Row, 800)
	for i := range rows {
		y, e := rng.NormFloat64(), rng.NormFloat64()
		rows[i] = Row{Actual: y, Last: y + e, Fallback: y + e}
		if i < 250 {
			rows[i].Model = y // all of its gain is here
		} else {
			rows[i].Model = y + e + 0.25*math.Copysign(1, e)
		}
	}
	best, least := bestWeight(rows, useModel, 0)
	careful, mae := bestWeight(rows, useModel, 1)
	if !(careful < best && mae > least) {
		t.Errorf("weight %v with error %v; the best is %v with %v", careful, mae, best, least)
	}
	rand.New(rand.NewPCG(6, 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	if always, _ := bestWeight(rows, useModel, 1); always <= careful {
		t.Errorf("weight %v for a gain at all times, %v for the same at one", always, careful)
	}
}

func TestOddSeries(t *testing.T) {
	n := 2000
	cases := map[string]func(i int) float64{
		"constant": func(int) float64 { return 5 },
		"zero":     func(int) float64 { return 0 },
		"spikes": func(i int) float64 {
			if i%97 == 0 {
				return 1e9
			}
			return 0
		},
		"shift": func(i int) float64 {
			if i > 1500 {
				return 1e12
			}
			return 1e-12 * float64(i%3)
		},
		"tiny": func(i int) float64 { return 1e-300 * float64(i%7) },
		"huge": func(i int) float64 { return math.MaxFloat64 * float64(i%2) },
		"all missing": func(int) float64 {
			return math.NaN()
		},
	}
	for name, g := range cases {
		v := make([]float64, n)
		for i := range v {
			v[i] = g(i)
		}
		s := series.Series{Start: 0, Step: 300, Values: v}
		f, _ := fit(t, s, taskOf(300))
		for _, i := range []int{1, 2, 100, 1501, n} {
			for _, x := range numbers(forecastOf(t, f, s.Slice(0, i))) {
				if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
					t.Fatalf("%s, window of %d: a number is %g", name, i, x)
				}
			}
		}
	}
}

func TestScaleEquivariance(t *testing.T) {
	s := bursty(300, 9, 4)
	double := s
	double.Values = make([]float64, s.Len())
	for i, x := range s.Values {
		double.Values[i] = 1024 * x
	}
	f, _ := fit(t, s, taskOf(300))
	g, _ := fit(t, double, taskOf(300))
	a, b := numbers(forecastOf(t, f, s)), numbers(forecastOf(t, g, double))
	for i := range a {
		if math.Abs(b[i]-1024*a[i]) > 1e-9*math.Abs(b[i]) {
			t.Fatalf("number %d: %g and, values × 1024, %g", i, a[i], b[i])
		}
	}
}

func TestPayloadRoundTrip(t *testing.T) {
	s := bursty(300, 9, 5)
	f, _ := fit(t, s, taskOf(300))
	f = f.With(f.model, naive.Unfitted(taskOf(300), 0)).Because(forecast.SharedModel)
	payload := f.AppendPayload(nil)
	g, err := Decode(payload, decodeInner)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.AppendPayload(nil), payload) {
		t.Error("the decoded model has other bytes")
	}
	a, b := forecastOf(t, f, s), forecastOf(t, g, s)
	for i, x := range numbers(a) {
		if numbers(b)[i] != x {
			t.Fatalf("number %d is %g, decoded %g", i, x, numbers(b)[i])
		}
	}
	if a.Reasons() != b.Reasons() || !b.Reasons().Has(forecast.SharedModel) {
		t.Errorf("reasons %q, decoded %q", a.Reasons(), b.Reasons())
	}
	if len(payload) > 8192 {
		t.Errorf("the payload is %d bytes, want at most 8192", len(payload))
	}
}

// TestForecastAllocates nothing, model and fallback included.
func TestForecastAllocates(t *testing.T) {
	s := bursty(300, 9, 7)
	f, _ := fit(t, s, taskOf(300))
	frame := series.FrameOf("web", "cpu", s)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	if n := testing.AllocsPerRun(10, func() { f.Forecast(&dst, &w) }); n != 0 {
		t.Errorf("%v allocations for a forecast", n)
	}
}

func FuzzDecode(f *testing.F) {
	s := bursty(300, 3, 6)
	fitted, _ := fit(f, s, taskOf(300))
	f.Add(fitted.AppendPayload(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b, decodeInner)
		if err != nil {
			return
		}
		frame := series.FrameOf("web", m.spec.Metric, series.Series{Step: m.spec.Step, Values: s.Values})
		w := forecast.WindowOf(&frame, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			return
		}
		for _, x := range numbers(&dst) {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatal("a decoded model forecasts what is not finite")
			}
		}
	})
}

func BenchmarkForecast(b *testing.B) {
	s := bursty(300, 18, 7)
	f, _ := fit(b, s, taskOf(300))
	frame := series.FrameOf("web", "cpu", s)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Forecast(&dst, &w); err != nil {
			b.Fatal(err)
		}
	}
}

// TestBoth: of two models that err to opposite sides, the mean is taken where
// that is asked for, comes back from bytes, and is forecast.
func TestBoth(t *testing.T) {
	s := bursty(300, 12, 5)
	frame := series.FrameOf("web", "cpu", s)
	c := naive.Defaults()
	c.MaxRows = 500
	task := taskOf(300)
	a, _, err := c.Fit([]series.Frame{frame.Slice(0, s.Len()/2)}, task, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := naive.Unfitted(task, 0)
	rows, _, err := Collect(a, b, &frame, series.Part{From: s.Len() / 2, To: s.Len()}, 1, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k := range rows {
		for i := range rows[k] {
			r := &rows[k][i]
			r.Last, r.Model, r.Fallback = r.Actual-30, r.Actual+10, r.Actual-11
		}
	}
	config := Defaults()
	if _, reports := config.Fit(a, b, rows); reports[0].Source != "model" {
		t.Errorf("not asked for, %q is taken", reports[0].Source)
	}
	config.Both = true
	f, reports := config.Fit(a, b, rows)
	if reports[0].Source != "both" || reports[0].Weight != 1 || math.Abs(reports[0].MAE-0.5) > 1e-9 {
		t.Fatalf("%+v", reports[0])
	}
	got, x, y := forecastOf(t, f, s), forecastOf(t, a, s), forecastOf(t, b, s)
	want := (x.Median(&x.At[0]) + y.Median(&y.At[0])) / 2
	if h := &got.At[0]; math.Abs(got.Median(h)-f.at[0].shift-want) > 1 || h.Detail != "half naive, half naive" {
		t.Errorf("%v, not about %v: %s", got.Median(h), want, h.Detail)
	}
	again, err := Decode(f.AppendPayload(nil), decodeInner)
	if err != nil || again.at[0].source != useBoth {
		t.Errorf("it does not come back: %v", err)
	}
}
