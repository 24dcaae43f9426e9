package main

import (
	"context"
	"errors"
	"github.com/foretide/foretide/core/models"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/report"
)

type backtestFlags struct {
	settings
	record                     recordFlags
	data, list, out, score, by string
	models                     []string
	share                      float64
	every, refit               time.Duration
	workers                    int
	fixed, json, markdown      bool
}

func (a *app) backtestCommand() *cobra.Command {
	var f backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest",
		Short: "Judge models by forecasting the last part of the data from what was known then",
		Long: `Backtest fits a model to the first part of every series, walks an origin through
the rest, forecasts from what was known there, and scores what came true: MAE,
RMSE, R², sMAPE, MASE, the ratio of the MAE to that of the last value (below 1
is better), coverage and width of the 80 % intervals, Winkler and pinball
scores. Numbers are medians over the series of a group. A series that never
changes there is not judged (not_judged in the JSON): nothing can be better than
its last value.

--out writes the forecasts themselves, a row for each origin and horizon:
container,metric,origin,horizon,model,mean,lo80,hi80 (mean is the median, times
are Unix seconds). --score judges such a file instead of making forecasts.` + runsLong + dataLong,
		Example: `  foretide backtest --data metrics.csv.gz
  foretide backtest --data metrics.csv.gz --model naive,arima --metric cpu --refit 24h
  foretide backtest --data folder --list series.txt --model arima --out arima.csv.gz
  foretide backtest --data folder --score other-tool.csv.gz --group-by source`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.backtest(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVar(&f.list, "list", "", "file that lists the series to judge, CONTAINER METRIC on a line (default: all)")
	fs.StringSliceVar(&f.models, "model", nil, "models to judge"+several+": "+strings.Join(models.Names(), ", ")+" (default: the configuration's)")
	fs.StringVarP(&f.out, "out", "o", "", "file for the forecasts (CSV, compressed where the name ends in .gz)")
	fs.StringVar(&f.score, "score", "", "forecast file to judge instead of models")
	fs.StringVar(&f.by, "group-by", string(backtest.ByMetric), "group the series by metric, source (the container's name up to the first slash) or series")
	fs.Float64Var(&f.share, "test-share", backtest.Defaults().TestShare, "share of each series, at its end, that is forecast")
	fs.DurationVar(&f.every, "every", time.Duration(backtest.Defaults().Every)*time.Second, "time from one origin to the next")
	fs.DurationVar(&f.refit, "refit", 0, "fit again after so much time, to all before (default: fit once)")
	fs.BoolVar(&f.fixed, "fixed", false, "keep models as fitted: not renewed daily (linear, auto), intervals that do not follow what comes true")
	fs.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "series to work on at the same time")
	fs.BoolVar(&f.json, "json", false, "print JSON, with the scores of every series")
	fs.BoolVar(&f.markdown, "markdown", false, "print the table as Markdown")
	f.addScope(cmd)
	f.add(cmd, "judge")
	f.record.add(cmd)
	return cmd
}

func (f *backtestFlags) validate(cmd *cobra.Command) error {
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]backtest.By{backtest.ByMetric, backtest.BySource, backtest.BySeries}, backtest.By(f.by)):
		return usagef(cmd, "--group-by is %q; it can be metric, source or series", f.by)
	case !(f.share > 0 && f.share < 1):
		return usagef(cmd, "--test-share is %v; it is a share between 0 and 1, such as 0.3", f.share)
	case f.every < time.Second:
		return usagef(cmd, "--every is %v; it is at least 1s", f.every)
	case f.refit != 0 && f.refit < time.Second:
		return usagef(cmd, "--refit is %v; it is at least 1s, or 0 to fit once", f.refit)
	case f.workers < 1:
		return usagef(cmd, "--workers is %d; it is at least 1", f.workers)
	case f.score != "" && (len(f.models) > 0 || f.out != ""):
		return usagef(cmd, "--score judges a file: --model and --out do not go with it")
	case f.out == "-":
		return usagef(cmd, "--out is -, but the standard output is for the table; name a file")
	case f.json && f.markdown:
		return usagef(cmd, "--json and --markdown exclude each other")
	}
	for _, m := range f.models {
		if err := fleet.CheckModel(m); err != nil {
			return err
		}
	}
	f.wide = slices.ContainsFunc(f.models, func(m string) bool { return models.Of(m).Siblings })
	if err := f.record.check(cmd); err != nil {
		return err
	}
	return f.check()
}

func (a *app) backtest(cmd *cobra.Command, f *backtestFlags) error {
	if err := f.validate(cmd); err != nil {
		return err
	}
	data, metrics, err := f.read(cmd, a, f.data)
	if err != nil {
		return err
	}
	cfg, err := f.task(cmd, metrics)
	if err != nil {
		return err
	}
	jobs := f.judged(cmd, data.Frames, cfg.Select)
	a.notices(report.MissingHorizons(jobs))
	a.tellOutsideJobs(jobs)
	rec, done, err := a.recordBacktest(cmd, f, data.Frames, cfg, metrics)
	if err != nil {
		return err
	}
	var all []backtest.Series
	if f.score != "" {
		all, err = rec.Rescore(cfg, f.score)
	} else {
		all, err = a.judge(cmd, f, data.Frames, cfg, metrics, rec)
	}
	rec.Finish(all, err)
	done()
	if errors.Is(err, backtest.ErrNothing) {
		return dataf("%s: no series has an origin and a target in its last %.0f %%: the history is too short, or --list and --container leave none",
			f.data, 100*f.share)
	}
	if err != nil {
		return err
	}
	return f.print(a, all)
}

// task is the configuration of the backtest.
func (f *backtestFlags) task(cmd *cobra.Command, metrics []string) (backtest.Config, error) {
	cfg := backtest.Defaults()
	cfg.TestShare, cfg.Workers, cfg.Fixed = f.share, f.workers, f.fixed
	cfg.Every, cfg.Refit = int64(f.every/time.Second), int64(f.refit/time.Second)
	cfg.Task = func(metric string, step int64) (forecast.Task, error) {
		c, err := f.configs().Of(metric)
		if err != nil {
			return forecast.Task{}, err
		}
		return fleet.Task(c, step)
	}
	listed, err := csvfile.ReadList(f.list)
	if err != nil {
		return cfg, err
	}
	cfg.Select = func(container, metric string) bool {
		if !slices.Contains(metrics, metric) || listed != nil && !listed[[2]string{container, metric}] {
			return false
		}
		c, err := f.configs().Of(metric)
		return err != nil || f.configs().Serves(c, container) // Task returns the error
	}
	return cfg, nil
}

// judged lists the series that the backtest judges.
func (f *backtestFlags) judged(cmd *cobra.Command, frames []series.Frame, selected func(container, metric string) bool) (jobs []fleet.Job) {
	for i := range frames {
		for _, m := range frames[i].Metrics {
			if !selected(frames[i].Container, m) {
				continue
			}
			if c, err := f.configs().Of(m); err == nil { // running returns the error
				jobs = append(jobs, fleet.Job{Frame: &frames[i], Config: c})
			}
		}
	}
	return jobs
}

// judge runs the models, and writes their forecasts where that is asked for.
func (a *app) judge(cmd *cobra.Command, f *backtestFlags, frames []series.Frame, cfg backtest.Config, metrics []string, rec *record.Backtest) ([]backtest.Series, error) {
	trainers, err := f.configs().Trainers(f.models, metrics)
	if err != nil {
		return nil, err
	}
	var seed uint64
	if c, err := f.configs().Of(f.first()); err == nil {
		seed = c.Training.Seed
	}
	all, err := rec.Judge(trainers, f.out, func(t backtest.Trainer, row func(*backtest.Row) error, watch func(*forecast.Event)) (*backtest.Result, error) {
		return a.run1(cmd.Context(), frames, t, cfg, seed, row, watch)
	})
	if err == nil && f.out != "" {
		a.notice("the forecasts are in %s", f.out)
	}
	return all, err
}

// run1 runs one backtest with progress and tells what it left out. watch is
// given every event, too; it may be nil.
func (a *app) run1(ctx context.Context, frames []series.Frame, t backtest.Trainer, cfg backtest.Config, seed uint64, emit func(*backtest.Row) error, watch func(*forecast.Event)) (*backtest.Result, error) {
	m := &telling{app: a}
	defer m.finish()
	r, err := backtest.Run(frames, t, cfg, forecast.Options{
		Seed:      seed,
		Interrupt: func() bool { return ctx.Err() != nil },
		Progress: func(e forecast.Event) {
			m.tell(fleet.Judging(t.Name(), &e))
			if watch != nil {
				watch(&e)
			}
		},
	}, emit)
	if r != nil {
		for _, s := range r.Skipped {
			a.notice("foretide: %s of %s is left out: %s", s.Metric, s.Container, s.Why)
		}
	}
	return r, err
}
