package feature

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// daily is a metric with a daily curve, noise, spikes every hour and gaps.
func daily(step int64, days float64, seed uint64) series.Frame {
	r := rand.New(rand.NewPCG(seed, 5))
	v := make([]float64, int(days*86400)/int(step))
	for i := range v {
		t := float64(i) * float64(step)
		v[i] = 50 + 20*math.Sin(2*math.Pi*t/86400) + 2*r.NormFloat64()
		if math.Mod(t, 3600) < float64(step) {
			v[i] += 30
		}
		if r.Float64() < 0.02 {
			v[i] = math.NaN()
		}
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 86400 * 19000, Step: step, Values: v})
}

// featuresAt returns all features of all horizons from cell i of a frame.
func featuresAt(t testing.TB, f *series.Frame, i int) []float32 {
	t.Helper()
	var w forecast.Window
	forecast.NewWindows(f, NeedsOf(f.Step)).At(&w, i)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var r Reader
	var scratch forecast.Scratch
	r.Reset(recent, long, &scratch)
	var out []float32
	for _, ahead := range []int64{300, 900, 1800} {
		dst, skip := make([]float32, Count), make([]float32, SkipCount)
		r.Fill(dst, skip, ahead)
		out = append(append(out, dst...), skip...)
	}
	return out
}

// TestNothingLater: what comes after the origin changes no feature.
func TestNothingLater(t *testing.T) {
	for _, step := range []int64{15, 60, 300} {
		f := daily(step, 9.2, 1)
		i := f.Len() - int(7200/step)
		for math.IsNaN(f.Columns[0][i]) {
			i--
		}
		want := featuresAt(t, &f, i)
		for j := i + 1; j < f.Len(); j++ {
			f.Columns[0][j] = 1e9
		}
		if got := featuresAt(t, &f, i); !slices.Equal(got, want) {
			t.Errorf("step %d: later values change features", step)
		}
		f.Columns[0][i] += 1
		if got := featuresAt(t, &f, i); slices.Equal(got, want) {
			t.Errorf("step %d: the origin's own value changes nothing", step)
		}
	}
}

// TestScale: a metric in another unit has the same features.
func TestScale(t *testing.T) {
	f := daily(60, 9, 2)
	i := f.Len() - 1
	for math.IsNaN(f.Columns[0][i]) {
		i--
	}
	want := featuresAt(t, &f, i)
	for j := range f.Columns[0] {
		f.Columns[0][j] *= 1 << 20
	}
	if got := featuresAt(t, &f, i); !slices.Equal(got, want) {
		t.Error("another unit has other features")
	}
}

// TestFinite: whatever is missing, features are finite.
func TestFinite(t *testing.T) {
	nan := math.NaN()
	cases := map[string][]float64{
		"one value":    {3},
		"all missing":  {nan, nan, nan},
		"constant":     {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
		"huge":         {1e308, -1e308, 1e308, 0, 1e300},
		"tiny":         {5e-324, 0, 5e-324},
		"mostly holes": append(make([]float64, 400), nan, nan, 7, nan),
	}
	for name, v := range cases {
		f := series.FrameOf("web", "cpu", series.Series{Start: 86400 * 19000, Step: 300, Values: v})
		for i, x := range featuresAt(t, &f, len(v)-1) {
			if x-x != 0 {
				t.Errorf("%s: feature %d is %v", name, i, x)
			}
		}
	}
}

// TestSkills: of a metric that repeats every hour, the value an hour ago has
// been right; of a random walk, nothing has been better than the last value by
// much.
func TestSkills(t *testing.T) {
	v := make([]float64, 9*288)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range v {
		v[i] = float64((i * 7) % 12)
	}
	f := series.FrameOf("web", "cpu", series.Series{Start: 86400 * 19000, Step: 300, Values: v})
	hour := slices.Index(judged, naive.Indices("hour")[0])
	if s := featuresAt(t, &f, len(v)-1)[naive.Count+hour]; s > -2 {
		t.Errorf("the hour's skill is %v", s)
	}
	for i := 1; i < len(v); i++ {
		v[i] = v[i-1] + r.NormFloat64()
	}
	for i, s := range featuresAt(t, &f, len(v)-1)[naive.Count:][1:skillCount] {
		if s < -1.5 {
			t.Errorf("skill %d of a random walk is %v", i+1, s)
		}
	}
}

// TestPredictors: the features that skip squashing are the naive predictors.
func TestPredictors(t *testing.T) {
	f := daily(300, 9, 4)
	i := f.Len() - 1
	for math.IsNaN(f.Columns[0][i]) {
		i--
	}
	var w forecast.Window
	forecast.NewWindows(&f, NeedsOf(300)).At(&w, i)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var v naive.View
	var r Reader
	var scratch forecast.Scratch
	v.Reset(recent, long, &scratch)
	r.Reset(recent, long, &scratch)
	dst, skip := make([]float32, Count), make([]float32, SkipCount)
	r.Fill(dst, skip, 900)
	var want [naive.Count]float64
	v.Fill(want[:], 900)
	for k, x := range want {
		z := (x - r.Last()) / r.Scale()
		if math.IsNaN(z) {
			z = 0
		}
		if math.Abs(float64(skip[k])-min(max(z, -skipLimit), skipLimit)) > 1e-5*(1+math.Abs(z)) {
			t.Errorf("predictor %d is %v, not %v", k, skip[k], z)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	f := daily(60, 9, 4)
	var w forecast.Window
	forecast.NewWindows(&f, NeedsOf(60)).At(&w, f.Len()-1)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var r Reader
	var scratch forecast.Scratch
	dst, skip := make([]float32, Count), make([]float32, SkipCount)
	if n := testing.AllocsPerRun(20, func() {
		r.Reset(recent, long, &scratch)
		r.Fill(dst, skip, 900)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFill(b *testing.B) {
	for _, step := range []int64{15, 300} {
		b.Run(map[int64]string{15: "15s", 300: "5m"}[step], func(b *testing.B) {
			f := daily(step, 9, 4)
			var w forecast.Window
			forecast.NewWindows(&f, NeedsOf(step)).At(&w, f.Len()-1)
			recent, _ := w.Recent.Series("cpu")
			long, _ := w.Long.Series("cpu")
			var r Reader
			var scratch forecast.Scratch
			dst, skip := make([]float32, Count), make([]float32, SkipCount)
			b.ReportAllocs()
			for b.Loop() {
				r.Reset(recent, long, &scratch)
				for _, ahead := range []int64{300, 900, 1800} {
					r.Fill(dst, skip, ahead)
				}
			}
		})
	}
}
