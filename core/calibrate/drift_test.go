package calibrate_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

// driftFrame is twelve days of a daily curve with noise; change alters the last
// two.
func driftFrame(seed uint64, change func(i int, x float64) float64) series.Frame {
	r := rand.New(rand.NewPCG(seed, 1))
	v := make([]float64, 12*288)
	for i := range v {
		v[i] = 100 + 50*math.Sin(2*math.Pi*float64(i)/288) + 5*r.NormFloat64()
		if i >= 10*288 && change != nil {
			v[i] = change(i, v[i])
		}
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 1700006400, Step: 300, Values: v})
}

func driftOf(t *testing.T, f *series.Frame) []calibrate.Drift {
	t.Helper()
	history := f.Slice(0, 10*288)
	task := forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 1800}, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
	fitted, _, err := train.Defaults().Fit(naive.Defaults(), []series.Frame{history}, task, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := fitted.Drift(f, series.Part{From: 10 * 288, To: f.Len()}, 3, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestNoDrift: a series that goes on as it was has none, whatever its noise.
func TestNoDrift(t *testing.T) {
	for seed := range uint64(12) {
		f := driftFrame(seed, nil)
		for _, d := range driftOf(t, &f) {
			if d.Drifted() || !(d.Was < 1) || math.Abs(d.Ratio-d.Was) > 0.1 || d.Rows < 150 {
				t.Errorf("seed %d: %+v", seed, d)
			}
		}
	}
}

// TestDrift: where the series becomes another one, the forecasts become worse or
// the intervals miss.
func TestDrift(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for name, c := range map[string]struct {
		change         func(i int, x float64) float64
		worse, missing bool
	}{
		"spikes": {func(i int, x float64) float64 {
			if r.IntN(3) == 0 {
				return x + 300*r.Float64()
			}
			return x
		}, false, true},
		"a sawtooth that turns each time the forecast has got used to it": {func(i int, x float64) float64 {
			return 100 + 40*float64(i%13)
		}, true, true},
		"a curve half a day late, as quiet as it was": {func(i int, x float64) float64 {
			return 100 + 50*math.Sin(math.Pi+2*math.Pi*float64(i)/288) + 0.5*math.Sin(float64(i*i))
		}, true, true},
	} {
		f := driftFrame(3, c.change)
		for _, d := range driftOf(t, &f) {
			if c.missing != d.Missing || c.worse != d.Worse {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// TestDriftFewRows: what is too little to tell is not told.
func TestDriftFewRows(t *testing.T) {
	f := driftFrame(1, func(int, float64) float64 { return 1e6 })
	short := f.Slice(0, 10*288+20)
	for _, d := range driftOf(t, &short) {
		if d.Drifted() || d.Rows > 7 {
			t.Errorf("%+v", d)
		}
	}
}
