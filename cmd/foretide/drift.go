package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/drift"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
)

type driftFlags struct {
	data, store, container string
	metrics, counters      []string
	last, every            time.Duration
	json                   bool
}

// errDrift: models have become worse than they were.
var errDrift = errors.New("drift")

func (a *app) driftCommand() *cobra.Command {
	var f driftFlags
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Whether models have become worse than they were, and training is due",
		Long: `Drift has the checkpoints of a store forecast the last part of the data again, and
compares with how good they were when they were trained. Point forecasts have
drifted where their error, as a ratio to that of the last value, has risen by
more than a tenth; intervals where more than three in ten values are outside the
80 % interval; both only where that is beyond doubt (at one in a thousand, by
the means of eight parts of the time). Data that the checkpoint was trained on
are not judged: give it what came since. Nor are containers without a checkpoint,
which are no drift: train covers them, as it does every container of its data.

The exit code is 5 where a model has drifted, so that a schedule can train it;
others are errors. In the JSON each model has a reason: worse, intervals_miss (or
both, with a comma between), old_checkpoint (made with another network in the
box), and where it is not judged no_checkpoint, step (the data's does not divide
the model's) or seen (it was trained on all of the data); none where it is as
good as it was.` + dataLong,
		Example: `  foretide drift --data metrics.csv.gz
  foretide drift --data metrics.csv.gz --last 48h --json
  foretide drift --data metrics.csv.gz || { [ $? = 5 ] && foretide train --data metrics.csv.gz; }`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.drift(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints")
	fs.StringVar(&f.container, "container", "", "the only container to look at (default: all in the data)")
	fs.StringSliceVar(&f.metrics, "metric", nil, "metrics to look at"+several+" (default: all in the data)")
	addCounters(cmd, &f.counters)
	fs.DurationVar(&f.last, "last", 24*time.Hour, "how much of the data, at its end, is judged")
	fs.DurationVar(&f.every, "every", 10*time.Minute, "time from one origin to the next")
	fs.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (a *app) drift(cmd *cobra.Command, f *driftFlags) error {
	switch {
	case f.last < time.Hour:
		return usagef(cmd, "--last is %v; it is at least 1h", f.last)
	case f.every < time.Second:
		return usagef(cmd, "--every is %v; it is at least 1s", f.every)
	}
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	ctx := cmd.Context()
	p, err := a.openStore(cmd, f.store, false)
	if err != nil {
		return err
	}
	data, err := a.readData(ctx, f.data, csvfile.Options{Counters: f.counters, Container: f.container})
	if err != nil {
		return err
	}
	have := metricsOf(data.Frames)
	metrics := f.metrics
	if len(metrics) == 0 {
		metrics = have
	}
	for _, m := range metrics {
		if err := checkMetric(m, have); err != nil {
			return err
		}
	}
	var rows []drift.Row
	drifted := 0
	meter := a.meter("looking for drift", false)
	for i := range data.Frames {
		meter.Set(int64(i), int64(len(data.Frames)))
		for _, m := range metrics {
			if data.Frames[i].Column(m) < 0 {
				continue
			}
			row, err := drift.Judge(ctx, p, &data.Frames[i], m, drift.Options{Last: f.last, Every: f.every})
			if err != nil {
				meter.Finish()
				return err
			}
			if row.Drift {
				drifted++
			}
			rows = append(rows, row)
		}
	}
	meter.Set(int64(len(data.Frames)), int64(len(data.Frames)))
	meter.Finish()
	if !f.json {
		report.WriteDrift(a.out, rows)
	} else if err := terminal.WriteJSON(a.out, rows); err != nil {
		return err
	}
	if drifted > 0 {
		return fmt.Errorf("%w: %d of %d models have become worse than they were, or cannot serve: train them", errDrift, drifted, len(rows))
	}
	return nil
}
