package models_test

import (
	"fmt"
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/core/series"
)

// A fitted model becomes bytes and, by the name of its kind, the same model again.
func ExampleDecode() {
	v := make([]float64, 3*288)
	for i := range v {
		v[i] = 2 + math.Sin(2*math.Pi*float64(i)/288)
	}
	history := []series.Frame{series.FrameOf("web", series.CPU, series.Series{Start: 1722470400, Step: 300, Values: v})}
	task := forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300}, Levels: forecast.DefaultLevels(),
		Bounds: series.DefaultBounds(series.CPU)}
	trainer, err := fit.Trainer("naive", fit.Defaults())
	if err != nil {
		fmt.Println(err)
		return
	}
	fitted, _, err := trainer.Model.Fit(history, task, forecast.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := models.Decode(fitted.Kind(), fitted.AppendPayload(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fitted.Kind(), again.Spec().Model, again.Spec().Horizons)
	// Output: naive.1 naive [300]
}
