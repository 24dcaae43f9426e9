package record

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/infra/csvfile"
)

// Rescore scores the models of a forecast file, and records them.
func (b *Backtest) Rescore(cfg backtest.Config, path string) ([]backtest.Series, error) {
	file, err := csvfile.LoadForecasts(path)
	if err != nil {
		return nil, err
	}
	if len(file.Models) == 0 {
		return nil, fmt.Errorf("%s: %w: there is a header but no forecast", path, csvfile.ErrForecasts)
	}
	b.Models(file.Models)
	var all []backtest.Series
	for _, model := range file.Models {
		b.Begin(model)
		r, err := backtest.Rescore(b.frames, cfg, model, file.Lookup(model))
		if err != nil {
			return nil, err
		}
		b.Judged(r.Series)
		all = append(all, r.Series...)
	}
	return all, nil
}

// A Runner runs one model's backtest. It passes on every forecast and event.
type Runner func(t backtest.Trainer, row func(*backtest.Row) error, watch func(*forecast.Event)) (*backtest.Result, error)

// Judge judges models one after the other, records them, and writes their
// forecasts to a file; "" for none.
func (b *Backtest) Judge(trainers []backtest.Trainer, path string, run Runner) ([]backtest.Series, error) {
	var names []string
	for _, t := range trainers {
		names = append(names, t.Name())
	}
	b.Models(names)
	emit := func(*backtest.Row) error { return nil }
	var out *csvfile.ForecastWriter
	if path != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		var err error
		if out, err = csvfile.CreateForecasts(path); err != nil {
			return nil, err
		}
		defer out.Abort() // nothing after Commit
		emit = out.Write
	}
	var all []backtest.Series
	for _, t := range trainers {
		b.Begin(t.Name())
		r, err := run(t, func(r *backtest.Row) error { b.Row(r); return emit(r) }, b.Event)
		if err != nil {
			return nil, err
		}
		b.Judged(r.Series)
		all = append(all, r.Series...)
	}
	if out != nil {
		return all, out.Commit()
	}
	return all, nil
}
