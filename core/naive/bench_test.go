package naive

import (
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

func BenchmarkForecast(b *testing.B) {
	for _, step := range []int64{15, 60, 300} {
		b.Run(durationName(step), func(b *testing.B) {
			s := daily(step, 9, 11)
			f, _ := fit(b, s, taskOf(step))
			frame := series.FrameOf("web", "cpu", s)
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

func BenchmarkFill(b *testing.B) {
	s := daily(300, 9, 12)
	frame := series.FrameOf("web", "cpu", s)
	w := forecast.WindowOf(&frame, NeedsOf(300))
	recent, _ := w.Recent.Series("cpu")
	long, _ := w.Long.Series("cpu")
	var v View
	var scratch forecast.Scratch
	var dst [Count]float64
	b.ReportAllocs()
	for b.Loop() {
		v.Reset(recent, long, &scratch)
		for _, ahead := range []int64{300, 900, 1800} {
			v.Fill(dst[:], ahead)
		}
	}
}

// BenchmarkFit fits a week: 40,320 points at a step of 15 s.
func BenchmarkFit(b *testing.B) {
	for _, step := range []int64{15, 300} {
		b.Run(durationName(step), func(b *testing.B) {
			s := daily(step, 7, 11)
			frame := []series.Frame{series.FrameOf("web", "cpu", s)}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Defaults().Fit(frame, taskOf(step), forecast.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
