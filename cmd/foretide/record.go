package main

import (
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/mlflow"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
)

const (
	defaultRuns       = "experiments/runs"
	defaultExperiment = "foretide"
)

// runsLong is what the help of the commands that record runs says.
const runsLong = `

What it was given and what came of it is kept as a run, in experiments/runs
unless --runs names another folder; --no-run keeps nothing. With it goes a report
(report.html) of the 60 worst series and pictures (plots) of the 6 worst, which
--no-report leaves out. "foretide runs" lists, shows and compares runs, and MLflow
reads the same folder. Where MLFLOW_TRACKING_URI names a server (http or https),
runs are sent there, too; what could not be sent is told, and "foretide runs sync"
sends it later. "foretide runs --help" has the environment.`

// recordFlags say whether and where a command is recorded.
type recordFlags struct {
	dir, experiment, name string
	register              string // train alone has it
	off                   bool
	plain                 bool // no report, no pictures
}

func (f *recordFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.name, "run-name", "", "name of the run (default: of the command, the models and the metrics)")
	fs.StringVar(&f.experiment, "experiment", orDefault(os.Getenv("MLFLOW_EXPERIMENT_NAME"), defaultExperiment), "experiment that the run belongs to")
	addRuns(cmd, &f.dir)
	fs.BoolVar(&f.off, "no-run", false, "do not record a run")
	fs.BoolVar(&f.plain, "no-report", false, "keep no report and no pictures with the run")
}

// addRuns declares the flag that names the folder of runs.
func addRuns(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "runs", orDefault(os.Getenv("FORETIDE_RUNS"), defaultRuns), "folder of the runs")
}

// check refuses flags that contradict each other.
func (f *recordFlags) check(cmd *cobra.Command) error {
	if f.off {
		for _, name := range []string{"run-name", "experiment", "runs", "no-report"} {
			if cmd.Flags().Changed(name) {
				return usagef(cmd, "--no-run and --%s exclude each other", name)
			}
		}
	}
	if f.off && f.register != "" {
		return usagef(cmd, "--no-run and --register exclude each other")
	}
	if f.experiment == "" {
		return usagef(cmd, "--experiment is empty; name one, such as %q", defaultExperiment)
	}
	return nil
}

// record begins the run of a command; nil where none is recorded. The function
// is to be called when it is over.
func (a *app) record(cmd *cobra.Command, f *recordFlags, name string, params map[string]string, inputs ...runs.Dataset) (*record.Session, func()) {
	if f.off {
		return nil, func() {}
	}
	dir, server := a.tracking(cmd, f.dir)
	o := record.Options{
		Dir: dir, Experiment: f.experiment, Name: orDefault(f.name, name), Command: cmd.Name(), Args: a.args,
		Tell: func(text string) { a.notice("foretide: %s", text) },
	}
	wait := 5 * time.Second
	if d, err := time.ParseDuration(os.Getenv("FORETIDE_TRACKING_WAIT")); err == nil && d >= 0 {
		wait = d
	}
	return record.Open(cmd.Context(), o, server, f.register, wait, params, inputs...)
}

// tracking returns the folder of the runs, and the server that they are sent to;
// nil for none.
func (a *app) tracking(cmd *cobra.Command, dir string) (runs.Dir, *mlflow.Client) {
	return record.Tracking(os.Getenv, dir, cmd.Flags().Changed("runs"), func(text string) { a.notice("foretide: %s", text) })
}

// recordBacktest begins the run of a backtest. The function is to be called when
// it is over.
func (a *app) recordBacktest(cmd *cobra.Command, f *backtestFlags, frames []series.Frame, cfg backtest.Config, metrics []string) (*record.Backtest, func(), error) {
	o := record.BacktestOptions{
		Frames: frames, Jobs: record.Jobs(frames, metrics, cfg.Select), Metrics: metrics, Configs: map[string]*config.Config{},
		By: backtest.By(f.by), Every: cfg.Every, Data: f.data, Models: cmp.Or(f.score, strings.Join(f.models, ", ")), Plain: f.record.plain,
		Params: map[string]string{
			"metric": strings.Join(metrics, ","), "data": f.data, "test_share": terminal.Number(f.share), "every": f.every.String(),
			"refit": f.refit.String(), "by": f.by,
		},
	}
	if len(o.Jobs) == 0 {
		return record.BeginBacktest(nil, o), func() {}, nil
	}
	for _, metric := range metrics {
		c, err := f.configs().Of(metric)
		if err != nil {
			return nil, nil, err
		}
		o.Configs[metric] = c
	}
	for flag, value := range map[string]string{"list": f.list, "out": f.out, "score": f.score, "container": f.container} {
		if value != "" {
			o.Params[flag] = value
		}
	}
	begin, done := a.beginner(cmd, &f.record)
	return record.BeginBacktest(begin, o), done, nil
}

// beginner returns what begins the main run of a command, and what is to be
// called when the command is over; nil for a run that is not recorded.
func (a *app) beginner(cmd *cobra.Command, f *recordFlags) (record.Beginner, func()) {
	if f.off {
		return nil, func() {}
	}
	done := func() {}
	return func(name string, params map[string]string, inputs ...runs.Dataset) *record.Session {
		var s *record.Session
		s, done = a.record(cmd, f, name, params, inputs...)
		return s
	}, func() { done() }
}
