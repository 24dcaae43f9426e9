package feature

import (
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// wideAt returns all inputs of all horizons from cell i of a frame.
func wideAt(f *series.Frame, i int) []float32 {
	var w forecast.Window
	forecast.NewWindows(f, DirectNeeds(f.Step)).At(&w, i)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var x Wide
	var scratch forecast.Scratch
	x.Reset(recent, long, &scratch)
	var out []float32
	for _, ahead := range []int64{300, 900, 1800} {
		dst, skip := make([]float32, WideCount), make([]float32, WideSkip)
		x.Fill(dst, skip, ahead)
		out = append(append(out, dst...), skip...)
	}
	return out
}

// TestWideNothingLater: what comes after the origin changes no input, and what
// comes before it does.
func TestWideNothingLater(t *testing.T) {
	for _, step := range []int64{15, 60, 300, 420} {
		f := daily(step, 9.2, 1)
		i := f.Len() - int(7200/step)
		for math.IsNaN(f.Columns[0][i]) {
			i--
		}
		want := wideAt(&f, i)
		for j := i + 1; j < f.Len(); j++ {
			f.Columns[0][j] = 1e9
		}
		if !slices.Equal(wideAt(&f, i), want) {
			t.Errorf("step %d: an input looks ahead", step)
		}
		f.Columns[0][i-1] += 5
		if slices.Equal(wideAt(&f, i), want) {
			t.Errorf("step %d: no input looks back", step)
		}
	}
}

// TestWideUnits: inputs have neither unit nor level, but for how large the last
// value is.
func TestWideUnits(t *testing.T) {
	f := daily(300, 9.2, 2)
	i := f.Len() - 30
	want := wideAt(&f, i)
	for j := range f.Columns[0] {
		f.Columns[0][j] *= 1024
	}
	for k, x := range wideAt(&f, i) {
		if math.Abs(float64(x-want[k])) > 1e-4 {
			t.Errorf("input %d of the same in another unit is %v, not %v", k, x, want[k])
		}
	}
}

// TestWideFinite: whatever the window holds, inputs are finite.
func TestWideFinite(t *testing.T) {
	nan := math.NaN()
	day := daily(300, 9.2, 3).Columns[0]
	spiky := slices.Clone(day)
	spiky[len(spiky)-5] = math.MaxFloat64
	for name, values := range map[string][]float64{
		"one": {5}, "two": {5, 6}, "missing": {nan, nan, nan}, "constant": slices.Repeat([]float64{7}, 3000),
		"zero": slices.Repeat([]float64{0}, 3000), "spike": spiky, "hour": day[:12], "last missing": append(slices.Clone(day), nan),
		"huge": {-math.MaxFloat64, math.MaxFloat64, math.MaxFloat64},
	} {
		f := series.FrameOf("web", "cpu", series.Series{Start: 86400 * 19000, Step: 300, Values: values})
		for k, x := range wideAt(&f, len(values)-1) {
			if x-x != 0 {
				t.Errorf("%s: input %d is %v", name, k, x)
			}
		}
	}
}

// TestWideDistance: how far the last hour was from the hour before, the day
// before and the week before is what a plain loop finds.
func TestWideDistance(t *testing.T) {
	for _, step := range []int64{60, 300} {
		f := daily(step, 9.2, 4)
		i := f.Len() - 40
		for math.IsNaN(f.Columns[0][i]) {
			i--
		}
		var w forecast.Window
		ws := forecast.NewWindows(&f, DirectNeeds(step))
		ws.At(&w, i)
		recent, _ := w.Recent.Series("cpu")
		long, _ := w.Long.Series("cpu")
		var x Wide
		var scratch forecast.Scratch
		x.Reset(recent, long, &scratch)
		for _, back := range []int64{300, 3600, 86400, 7 * 86400} {
			sum, n := 0.0, 0
			for k := range int64(12) {
				at := f.Time(i) - k*300
				before := f.Columns[0][i-int((k*300+back)/step)]
				if long := x.value(x.place(at - back)); back > 3600 {
					before = long
				}
				if d := math.Abs(f.Columns[0][i-int(k*300/step)] - before); d == d {
					sum += d
					n++
				}
			}
			if got, want := x.distance(back), sum/float64(n); math.Abs(got-want) > 1e-9 {
				t.Errorf("step %d, %d s back: %v, want %v", step, back, got, want)
			}
		}
	}
}

func TestWideNoAllocation(t *testing.T) {
	f := daily(60, 9.2, 5)
	var w forecast.Window
	forecast.NewWindows(&f, DirectNeeds(f.Step)).At(&w, f.Len()-1)
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var x Wide
	var scratch forecast.Scratch
	dst, skip := make([]float32, WideCount), make([]float32, WideSkip)
	if n := testing.AllocsPerRun(20, func() {
		x.Reset(recent, long, &scratch)
		x.Fill(dst, skip, 900)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkWide(b *testing.B) {
	for _, c := range []struct {
		name string
		step int64
	}{{"15s", 15}, {"1m", 60}, {"5m", 300}} {
		b.Run(c.name, func(b *testing.B) {
			f := daily(c.step, 9.2, 1)
			var w forecast.Window
			forecast.NewWindows(&f, DirectNeeds(f.Step)).At(&w, f.Len()-1)
			recent, _ := w.Recent.Series("cpu")
			long, _ := w.Long.Series("cpu")
			var x Wide
			var scratch forecast.Scratch
			dst, skip := make([]float32, WideCount), make([]float32, WideSkip)
			b.ReportAllocs()
			for b.Loop() {
				x.Reset(recent, long, &scratch)
				for _, ahead := range []int64{300, 900, 1800} {
					x.Fill(dst, skip, ahead)
				}
			}
		})
	}
}
