package network

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/mlp"
	"github.com/foretide/foretide/core/series"
)

func task(step int64, levels ...float64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800}, Levels: levels,
		Bounds: series.DefaultBounds("cpu")}
}

// small is a network of random weights.
func small() *Net {
	levels := forecast.DefaultLevels()
	net := mlp.New(ShapeOf([mlp.MaxHidden]int{16, 16}, levels))
	net.Initialise(3, levels)
	for i := range net.Weights {
		if net.Weights[i] == 0 && i%7 == 0 {
			net.Weights[i] = 0.01 // outputs begin at zero, which tells nothing
		}
	}
	return NewNet(net, levels)
}

func frame(step int64, n int) series.Frame {
	v := make([]float64, n)
	for i := range v {
		v[i] = 50 + 20*math.Sin(2*math.Pi*float64(i)*float64(step)/86400) + float64(i%7)
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 1700006400, Step: step, Values: v})
}

func forecastOf(t testing.TB, f forecast.Fitted, h *series.Frame) *forecast.Forecast {
	t.Helper()
	w := forecast.WindowOf(h, f.Spec().Needs)
	dst := new(forecast.Forecast)
	if err := f.Forecast(dst, &w); err != nil {
		t.Fatal(err)
	}
	return dst
}

// TestForecast: quantiles ascend, are finite and within the bounds, at any step,
// for any length of history.
func TestForecast(t *testing.T) {
	net := small()
	for _, step := range []int64{15, 60, 300} {
		for _, n := range []int{1, 2, 40, 2600} {
			f, err := net.Bind(task(step, forecast.DefaultLevels()...))
			if err != nil {
				t.Fatal(err)
			}
			h := frame(step, n)
			dst := forecastOf(t, f, &h)
			for k := range dst.At {
				at := &dst.At[k]
				if !slices.IsSorted(at.Quantiles) || at.Quantiles[0] < 0 || at.Mean-at.Mean != 0 || at.Mean != dst.Median(at) {
					t.Errorf("step %d, %d cells: %+v", step, n, at)
				}
				if short := at.Reasons.Has(forecast.ShortWindow); short != (n < 2600) {
					t.Errorf("step %d, %d cells: reasons %v", step, n, at.Reasons)
				}
			}
		}
	}
}

// TestMissing: of a window without values the forecast is zero, and says so.
func TestMissing(t *testing.T) {
	f, err := small().Bind(task(300, forecast.DefaultLevels()...))
	if err != nil {
		t.Fatal(err)
	}
	h := frame(300, 50)
	for i := range h.Columns[0] {
		h.Columns[0][i] = math.NaN()
	}
	dst := forecastOf(t, f, &h)
	if at := &dst.At[0]; at.Mean != 0 || !at.Reasons.Has(forecast.AllMissing) {
		t.Errorf("%+v", at)
	}
}

// TestLevels: at other levels the quantiles are between those of its own.
// TestConstant: a window with a single value is forecast by it, to the bit.
func TestConstant(t *testing.T) {
	for _, level := range []float64{0, 5, 1e-9} {
		v := make([]float64, 3000)
		for i := range v {
			v[i] = level
		}
		f, err := small().Bind(task(300, forecast.DefaultLevels()...))
		if err != nil {
			t.Fatal(err)
		}
		h := series.FrameOf("web", "cpu", series.Series{Start: 1700006400, Step: 300, Values: v})
		dst := forecastOf(t, f, &h)
		for _, h := range dst.At {
			if slices.Max(h.Quantiles) != level || slices.Min(h.Quantiles) != level || !h.Reasons.Has(forecast.Constant) {
				t.Errorf("of %g: %v, %s", level, h.Quantiles, h.Reasons)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	net := small()
	a, _ := net.Bind(task(300, forecast.DefaultLevels()...))
	b, err := net.Bind(task(300, 0.1, 0.3, 0.5, 0.99))
	if err != nil {
		t.Fatal(err)
	}
	h := frame(300, 2600)
	own, other := forecastOf(t, a, &h), forecastOf(t, b, &h)
	for k := range own.At {
		p, q := own.At[k].Quantiles, other.At[k].Quantiles
		if math.Abs(q[0]-p[2]) > 1e-12*p[2] || q[2] != p[4] || !(p[3] < q[1] && q[1] < p[4]) || !(q[3] > p[8]) {
			t.Errorf("own %v, at 0.1, 0.3, 0.5 and 0.99 %v", p, q)
		}
	}
}

func TestBindRefuses(t *testing.T) {
	net := small()
	bad := task(300, forecast.DefaultLevels()...)
	bad.Horizons = []int64{301}
	if _, err := net.Bind(bad); !errors.Is(err, forecast.ErrHorizon) {
		t.Errorf("a horizon that is no multiple of the step: %v", err)
	}
	bad.Horizons = nil
	for k := range int64(MaxHorizons + 1) {
		bad.Horizons = append(bad.Horizons, 300*(k+1))
	}
	if _, err := net.Bind(bad); !errors.Is(err, forecast.ErrHorizon) {
		t.Errorf("too many horizons: %v", err)
	}
}

// TestHorizons: a horizon's forecast does not depend on which others there are.
func TestHorizons(t *testing.T) {
	net := small()
	h := frame(300, 2600)
	all, _ := net.Bind(task(300, forecast.DefaultLevels()...))
	one := task(300, forecast.DefaultLevels()...)
	one.Horizons = []int64{900}
	only, err := net.Bind(one)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := forecastOf(t, all, &h).At[1], forecastOf(t, only, &h).At[0]; !slices.Equal(a.Quantiles, b.Quantiles) {
		t.Errorf("with others %v, alone %v", a.Quantiles, b.Quantiles)
	}
}

func TestForecastDoesNotAllocate(t *testing.T) {
	f, _ := small().Bind(task(60, forecast.DefaultLevels()...))
	h := frame(60, 12000)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	var dst forecast.Forecast
	if n := testing.AllocsPerRun(50, func() {
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkForecast(b *testing.B) {
	levels := forecast.DefaultLevels()
	net := mlp.New(ShapeOf([mlp.MaxHidden]int{192, 192, 96}, levels))
	net.Initialise(1, levels)
	f, _ := NewNet(net, levels).Bind(task(300, levels...))
	h := frame(300, 2600)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	var dst forecast.Forecast
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Forecast(&dst, &w); err != nil {
			b.Fatal(err)
		}
	}
}
