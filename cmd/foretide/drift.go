package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-json"
	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/loader"
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

// A driftRow is what became of a model's forecasts.
type driftRow struct {
	Container string         `json:"container"`
	Metric    string         `json:"metric"`
	Model     string         `json:"model,omitempty"`
	Drift     bool           `json:"drift"`
	Reason    string         `json:"reason,omitempty"`  // a word for each thing that is the matter, as the help lists them
	Skipped   string         `json:"skipped,omitempty"` // why it was not judged
	Horizons  []driftHorizon `json:"horizons,omitempty"`
}

type driftHorizon struct {
	Seconds    int64   `json:"horizon_s"`
	Rows       int     `json:"forecasts"`
	Ratio      float64 `json:"ratio"`
	Was        float64 `json:"ratio_when_trained"`
	Coverage80 float64 `json:"coverage80"`
	Worse      bool    `json:"worse"`
	Missing    bool    `json:"intervals_miss"`
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
	var rows []driftRow
	drifted := 0
	meter := a.meter("looking for drift", false)
	for i := range data.Frames {
		meter.Set(int64(i), int64(len(data.Frames)))
		for _, m := range metrics {
			if data.Frames[i].Column(m) < 0 {
				continue
			}
			row, err := f.judge(ctx, p, &data.Frames[i], m)
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
	if err := writeDrift(a.out, rows, f.json); err != nil {
		return err
	}
	if drifted > 0 {
		return fmt.Errorf("%w: %d of %d models have become worse than they were, or cannot serve: train them", errDrift, drifted, len(rows))
	}
	return nil
}

// judge judges the model of a metric of a frame.
func (f *driftFlags) judge(ctx context.Context, p *loader.Predictor, frame *series.Frame, metric string) (driftRow, error) {
	row := driftRow{Container: frame.Container, Metric: metric}
	model, _, err := p.Model(ctx, frame.Container, metric)
	if err != nil {
		return row, err
	}
	if s, ok := model.(*calibrate.Shared); ok {
		model, _ = s.Of(frame.Container)
	}
	fitted, ok := model.(*calibrate.Fitted)
	if !ok {
		row.Reason, row.Skipped = "no_checkpoint", `no checkpoint; "foretide train" makes one`
		if key, why := p.Serving(frame.Container, metric); why&forecast.NoCheckpoint == 0 {
			row.Drift, row.Reason, row.Skipped = true, "old_checkpoint", "the checkpoint "+key.Name()+" was made with another network in the box (old_checkpoint): train it again"
		}
		return row, nil
	}
	spec := fitted.Spec()
	row.Model = spec.Model
	own := *frame
	switch {
	case spec.Step%frame.Step != 0:
		row.Reason, row.Skipped = "step", fmt.Sprintf("the data have a value every %d s, the model wants %d s", frame.Step, spec.Step)
		return row, nil
	case spec.Step != frame.Step:
		own = series.CoarsenFrame(frame, spec.Step)
	}
	key, _ := p.Serving(frame.Container, metric)
	c, err := p.Describe(ctx, key)
	if err != nil {
		return row, err
	}
	from := own.Len() - int(f.last/time.Second)/int(own.Step)
	if seen := int((c.Provenance.DataEnd-own.Start)/own.Step) + 1; c.Provenance.DataEnd >= own.Start {
		from = max(from, seen)
	}
	part := series.Part{From: max(from, 0), To: own.Len()}
	if part.Len() <= 0 {
		row.Reason, row.Skipped = "seen", "the checkpoint has seen all of the data"
		return row, nil
	}
	ds, err := fitted.Drift(&own, part, int(f.every/time.Second)/int(own.Step), forecast.Options{Interrupt: func() bool { return ctx.Err() != nil }})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return row, err
	}
	for i := range ds {
		d := &ds[i]
		row.Drift = row.Drift || d.Drifted()
		row.Horizons = append(row.Horizons, driftHorizon{d.Ahead, d.Rows, d.Ratio, d.Was, d.Coverage80, d.Worse, d.Missing})
	}
	row.Reason = reasonOf(row.Horizons)
	return row, nil
}

// reasonOf says what has drifted at any of the horizons.
func reasonOf(horizons []driftHorizon) string {
	var words []string
	if slices.ContainsFunc(horizons, func(h driftHorizon) bool { return h.Worse }) {
		words = append(words, "worse")
	}
	if slices.ContainsFunc(horizons, func(h driftHorizon) bool { return h.Missing }) {
		words = append(words, "intervals_miss")
	}
	return strings.Join(words, ",")
}

func writeDrift(w io.Writer, rows []driftRow, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	t := newTable("container", "metric", "model", "ahead", "forecasts", "ratio", "when trained", "80 % covers", "")
	t.right(3, 4, 5, 6, 7)
	for _, r := range rows {
		if r.Skipped != "" {
			t.row(r.Container, r.Metric, r.Model, "", "", "", "", "", "not judged: "+r.Skipped)
			continue
		}
		container, metric, model := r.Container, r.Metric, r.Model
		for _, h := range r.Horizons {
			t.row(container, metric, model, minutes(h.Seconds), fmt.Sprint(h.Rows), fmt.Sprintf("%.3f", h.Ratio), fmt.Sprintf("%.3f", h.Was),
				fmt.Sprintf("%.0f %%", 100*h.Coverage80), h.verdict())
			container, metric, model = "", "", ""
		}
	}
	t.write(w)
	return nil
}

// verdict says what has drifted.
func (h *driftHorizon) verdict() string {
	var says []string
	if h.Worse {
		says = append(says, "worse than it was")
	}
	if h.Missing {
		says = append(says, "intervals miss")
	}
	return strings.Join(says, ", ")
}
