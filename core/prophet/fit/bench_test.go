package fit

import (
	"math"
	"strconv"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// load is a week of a container as synthetic.py of benchmarks/prophet makes it:
// a trend, a day, a week and noise.
func load(n int, step int64) series.Frame {
	v := make([]float64, n)
	state := uint64(1)
	for i := range v {
		state = state*6364136223846793005 + 1442695040888963407
		noise := float64(state>>33)/(1<<31) - 0.5
		x := float64(i) * float64(step) / 86400
		v[i] = 50 + 2*x + 10*math.Sin(2*math.Pi*x) + 4*math.Sin(4*math.Pi*x) + 5*math.Cos(2*math.Pi*x/7) + 6*noise
	}
	return series.FrameOf("webapp", series.CPU, series.Series{Start: 1_700_000_100, Step: step, Values: v})
}

func weekly() Config {
	c := Defaults()
	c.WeeklySeasonality, c.DailySeasonality = 3, 4
	return c
}

func task(step int64) forecast.Task {
	return forecast.Task{Metric: series.CPU, Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
}

// BenchmarkEstimate is Prophet's own fit: seven days at 5 minutes and at 30 s.
func BenchmarkEstimate(b *testing.B) {
	for _, n := range []int{2016, 20160} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			f := load(n, 7*86400/int64(n))
			c := weekly()
			t := task(f.Step)
			d := c.dataOf(&f, &t)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Estimate(d, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFit is the model that serves: the curve and its memory.
func BenchmarkFit(b *testing.B) {
	f := load(2016, 300)
	c := weekly()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Fit([]series.Frame{f}, task(300), forecast.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkForecast forecasts three horizons, plain and with the memory.
func BenchmarkForecast(b *testing.B) {
	for _, step := range []int64{300, 15} {
		for _, memory := range []bool{false, true} {
			name := strconv.FormatInt(step, 10) + "s"
			if memory {
				name += "/memory"
			} else {
				name += "/plain"
			}
			b.Run(name, func(b *testing.B) {
				f := load(int(9*86400/step), step)
				c := weekly()
				c.Correction = memory
				past := f.Slice(0, f.Len()-100)
				m, _, err := c.Fit([]series.Frame{past}, task(step), forecast.Options{})
				if err != nil {
					b.Fatal(err)
				}
				w := forecast.WindowOf(&f, m.Spec().Needs)
				var dst forecast.Forecast
				b.ReportAllocs()
				for b.Loop() {
					if err := m.Forecast(&dst, &w); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
