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

// directAt returns the inputs of all horizons from cell i of a frame, and the
// window's last value and scale.
func directAt(f *series.Frame, i int) (inputs []float64, last, scale float64) {
	var w forecast.Window
	forecast.NewWindows(f, DirectNeeds(f.Step)).At(&w, i)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var d Direct
	var scratch forecast.Scratch
	d.Reset(recent, long, &scratch)
	for k := int64(1); k <= 6; k++ {
		dst := make([]float64, DirectCount)
		d.Fill(dst, (k*300+f.Step-1)/f.Step*f.Step)
		inputs = append(inputs, dst...)
	}
	return inputs, d.Last(), d.Scale()
}

// TestDirectNothingLater: what comes after the origin changes no input.
func TestDirectNothingLater(t *testing.T) {
	for _, step := range []int64{15, 60, 300, 420, 900} {
		f := daily(step, 9.2, 1)
		for back := range 5 {
			i := f.Len() - int(7200/step) - back
			for math.IsNaN(f.Columns[0][i]) {
				i--
			}
			want, _, _ := directAt(&f, i)
			g := f
			g.Columns = [][]float64{slices.Clone(f.Columns[0])}
			for j := i + 1; j < g.Len(); j++ {
				g.Columns[0][j] = 1e9
			}
			if got, _, _ := directAt(&g, i); !slices.Equal(got, want) {
				t.Errorf("step %d: later values change inputs", step)
			}
			g.Columns[0][i]++
			if got, _, _ := directAt(&g, i); slices.Equal(got, want) {
				t.Errorf("step %d: the origin's own value changes nothing", step)
			}
		}
	}
}

// TestDirectIsNaive: an input that is one of the naive family's predictors has
// its value.
func TestDirectIsNaive(t *testing.T) {
	same := map[string]string{
		"mean_15m": "mean_15m", "mean_1h": "mean_1h", "mean_24h": "mean_24h",
		"median_30m": "median_30m", "median_1h": "median_1h", "median_24h": "median_24h",
		"yesterday": "yesterday_smooth", "days_median": "days_median", "days_median_smooth": "days_median_smooth",
		"days_mean_moved": "days_mean_moved_1h", "days_median_moved": "days_median_raw_moved_1h",
		"days_median_scaled": "days_median_raw_scaled_1h", "days_median_smooth_scaled": "days_median_scaled_1h",
		"yesterday_raw": "yesterday", "yesterday_moved": "yesterday_moved_1h",
		"hour": "hour", "hours_median_6": "hours_median_6", "hours_median_24": "hours_median_24", "hours_mean_24": "hours_mean_24",
	}
	for _, step := range []int64{15, 60, 300, 420, 900} {
		f := daily(step, 9.2, 7)
		var w forecast.Window
		i := f.Len() - 1
		for math.IsNaN(f.Columns[0][i]) {
			i--
		}
		forecast.NewWindows(&f, DirectNeeds(f.Step)).At(&w, i)
		recent, _ := w.Recent.Series("cpu")
		long, _ := w.Long.Series("cpu")
		var d Direct
		var v naive.View
		var scratch forecast.Scratch
		d.Reset(recent, long, &scratch)
		v.Reset(recent, long, &scratch)
		if got, want := d.Scale(), ScaleOf(v.Volatility(), v.Last()); math.Abs(got/want-1) > 1e-12 {
			t.Errorf("step %d: the scale is %v, not %v", step, got, want)
		}
		dst := make([]float64, DirectCount)
		for _, ahead := range []int64{300, 900, 1800, 3600, 7200} {
			ahead = (ahead + step - 1) / step * step
			d.Fill(dst, ahead)
			for k, name := range DirectNames() {
				if same[name] == "" {
					continue
				}
				want := d.z(v.Predict(naive.Indices(same[name])[0], ahead))
				if math.Abs(dst[k]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("step %d, %d ahead: %s is %v, not %v", step, ahead, name, dst[k], want)
				}
			}
		}
	}
}

func TestDirectNames(t *testing.T) {
	names := DirectNames()
	for i, n := range names {
		if slices.Index(names, n) != i {
			t.Errorf("%s stands twice", n)
		}
	}
}

// TestDirectEWM: four sums side by side are one after the other.
func TestDirectEWM(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for n := range 90 {
		values := make([]float64, n+1)
		for i := range values {
			values[i] = r.NormFloat64()
			if r.Float64() < 0.2 {
				values[i] = math.NaN()
			}
		}
		values[n] = 1
		d := Direct{recent: series.Series{Step: 60, Values: values}}
		keep, sum, weight := math.Exp2(-60./600), 0.0, 0.0
		for _, x := range tail(values, 61) {
			sum, weight = sum*keep, weight*keep
			if x == x {
				sum, weight = sum+x, weight+1
			}
		}
		if got, want := d.ewm(600), sum/weight; math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
			t.Errorf("of %d values %v, not %v", len(values), got, want)
		}
	}
}

func TestDirectNoAllocation(t *testing.T) {
	f := daily(60, 9, 4)
	var w forecast.Window
	forecast.NewWindows(&f, DirectNeeds(60)).At(&w, f.Len()-1)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var d Direct
	var scratch forecast.Scratch
	dst := make([]float64, DirectCount)
	if n := testing.AllocsPerRun(20, func() {
		d.Reset(recent, long, &scratch)
		d.Fill(dst, 900)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDirect(b *testing.B) {
	for _, step := range []int64{15, 60, 300} {
		b.Run(map[int64]string{15: "15s", 60: "1m", 300: "5m"}[step], func(b *testing.B) {
			f := daily(step, 9, 4)
			var w forecast.Window
			forecast.NewWindows(&f, DirectNeeds(step)).At(&w, f.Len()-1)
			recent, _ := w.Recent.Series("cpu")
			long, _ := w.Long.Series("cpu")
			var d Direct
			var scratch forecast.Scratch
			dst := make([]float64, DirectCount)
			b.ReportAllocs()
			for b.Loop() {
				d.Reset(recent, long, &scratch)
				for _, ahead := range []int64{300, 900, 1800} {
					d.Fill(dst, ahead)
				}
			}
		})
	}
}

// TestDirectLacks: what forecast.Lacks says of a window is what the inputs have
// nothing of, with gaps of any length and at any step.
func TestDirectLacks(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 3))
	seen := map[forecast.Reasons]int{}
	for range 400 {
		step := []int64{15, 60, 300, 420, 900, 3600}[r.IntN(6)]
		f := daily(step, []float64{0.05, 0.1, 0.6, 1.1, 3, 9.2}[r.IntN(6)], r.Uint64())
		for range r.IntN(4) {
			from := r.IntN(f.Len())
			for i := from; i < min(from+int(r.Int64N(2*86400)/step), f.Len()-1); i++ {
				f.Columns[0][i] = math.NaN()
			}
		}
		f.Columns[0][f.Len()-1] = 3
		var w forecast.Window
		forecast.NewWindows(&f, DirectNeeds(step)).At(&w, f.Len()-1)
		recent, _ := w.Recent.Series("cpu")
		long, _ := w.Long.Series("cpu")
		var d Direct
		var scratch forecast.Scratch
		d.Reset(recent, long, &scratch)
		for _, ahead := range []int64{300, 900, 1800, 3600, 86400, 90000} {
			ahead = (ahead + step - 1) / step * step
			got := forecast.Lacks(recent, long, ahead)
			smooth, n := d.smoothed(ahead)
			var want forecast.Reasons
			if n == 0 || math.IsNaN(smooth[0]) {
				want |= forecast.NoDay
			}
			if n == 0 || math.IsNaN(smooth[days-1]) {
				want |= forecast.NoWeek
			}
			if got&^forecast.NoHour != want {
				t.Fatalf("step %d, %d ahead of %d cells: it lacks %q, the inputs %q", step, ahead, f.Len(), got, want)
			}
			// The minute of the hour before may be missing, but where the window does
			// not reach it no input has it.
			var hours [hours]float64
			d.hours(&hours, ahead)
			first := 0
			if ahead%hour == 0 {
				first = 1 // the first is the origin itself
			}
			for _, x := range hours[first:] {
				if got.Has(forecast.NoHour) && !math.IsNaN(x) {
					t.Fatalf("step %d, %d ahead: an hour before is known, and yet %q", step, ahead, got)
				}
			}
			seen[got]++
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %v have come up", seen)
	}
}
