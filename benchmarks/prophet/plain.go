package main

import (
	"context"
	"runtime"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

// plainTrainer fits plain Prophet: no correction, gate or calibration.
type plainTrainer struct{ backtest.Plain }

func (plainTrainer) Name() string { return "plain" }
func (plainTrainer) Global() bool { return false }
func (plainTrainer) Train(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	c := fit.Defaults()
	c.Correction = false
	return c.Fit(history, task, opts)
}

// plain forecasts the last 30 % of the listed series with plain Prophet fitted
// to the rest, into a file that evaluate.py scores.
func plain(data, list, out string) error {
	listed, err := csvfile.ReadList(list)
	if err != nil {
		return err
	}
	read, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	cfg := backtest.Defaults()
	cfg.Workers = runtime.NumCPU()
	cfg.Select = func(container, metric string) bool { return listed == nil || listed[[2]string{container, metric}] }
	cfg.Task = func(metric string, step int64) (forecast.Task, error) {
		return forecast.Task{Metric: metric, Step: step, Horizons: []int64{300, 900, 1800},
			Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(metric)}, nil
	}
	w, err := csvfile.CreateForecasts(out)
	if err != nil {
		return err
	}
	defer w.Abort() // nothing after Commit
	if _, err := backtest.Run(read.Frames, plainTrainer{}, cfg, forecast.Options{}, w.Write); err != nil {
		return err
	}
	return w.Commit()
}
