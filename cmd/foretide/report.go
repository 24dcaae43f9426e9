package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/internal/report"
)

type reportFlags struct {
	data, store, out, title, container string
	metrics, counters                  []string
	last, every                        time.Duration
	workers                            int
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	d := report.Defaults()
	cmd := &cobra.Command{
		Use:   "report",
		Short: "One page about a fleet: how good its models were lately, where they fail, what to do",
		Long: `Report judges the checkpoints of a store on the last part of the data, without
training, and writes one HTML page that needs nothing else: which model serves
what and why, errors beside the last value and beside the same time last week,
the worst series first, whether the intervals hold, forecasts against what came,
what is wrong with the data, and what to do next. It opens in any browser, prints,
and can be sent by mail.

What came after a checkpoint's own data is judged where that is a day or more;
otherwise the page says that the model had seen it.` + dataLong,
		Example: `  foretide report --data metrics.csv.gz
  foretide report --data metrics.csv.gz --store checkpoints --out report.html --last 72h
  foretide report --data folder --metric cpu,memory --title "Production"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.report(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints; or one checkpoint")
	fs.StringVarP(&f.out, "out", "o", "report.html", "file for the page")
	fs.StringVar(&f.title, "title", d.Title, "title of the page")
	fs.StringVar(&f.container, "container", "", "the only container to report on (default: all in the data)")
	fs.StringSliceVar(&f.metrics, "metric", nil, "metrics to report on"+several+" (default: all in the data)")
	addCounters(cmd, &f.counters)
	fs.DurationVar(&f.last, "last", time.Duration(d.Last)*time.Second, "how much of each series, at its end, is judged; at most half of it")
	fs.DurationVar(&f.every, "every", time.Duration(d.Every)*time.Second, "time from one origin to the next")
	fs.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "series to work on at the same time")
	return cmd
}

func (a *app) report(cmd *cobra.Command, f *reportFlags) error {
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	switch {
	case f.last < time.Minute:
		return usagef(cmd, "--last is %v; it is at least 1m", f.last)
	case f.every < time.Second:
		return usagef(cmd, "--every is %v; it is at least 1s", f.every)
	case f.workers < 1:
		return usagef(cmd, "--workers is %d; it is at least 1", f.workers)
	case f.out == "" || f.out == "-":
		return usagef(cmd, "--out is %q; name a file", f.out)
	}
	out, err := newfile.Create(f.out) // before the work
	if err != nil {
		return err
	}
	defer out.Abort() // nothing after Commit
	r, err := a.buildReport(cmd, f)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := report.RenderPage(&b, r); err != nil {
		return err
	}
	if _, err := out.Write(b.Bytes()); err != nil {
		return newfile.Named(f.out, err)
	}
	if err := out.Commit(); err != nil {
		return err
	}
	report.WriteBrief(a.out, r, f.out, b.Len())
	return nil
}

// buildReport reads the data and judges the checkpoints.
func (a *app) buildReport(cmd *cobra.Command, f *reportFlags) (*report.Report, error) {
	ctx := cmd.Context()
	p, err := a.openStore(cmd, f.store, false)
	if err != nil {
		return nil, err
	}
	data, err := a.dataFor(ctx, p, f.data, csvfile.Options{Metrics: f.metrics, Counters: f.counters, Container: f.container})
	if err != nil {
		return nil, err
	}
	o := report.Defaults()
	have := metricsOf(data.Frames)
	if o.Metrics = f.metrics; len(o.Metrics) == 0 {
		o.Metrics = have
	}
	for _, m := range o.Metrics {
		if err := checkMetric(m, have); err != nil {
			return nil, err
		}
	}
	o.Title, o.Last, o.Every, o.Workers = f.title, int64(f.last/time.Second), int64(f.every/time.Second), f.workers
	o.Data, o.Store, o.Warnings = filepath.ToSlash(f.data), filepath.ToSlash(f.store), data.Warnings
	m := a.meter("judging the checkpoints", false)
	o.Progress = m.Set
	r, err := report.Build(ctx, data.Frames, p, o)
	m.Finish()
	if errors.Is(err, report.ErrNothing) {
		return nil, dataf("%s: %v", f.data, err)
	}
	return r, err
}
