package ets

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// example returns a process of a form, and a state of it.
func example(f Form) (Process, State) {
	p := Process{Form: f, Period: 1, Alpha: 0.4, Sigma2: 4}
	s := State{Level: 50}
	if f.Relative {
		p.Sigma2 = 0.01
	}
	if f.Trend != NoTrend {
		p.Beta, p.Phi, s.Slope = 0.1, 1, 0.8
	}
	if f.Trend == Damped {
		p.Phi = 0.9
	}
	if f.Season != NoSeason {
		p.Period, p.Gamma, s.Next = 3, 0.3, 1
		s.Seasons = []float64{5, -3, -2}
	}
	if f.Season == Multiplies {
		s.Seasons = []float64{1.3, 0.8, 0.9}
	}
	return p, s
}

func forms() []Form {
	var out []Form
	for i := range 2 * 3 * 3 {
		if f := (Form{i >= 9, Trend(i / 3 % 3), Season(i % 3)}); f.Valid() {
			out = append(out, f)
		}
	}
	return out
}

// TestMoments compares means and variances with those of simulated paths, to four
// of their standard errors.
func TestMoments(t *testing.T) {
	const paths, ahead = 40000, 8
	for _, f := range forms() {
		t.Run(f.Label(), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, 9))
			p, s := example(f)
			var sum, square, fourth [ahead]float64
			mean, variance := make([]float64, ahead), make([]float64, ahead)
			p.Moments(mean, variance, make([]float64, len(mean)), &s)
			for range paths {
				c := s
				c.Seasons = slices.Clone(s.Seasons)
				for h := range ahead {
					next := c
					next.Seasons = slices.Clone(c.Seasons)
					y := -p.Step(&next, 0) // the one-step forecast
					e := math.Sqrt(p.Sigma2) * r.NormFloat64()
					if f.Relative {
						e *= y
					}
					y += e
					p.Step(&c, y)
					d := y - mean[h]
					sum[h] += d
					square[h] += d * d
					fourth[h] += d * d * d * d
				}
			}
			for h := range ahead {
				v := square[h] / paths
				if d := sum[h] / paths; math.Abs(d) > 4*math.Sqrt(v/paths) {
					t.Errorf("%d steps ahead: mean %v, simulated %v", h+1, mean[h], mean[h]+d)
				}
				if se := math.Sqrt((fourth[h]/paths - v*v) / paths); math.Abs(v-variance[h]) > 4*se {
					t.Errorf("%d steps ahead: variance %v, simulated %v ± %v", h+1, variance[h], v, se)
				}
			}
		})
	}
}

// TestStepAfterGap compares the gain after missing values with the Kalman filter
// of a local level, whose states and errors have one source.
func TestStepAfterGap(t *testing.T) {
	p := Process{Form: Form{}, Period: 1, Alpha: 0.3, Sigma2: 1}
	s := State{Level: 10}
	variance := 0.0 // of the level before the next value
	level := 10.0
	for _, y := range []float64{11, math.NaN(), math.NaN(), math.NaN(), 14, 13, math.NaN(), 12} {
		p.Step(&s, y)
		gain := 0.0
		if y == y {
			gain = (variance + p.Alpha) / (variance + 1)
			level += gain * (y - level)
		}
		variance += p.Alpha*p.Alpha - gain*gain*(variance+1)
		if math.Abs(s.Level-level) > 1e-12 || math.Abs(s.Spread-max(variance, 0)) > 1e-9 {
			t.Fatalf("after %v: level %v, spread %v, want %v and %v", y, s.Level, s.Spread, level, variance)
		}
	}
}

func task() forecast.Task {
	return forecast.Task{Metric: series.CPU, Step: 60, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
}

// served returns a model of a form on blocks of five minutes.
func served(f Form) *Fitted {
	p, s := example(f)
	return New(task(), Settings{Process: p, Block: 5, Recent: 60, Level: 40, Slope: s.Slope, Seasons: s.Seasons})
}

func window(values ...float64) *forecast.Window {
	return &forecast.Window{Recent: series.FrameOf("web", series.CPU, series.Series{Start: 1700000040, Step: 60, Values: values})}
}

func waves(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 50 + 10*math.Sin(float64(i)/9)
	}
	return v
}

// TestForecast: numbers are finite, within bounds and ordered whatever the window,
// and the reasons say what is wrong with it.
func TestForecast(t *testing.T) {
	nan := math.NaN()
	gaps := waves(60)
	for i := 20; i < 35; i++ {
		gaps[i] = nan
	}
	stale := append(waves(40), slices.Repeat([]float64{nan}, 20)...)
	for _, c := range []struct {
		name   string
		values []float64
		want   forecast.Reasons
	}{
		{"full", waves(60), 0},
		{"gaps", gaps, 0},
		{"short", waves(7), forecast.ShortWindow},
		{"less than a block", []float64{3, 4}, forecast.ShortWindow},
		{"stale", stale, forecast.Stale},
		{"zeros and huge values", append(make([]float64, 30), slices.Repeat([]float64{1e300, 0}, 15)...), 0},
		{"constant", slices.Repeat([]float64{7}, 60), forecast.Constant},
		{"all missing", slices.Repeat([]float64{nan}, 60), forecast.AllMissing},
	} {
		for _, f := range forms() {
			var dst forecast.Forecast
			if err := served(f).Forecast(&dst, window(c.values...)); err != nil {
				t.Fatal(err)
			}
			for i := range dst.At {
				h := &dst.At[i]
				if got := h.Reasons &^ forecast.NotFinite; got != c.want {
					t.Errorf("%v of %s has reasons %q, want %q", f, c.name, got, c.want)
				}
				for _, v := range append([]float64{h.Mean}, h.Quantiles...) {
					if !(v >= 0 && v <= math.MaxFloat64) {
						t.Errorf("%v of %s forecasts %v", f, c.name, v)
					}
				}
				if !slices.IsSorted(h.Quantiles) {
					t.Errorf("%v of %s: quantiles %v cross", f, c.name, h.Quantiles)
				}
				if c.want == forecast.Constant && (h.Mean != 7 || h.Quantiles[0] != 7) {
					t.Errorf("%v of a constant 7 forecasts %+v", f, h)
				}
				if c.name == "less than a block" && h.Mean != 4 {
					t.Errorf("%v of 3 and 4 forecasts %v, want 4", f, h.Mean)
				}
				if c.want == forecast.AllMissing && h.Mean != 40 {
					t.Errorf("%v of nothing forecasts %v, want 40", f, h.Mean)
				}
			}
		}
	}
}

// TestForecastFollowsWindow: a level that moved is where the forecast is, without
// a refit.
func TestForecastFollowsWindow(t *testing.T) {
	v := waves(300)
	for i := range v[150:] {
		v[150+i] += 500
	}
	var dst forecast.Forecast
	if err := served(Form{}).Forecast(&dst, window(v...)); err != nil {
		t.Fatal(err)
	}
	if m := dst.At[0].Mean; m < 530 || m > 570 {
		t.Errorf("forecast %v of a level of 550", m)
	}
}

func TestForecastErrors(t *testing.T) {
	f := served(Form{})
	other := window(waves(60)...)
	other.Recent.Step = 30
	for _, c := range []struct {
		w    *forecast.Window
		want error
	}{
		{window(), forecast.ErrEmpty},
		{other, forecast.ErrStep},
		{&forecast.Window{Recent: series.FrameOf("web", series.Memory, series.Series{Step: 60, Values: waves(60)})}, forecast.ErrMetric},
	} {
		var dst forecast.Forecast
		if err := f.Forecast(&dst, c.w); !errors.Is(err, c.want) {
			t.Errorf("error %v, want %v", err, c.want)
		}
	}
}

func TestForecastDoesNotAllocate(t *testing.T) {
	w := window(waves(60)...)
	for _, f := range forms() {
		var dst forecast.Forecast
		m := served(f)
		forecastOnce := func() {
			if err := m.Forecast(&dst, w); err != nil {
				t.Fatal(err)
			}
		}
		forecastOnce()
		if n := testing.AllocsPerRun(20, forecastOnce); n != 0 {
			t.Errorf("%v: %v allocations", f, n)
		}
	}
}

// TestPayload: what is written is read as the same model, which forecasts the
// same, and the seasons are never written to.
func TestPayload(t *testing.T) {
	w := window(waves(60)...)
	for _, f := range forms() {
		m := served(f)
		payload := m.AppendPayload(nil)
		again, err := Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		var a, b forecast.Forecast
		if err := errors.Join(m.Forecast(&a, w), again.Forecast(&b, w)); err != nil {
			t.Fatal(err)
		}
		for i := range a.At {
			if a.At[i].Mean != b.At[i].Mean || !slices.Equal(a.At[i].Quantiles, b.At[i].Quantiles) || a.At[i].Detail != b.At[i].Detail {
				t.Errorf("%v: decoded it forecasts %+v, want %+v", f, b.At[i], a.At[i])
			}
		}
		if !bytes.Equal(m.AppendPayload(nil), payload) {
			t.Errorf("%v: a forecast changes the model", f)
		}
	}
}

func TestDecodeRejects(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"form":          func(s *Settings) { s.Relative = false; s.Season = Multiplies },
		"gain":          func(s *Settings) { s.Alpha = 1.5 },
		"no gain":       func(s *Settings) { s.Alpha = 0 },
		"not a number":  func(s *Settings) { s.Sigma2 = math.NaN() },
		"block":         func(s *Settings) { s.Block = 0 },
		"window":        func(s *Settings) { s.Recent = -1 },
		"zero season":   func(s *Settings) { s.Seasons = []float64{0, 1, 1} },
		"season's size": func(s *Settings) { s.Seasons = nil },
	} {
		m := served(Form{Relative: true, Season: Multiplies})
		change(&m.s)
		if _, err := Decode(m.AppendPayload(nil)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkForecast(b *testing.B) {
	w := window(waves(360)...)
	for _, f := range forms() {
		b.Run(f.Label(), func(b *testing.B) {
			b.ReportAllocs()
			var dst forecast.Forecast
			m := served(f)
			for b.Loop() {
				if err := m.Forecast(&dst, w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
