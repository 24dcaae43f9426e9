package forecast_test

import (
	"fmt"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// minutes returns a frame of one metric with a value a minute.
func minutes(values ...float64) series.Frame {
	return series.FrameOf("web", series.CPU, series.Series{Start: 1722470400, Step: 60, Values: values})
}

// A fitted model forecasts from any recent window. Where the window holds less than
// the model asks for, the forecast carries the reasons.
func ExampleFitted() {
	task := forecast.Task{Metric: series.CPU, Step: 60, Horizons: []int64{300, 900},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	model := naive.Unfitted(task, forecast.NoCheckpoint)
	frame := minutes(0.5, 0.5, 0.6, 0.4)
	window := forecast.WindowOf(&frame, model.Spec().Needs)
	var f forecast.Forecast // keep it: the next forecast reuses its storage
	if err := model.Forecast(&f, &window); err != nil {
		fmt.Println(err)
		return
	}
	for i := range f.At {
		fmt.Printf("in %d s: %.2f (%s)\n", f.At[i].Ahead, f.Median(&f.At[i]), f.At[i].Reasons)
	}
	// Output:
	// in 300 s: 0.46 (short_window,no_long,no_checkpoint,no_day,no_week)
	// in 900 s: 0.46 (short_window,no_long,no_checkpoint,no_day,no_week)
}

// Quantiles between the levels of a forecast are interpolated.
func ExampleForecast_Interval() {
	f := forecast.Forecast{Levels: []float64{0.1, 0.5, 0.9},
		At: []forecast.Horizon{{Ahead: 300, Quantiles: []float64{0.2, 0.4, 1.2}}}}
	lo, hi := f.Interval(&f.At[0], 0.8)
	fmt.Println(f.Median(&f.At[0]), lo, hi)
	// Output: 0.4 0.2 1.2
}

// A window holds what a model needs of a longer frame: recent cells at the full step,
// and a long part in coarser cells.
func ExampleWindowOf() {
	frame := minutes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	w := forecast.WindowOf(&frame, forecast.Needs{Recent: 3, Long: 2, LongStep: 300})
	fmt.Println(w.Recent.Columns[0], w.Long.Columns[0])
	// Output: [10 11 12] [3 8]
}

// Check reports a horizon that is not a multiple of the step.
func ExampleTask_Check() {
	task := forecast.Task{Metric: series.CPU, Step: 60, Horizons: []int64{90}, Levels: forecast.DefaultLevels()}
	fmt.Println(task.Check())
	// Output: forecast: horizon is not a positive multiple of the step
}

// Reasons are a set. Programs compare bits, people read names.
func ExampleReasons() {
	r := forecast.Stale | forecast.NoLong
	fmt.Println(r, r.Has(forecast.Stale), r.Has(forecast.Constant))
	// Output: no_long,stale true false
}
