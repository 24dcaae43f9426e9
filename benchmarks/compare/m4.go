package main

import (
	"fmt"
	"math"
	"time"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	modelfit "github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/testkit"
)

const (
	m4Metric = "value"
	m4Step   = 3600
	m4Begin  = 1700000000 / 604800 * 604800 // all series begin at the same time of some week
)

// Of Naive 2 on the hourly series, as the competition published it.
const (
	naive2SMAPE = 18.383
	naive2MASE  = 2.395
)

// m4 judges models on the hourly series of the M4 competition: 48 hours ahead, from
// the end of each series' training part, by OWA.
func m4(data string, models []string, every int) error {
	all, err := testkit.M4Hourly(data)
	if err != nil {
		return err
	}
	var some []testkit.M4Series
	for i := 0; i < len(all); i += every {
		some = append(some, all[i])
	}
	fmt.Printf("%-10s %7s %7s %7s %9s   of %d series\n", "model", "sMAPE", "MASE", "OWA", "seconds", len(some))
	for _, name := range models {
		began := time.Now()
		smape, mase, err := judgeM4(name, some)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%-10s %7.3f %7.3f %7.3f %9.1f\n", name, smape, mase, (smape/naive2SMAPE+mase/naive2MASE)/2, time.Since(began).Seconds())
	}
	return nil
}

// judgeM4 returns the sMAPE and MASE of a model.
func judgeM4(name string, all []testkit.M4Series) (smape, mase float64, err error) {
	t, err := modelfit.Trainer(name, modelfit.Defaults())
	if err != nil {
		return 0, 0, err
	}
	task := forecast.Task{Metric: m4Metric, Step: m4Step, Levels: forecast.DefaultLevels(), Bounds: series.Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}}
	for h := int64(1); h <= 48; h++ {
		task.Horizons = append(task.Horizons, h*m4Step)
	}
	frames := make([]series.Frame, len(all))
	histories := make([]forecast.History, len(all))
	for i, s := range all {
		frames[i] = series.FrameOf(s.ID, m4Metric, series.Series{Start: m4Begin, Step: m4Step, Values: s.Train})
		histories[i] = forecast.History{Frame: frames[i], Metric: m4Metric}
	}
	if t, err = t.Pool(histories, task.Horizons, forecast.Options{Seed: 1}); err != nil {
		return 0, 0, err
	}
	models, err := fitM4(t, frames, task)
	if err != nil {
		return 0, 0, err
	}
	var dst forecast.Forecast
	for i, s := range all {
		w := forecast.WindowOf(&frames[i], models[i].Spec().Needs)
		if err := models[i].Forecast(&dst, &w); err != nil {
			return 0, 0, err
		}
		scale, n := 0.0, 0.0
		for j := testkit.M4Period; j < len(s.Train); j++ {
			scale += math.Abs(s.Train[j] - s.Train[j-testkit.M4Period])
			n++
		}
		for k, y := range s.Test {
			x := dst.Median(&dst.At[k])
			smape += 200 * math.Abs(y-x) / (math.Abs(y) + math.Abs(x)) / float64(len(s.Test)*len(all))
			mase += math.Abs(y-x) / (scale / n) / float64(len(s.Test)*len(all))
		}
	}
	return smape, mase, nil
}

// fitM4 returns the model of each series.
func fitM4(t train.Trainer, frames []series.Frame, task forecast.Task) ([]forecast.Fitted, error) {
	out := make([]forecast.Fitted, len(frames))
	if !t.Global() {
		for i := range frames {
			m, _, err := t.Train(frames[i:i+1], task, forecast.Options{Seed: 1})
			if err != nil {
				return nil, err
			}
			out[i] = m
		}
		return out, nil
	}
	m, _, err := t.Train(frames, task, forecast.Options{Seed: 1})
	if err != nil {
		return nil, err
	}
	for i := range frames {
		out[i], _ = m.(*calibrate.Shared).Of(frames[i].Container)
	}
	return out, nil
}
