package fleet

import (
	"github.com/foretide/foretide/core/models/fit"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// BenchmarkForecast is a forecast of three horizons by nine quantiles as a
// checkpoint serves it, behind gate and intervals.
func BenchmarkForecast(b *testing.B) {
	h := benchFrame()
	task := forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(),
		Bounds: series.DefaultBounds(series.CPU)}
	for _, name := range []string{"naive", "linear", "general", "auto"} {
		t, err := fit.Trainer(name, fit.Defaults())
		if err != nil {
			b.Fatal(err)
		}
		fitted, _, err := t.Train([]series.Frame{h}, task, forecast.Options{})
		if err != nil {
			b.Fatal(err)
		}
		w := forecast.WindowOf(&h, fitted.Spec().Needs)
		var dst forecast.Forecast
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := fitted.Forecast(&dst, &w); err != nil {
					b.Fatal(err)
				}
			}
			b.Log(dst.At[0].Model, dst.At[0].Detail)
		})
	}
}

// benchFrame is three weeks of a daily curve, a job at each full hour, and noise.
func benchFrame() series.Frame {
	r := rand.New(rand.NewPCG(1, 2))
	v := make([]float64, 21*288)
	for i := range v {
		v[i] = 50 + 20*math.Sin(2*math.Pi*float64(i)/288) + 3*r.NormFloat64()
		if i%12 == 0 {
			v[i] += 30
		}
	}
	return series.FrameOf("web", series.CPU, series.Series{Start: 1700006400, Step: 300, Values: v})
}
