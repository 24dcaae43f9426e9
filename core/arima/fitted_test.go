package arima

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

func testTask(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

func arima212() Part {
	p := sarima.NewProcess(sarima.Order{P: 2, D: 1, Q: 2}, []float64{0.9, -0.2, -0.6, 0.1})
	p.Sigma2 = 0.04
	return Part{Process: *p, Link: series.Link{Kind: series.Identity, Scale: 1}, Clip: math.Inf(1)}
}

// wandering is a random walk with noise and a season of 12.
func wandering(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 2))
	y := make([]float64, n)
	level := 50.0
	for i := range y {
		level += rng.NormFloat64()
		y[i] = level + rng.NormFloat64() + 3*math.Sin(float64(i)*math.Pi/6)
	}
	return y
}

// testFrame is a positive series of n cells.
func testFrame(n int, step int64) series.Frame {
	v := wandering(n, 9)
	for i := range v {
		v[i] = math.Abs(v[i]) + 1
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 600 * step, Step: step, Values: v})
}

func forecastOf(t testing.TB, f *Fitted, frame *series.Frame) *forecast.Forecast {
	t.Helper()
	w := forecast.WindowOf(frame, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	for _, h := range dst.At {
		last := math.Inf(-1)
		for _, q := range append([]float64{h.Mean}, h.Quantiles...) {
			if math.IsNaN(q) || math.IsInf(q, 0) || q < 0 {
				t.Fatalf("%d s: %v", h.Ahead, h)
			}
		}
		for _, q := range h.Quantiles {
			if q < last {
				t.Fatalf("%d s: quantiles decrease: %v", h.Ahead, h.Quantiles)
			}
			last = q
		}
	}
	return &dst
}

// TestFittedIsTheExactPrediction: after a long window the recursion from a
// rough start gives the exact filter's mean and spread, with holes too where
// no more than one is near.
func TestFittedIsTheExactPrediction(t *testing.T) {
	part := arima212()
	for name, holes := range map[string][]int{"complete": nil, "a hole": {700, 701, 702, 703}, "late hole": {793, 794, 795, 796, 797, 798}} {
		frame := testFrame(800, 300)
		y := frame.Columns[0]
		for _, i := range holes {
			y[i] = math.NaN()
		}
		f := New(testTask(300), []Part{part}, 1, 800, 1)
		got := forecastOf(t, f, &frame)
		want, err := part.Process.Predict(y, nil, 6)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range []int{1, 3, 6} {
			at := &got.At[i]
			if math.Abs(got.Median(at)-want.Mean[h-1]) > 1e-6 || math.Abs(at.Mean-want.Mean[h-1]) > 1e-6 {
				t.Errorf("%s, step %d: %.8f, exact %.8f", name, h, got.Median(at), want.Mean[h-1])
			}
			_, hi := got.Interval(at, 0.8)
			// The uncertainty that a gap just ended leaves is not in the spread.
			if _, exact := want.Bounds(h-1, 1.2815515655446004); math.Abs(hi-exact) > 1e-4 && name != "late hole" {
				t.Errorf("%s, step %d: upper bound %.6f, exact %.6f", name, h, hi, exact)
			}
		}
	}
}

// TestBoundedInnovations: one outlier at the origin moves the forecast by no
// more than the bound, a new level is followed.
func TestBoundedInnovations(t *testing.T) {
	part := arima212()
	part.Clip = 0.5
	f := New(testTask(300), []Part{part}, 1, 200, 1)
	frame := testFrame(200, 300)
	for i := range frame.Columns[0] {
		frame.Columns[0][i] = 10 + 0.1*math.Sin(float64(i))
	}
	plain := forecastOf(t, f, &frame)
	before := plain.Median(&plain.At[0])
	frame.Columns[0][199] += 1000
	spiked := forecastOf(t, f, &frame)
	if d := spiked.Median(&spiked.At[0]) - before; math.Abs(d) > 1 {
		t.Errorf("a spike of 1000 moves the forecast by %.3f", d)
	}
	for i := 180; i < 200; i++ {
		frame.Columns[0][i] = 1010
	}
	shifted := forecastOf(t, f, &frame)
	if m := shifted.Median(&shifted.At[0]); math.Abs(m-1010) > 100 {
		t.Errorf("20 values after a move of the level to 1010 the forecast is %.1f", m)
	}
}

// TestAnyWindow: short, empty, missing and constant windows, and blocks.
func TestAnyWindow(t *testing.T) {
	part := arima212()
	part.Link = series.Link{Kind: series.Asinh, Scale: 2}
	part.Season = Season{Period: 86400, Cos: []float64{0.1, 0.05}, Sin: []float64{0, 0.02}}
	for _, block := range []int{1, 5} {
		f := New(testTask(60), []Part{part}, block, 240, 7)
		full := testFrame(400, 60)
		for _, n := range []int{1, 2, 4, 5, 6, 100, 240} {
			frame := full.Slice(0, n)
			got := forecastOf(t, f, &frame)
			if n < 240 && !got.Reasons().Has(forecast.ShortWindow) {
				t.Errorf("%d values: reasons %v", n, got.Reasons())
			}
		}
		missing := full.Slice(0, 240)
		missing.Columns = [][]float64{make([]float64, 240)}
		for i := range missing.Columns[0] {
			missing.Columns[0][i] = math.NaN()
		}
		got := forecastOf(t, f, &missing)
		if !got.Reasons().Has(forecast.AllMissing) || math.Abs(got.Median(&got.At[0])-7) > 1e-9 {
			t.Errorf("all missing: %v, reasons %v", got.At[0], got.Reasons())
		}
		for i := range missing.Columns[0] {
			missing.Columns[0][i] = 3
		}
		got = forecastOf(t, f, &missing)
		if !got.Reasons().Has(forecast.Constant) || math.Abs(got.Median(&got.At[2])-3) > 1e-12 {
			t.Errorf("constant: %v, reasons %v", got.At[2], got.Reasons())
		}
	}
	f := New(testTask(60), []Part{part}, 1, 240, 7)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &forecast.Window{}); err != forecast.ErrEmpty {
		t.Errorf("empty window: error %v", err)
	}
}

// TestForecastAllocates nothing, for any window.
func TestForecastAllocates(t *testing.T) {
	part := arima212()
	part.Clip = 0.3
	f := New(testTask(300), []Part{part}, 1, 240, 1)
	frame := testFrame(240, 300)
	for i := 7; i < 240; i += 23 {
		frame.Columns[0][i] = math.NaN()
	}
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	var dst forecast.Forecast
	if n := testing.AllocsPerRun(10, func() { f.Forecast(&dst, &w) }); n != 0 {
		t.Errorf("%v allocations for a forecast", n)
	}
}

func TestPayload(t *testing.T) {
	part := arima212()
	part.Link, part.Clip = series.Link{Kind: series.Asinh, Scale: 2}, 1.5
	part.Season = Season{Period: 86400, Profile: []float64{0.1, 0.2, 0, -0.3}}
	constant := Part{Process: *sarima.NewProcess(sarima.Order{P: 1}, []float64{0.5}), Link: series.Link{Kind: series.Identity, Scale: 1}, Clip: math.Inf(1)}
	constant.Process.Constant, constant.Process.Beta = true, []float64{4}
	f := New(testTask(60), []Part{part, constant, part}, 5, 240, 7)
	payload := f.AppendPayload([]byte("x"))[1:]
	back, err := Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.AppendPayload(nil), payload) {
		t.Error("the decoded model has another payload")
	}
	frame := testFrame(300, 60)
	a, b := forecastOf(t, f, &frame), forecastOf(t, back, &frame)
	for i := range a.At {
		if a.At[i].Mean != b.At[i].Mean || a.At[i].Detail != b.At[i].Detail {
			t.Errorf("horizon %d: %v and decoded %v", i, a.At[i], b.At[i])
		}
	}
	for n := range payload {
		if _, err := Decode(payload[:n]); err == nil {
			t.Errorf("a payload cut at %d of %d is decoded", n, len(payload))
		}
	}
}

// TestPayloadBytes: checkpoints that are out there stay readable only while
// every field keeps its number and its meaning. The digest is that of the
// first version's payload; a change of it needs a new Kind.
func TestPayloadBytes(t *testing.T) {
	part := arima212()
	part.Link, part.Clip = series.Link{Kind: series.Asinh, Scale: 2}, 1.5
	part.Season = Season{Period: 86400, Profile: []float64{0.1, 0.2, 0, -0.3}}
	f := New(testTask(60), []Part{part}, 5, 240, 7)
	got := sha256.Sum256(f.AppendPayload(nil))
	const want = "a5b9cf572eefd4f40b564d34b9fe229b3c8e2f9221db48e3bb33ed08c3cd7d9c"
	if hex.EncodeToString(got[:]) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

// FuzzDecode: no bytes make the decoder panic, or give a model that panics,
// forecasts NaN or has another payload than it was decoded from twice.
func FuzzDecode(f *testing.F) {
	part := arima212()
	f.Add(New(testTask(60), []Part{part}, 5, 240, 7).AppendPayload(nil))
	part.Season = Season{Period: 86400, Cos: []float64{1}, Sin: []float64{2}}
	part.Link = series.Link{Kind: series.Asinh, Scale: 3}
	f.Add(New(testTask(300), []Part{part, part, part}, 1, 24, 7).AppendPayload(nil))
	frame := testFrame(60, 60)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(m.AppendPayload(nil))
		if err != nil || !bytes.Equal(again.AppendPayload(nil), m.AppendPayload(nil)) {
			t.Fatalf("decoded model does not survive: %v", err)
		}
		frame.Step, frame.Metrics = m.Spec().Step, []string{m.Spec().Metric}
		w := forecast.WindowOf(&frame, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for _, h := range dst.At {
			for _, q := range append([]float64{h.Mean}, h.Quantiles...) {
				if math.IsNaN(q) || math.IsInf(q, 0) {
					t.Fatalf("%v", h)
				}
			}
		}
	})
}

// BenchmarkForecast is one forecast of three horizons and nine quantiles from
// 240 values by ARIMA(2,1,2).
func BenchmarkForecast(b *testing.B) {
	for _, name := range []string{"complete", "holes", "bounded"} {
		b.Run(name, func(b *testing.B) {
			part := arima212()
			frame := testFrame(240, 300)
			switch name {
			case "holes":
				for i := 7; i < 240; i += 23 {
					frame.Columns[0][i] = math.NaN()
				}
			case "bounded":
				part.Clip = 0.3
			}
			f := New(testTask(300), []Part{part}, 1, 240, 1)
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
