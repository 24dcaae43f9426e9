package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/cmd/foretide/demo"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// heldBack is how much of the demo's data, at its end, is not trained on: the
// forecast that it shows comes from there.
const heldBack = 24 * time.Hour

// The demo takes less than a minute on two cores, compiling included: a model
// is added here only if that stays so.
var (
	demoMetrics = []string{series.CPU, series.Memory}
	demoModels  = []string{"naive", "arima", "auto"}
)

func (a *app) demoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: train, judge and forecast on three embedded weeks of real metrics",
		Long: `Demo writes three weeks of CPU and memory of one real container pool to
OUT/data, trains a model of each into OUT/checkpoints, judges the models on the
last third, and prints a forecast for 5, 15 and 30 minutes ahead beside what
really happened. It needs no network and takes less than a minute.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), out) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "foretide-demo", "folder for the data and the checkpoints")
	return cmd
}

func (a *app) demo(ctx context.Context, out string) error {
	frame, file, err := a.demoData(ctx, out)
	if err != nil {
		return err
	}
	checkpoints := loader.Folder(filepath.Join(out, "checkpoints"))
	if err := a.demoTrain(ctx, frame, checkpoints); err != nil {
		return err
	}
	if err := a.demoBacktest(ctx, frame); err != nil {
		return err
	}
	if err := a.demoForecast(ctx, frame, checkpoints.Path); err != nil {
		return err
	}
	fmt.Fprintf(a.out, `
What next, on your own data (go install ./cmd/foretide puts foretide on the path):

  foretide predict --data %s --store %s
  foretide export --url http://localhost:9090 --seconds 604800 --out metrics.csv.gz
  foretide backtest --data metrics.csv.gz --model naive,arima,auto
  foretide train --data metrics.csv.gz
  foretide predict --data metrics.csv.gz
`, file, checkpoints.Path)
	return nil
}

// demoData writes the embedded data as a file and reads it as a user's.
func (a *app) demoData(ctx context.Context, out string) (*series.Frame, string, error) {
	b, err := demo.CSV()
	if err != nil {
		return nil, "", err
	}
	const name = "metrics.csv"
	dir := store.Folder{Path: filepath.Join(out, "data")}
	if err := dir.Put(ctx, name, b); err != nil {
		return nil, "", err
	}
	file := filepath.Join(dir.Path, name)
	data, err := a.readData(ctx, file, csvfile.Options{})
	if err != nil {
		return nil, "", err
	}
	f := &data.Frames[0]
	fmt.Fprintf(a.out, "Data: %s, %d rows of one container pool, %s to %s\n",
		file, data.Rows, terminal.Stamp(f.Start)[:10], terminal.Stamp(f.Time(f.Len()))[:10])
	return f, file, nil
}

// demoTrain trains on all but what is held back.
func (a *app) demoTrain(ctx context.Context, frame *series.Frame, bucket store.Bucket) error {
	history := frame.Slice(0, frame.Len()-int(int64(heldBack/time.Second)/frame.Step))
	var jobs []fleet.Job
	for _, metric := range demoMetrics {
		jobs = append(jobs, fleet.Job{Frame: &history, Config: config.Defaults(metric)})
	}
	start := time.Now()
	results, err := a.trainFleet(ctx, jobs, bucket, fleet.Options{})
	if err != nil {
		return err
	}
	if err := fleet.Failure(results); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\nTrained on all but the last day in %.1f s; the scores are from the validation part:\n\n", time.Since(start).Seconds())
	report.WriteTrained(a.out, results)
	return nil
}

func (a *app) demoBacktest(ctx context.Context, frame *series.Frame) error {
	cfg := backtest.Defaults()
	cfg.Workers = runtime.GOMAXPROCS(0)
	var all []backtest.Series
	for _, name := range demoModels {
		c := config.Defaults(demoMetrics[0])
		c.Model.ModelType = name
		t, err := fleet.Configured(c)
		if err != nil {
			return err
		}
		r, err := a.run1(ctx, []series.Frame{*frame}, t, cfg, 0, nil, nil)
		if err != nil {
			return err
		}
		all = append(all, r.Series...)
	}
	fmt.Fprintf(a.out, "\nBacktest: fitted to the first 70 %%, auto renewed daily, %d-minute origins through the rest:\n\n", cfg.Every/60)
	report.Summary(backtest.Summarise(all, backtest.ByMetric), backtest.ByMetric).Write(a.out)
	fmt.Fprintln(a.out, "\nA ratio is to the mean absolute error of the last value: below 1 is better.")
	return nil
}

// demoForecast forecasts from the middle of what was held back, and shows what
// really came.
func (a *app) demoForecast(ctx context.Context, frame *series.Frame, store string) error {
	p, err := loader.Open(store)
	if err != nil {
		return err
	}
	origin := frame.Len() - int(int64(heldBack/time.Second)/frame.Step)/2
	forecasts, err := p.PredictAll(ctx, []series.Frame{frame.Slice(0, origin+1)}, loader.Batch{Metrics: demoMetrics})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\nForecast at %s, half a day after the last row that was trained on:\n\n", terminal.Stamp(frame.Time(origin)))
	t := terminal.NewTable("metric", "now", "ahead", "forecast", "80 % from", "to", "what happened", "")
	t.Right(1, 2, 3, 4, 5, 6)
	for _, f := range forecasts {
		actual, _ := frame.Series(f.Metric)
		for i := range f.At {
			h := &f.At[i]
			metric, now := f.Metric, terminal.Number(actual.Values[origin])
			if i > 0 {
				metric, now = "", ""
			}
			lo, hi := f.Interval(h, 0.8)
			came := actual.Values[origin+int(h.Ahead/frame.Step)]
			verdict := "outside"
			if lo <= came && came <= hi {
				verdict = "inside"
			}
			t.Row(metric, now, terminal.Minutes(h.Ahead), terminal.Number(f.Median(h)), terminal.Number(lo), terminal.Number(hi), terminal.Number(came), verdict)
		}
	}
	t.Write(a.out)
	a.writeCharts([]series.Frame{*frame}, forecasts)
	return nil
}
