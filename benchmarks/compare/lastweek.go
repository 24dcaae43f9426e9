package main

import (
	"math"
	"path/filepath"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/infra/csvfile"
)

// lastWeek forecasts the value of the same time a week before, as Mimir's rules
// for anomalies do; where there was none, nothing.
func lastWeek(dir string, tasks []task) error {
	w, err := csvfile.CreateForecasts(filepath.Join(dir, "lastweek.csv"))
	if err != nil {
		return err
	}
	defer w.Abort() // nothing after Commit
	for i := range tasks {
		t := &tasks[i]
		for _, o := range t.origins {
			for _, h := range horizons {
				j := o.index + int((h-7*day)/t.Step)
				if j < 0 || math.IsNaN(t.Values[j]) {
					continue
				}
				row := backtest.Row{Container: t.container, Metric: t.metric, Model: "lastweek",
					Origin: t.Start + int64(o.index)*t.Step, Horizon: h, Point: t.Values[j], Lo: math.NaN(), Hi: math.NaN()}
				if err := w.Write(&row); err != nil {
					return err
				}
			}
		}
	}
	return w.Commit()
}

// mix writes the mean of two forecast files, of their points and of their
// bounds, where both have a forecast.
func mix(dir, name, a, b string, tasks []task) error {
	first, err := load(filepath.Join(dir, a+".csv"))
	if err != nil {
		return err
	}
	second, err := load(filepath.Join(dir, b+".csv"))
	if err != nil {
		return err
	}
	w, err := csvfile.CreateForecasts(filepath.Join(dir, name+".csv"))
	if err != nil {
		return err
	}
	defer w.Abort() // nothing after Commit
	for i := range tasks {
		t := &tasks[i]
		for _, o := range t.origins {
			at := t.Start + int64(o.index)*t.Step
			for _, h := range horizons {
				p, lo, hi := first(t.container, t.metric, at, h)
				p2, lo2, hi2 := second(t.container, t.metric, at, h)
				row := backtest.Row{Container: t.container, Metric: t.metric, Model: name, Origin: at, Horizon: h,
					Point: (p + p2) / 2, Lo: (lo + lo2) / 2, Hi: (hi + hi2) / 2}
				if math.IsNaN(row.Point) {
					continue
				}
				if err := w.Write(&row); err != nil {
					return err
				}
			}
		}
	}
	return w.Commit()
}

// load reads the only model of a forecast file.
func load(path string) (backtest.Lookup, error) {
	f, err := csvfile.LoadForecasts(path)
	if err != nil {
		return nil, err
	}
	return f.Lookup(f.Models[0]), nil
}
