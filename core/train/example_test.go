package train_test

import (
	"fmt"
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

// Fit holds back the last part of a history, judges the model there, and calibrates
// its intervals.
func ExampleConfig_Fit() {
	v := make([]float64, 10*288)
	for i := range v {
		v[i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + 0.2*math.Sin(float64(i)*1.7)
	}
	history := []series.Frame{series.FrameOf("web", series.CPU, series.Series{Start: 1722470400, Step: 300, Values: v})}
	task := forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	model, report, err := train.Defaults().Fit(naive.Defaults(), history, task, forecast.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	window := forecast.WindowOf(&history[0], model.Spec().Needs)
	var f forecast.Forecast
	if err := model.Forecast(&f, &window); err != nil {
		fmt.Println(err)
		return
	}
	h := f.Find(1800)
	lo, hi := f.Interval(h, 0.8)
	fmt.Println(report.Model, report.Points, lo < f.Median(h) && f.Median(h) < hi)
	// Output: naive 2880 true
}
