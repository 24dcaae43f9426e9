// Command linear tries configurations of the linear model on real data without
// ever looking at the test parts: each series is cut before its test part, and
// the last quarter of the rest is judged as a backtest judges.
//
//	go run ./benchmarks/linear -set ridges=0.001,halving=0.5
//	go run ./benchmarks/linear -gated -caution 0.5
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/foretide/foretide/benchmarks/internal/trial"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/infra/csvfile"
)

var (
	data     = flag.String("data", os.Getenv("FORETIDE_DATA"), "folder of metrics files")
	list     = flag.String("list", "", "file that lists the series that are judged (default: all)")
	set      = flag.String("set", "", "fields of the configuration, with semicolons between: ridges=0.001,0.1;halving=0.5")
	gated    = flag.Bool("gated", false, "judge the model as it is served: behind its gate, refitted to all, calibrated")
	simple   = flag.Bool("naive", false, "judge the naive model instead")
	caution  = flag.Float64("caution", -1, "the gate's caution (default: the usual)")
	both     = flag.Bool("both", false, "let the gate take the mean with the naive model")
	split    = flag.Float64("validation", 0, "the share of the history that the gate judges on (default: the usual)")
	fixed    = flag.Bool("fixed", false, "fit once: do not renew the model daily")
	bySeries = flag.Bool("v", false, "print the ratios of each series")
)

// raw is the model with neither gate nor calibration.
type raw struct{ forecast.Model }

func (r raw) Train(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return r.Fit(history, task, opts)
}

// Renewal and Renew implement backtest.Renewer.
func (r raw) Renewal(string) int64 {
	if m, ok := r.Model.(forecast.Refitter); ok {
		return m.Renewal()
	}
	return 0
}

func (r raw) Renew(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, error) {
	renewed, _, err := r.Model.(forecast.Refitter).Refit(fitted, history, task, opts)
	return renewed, err
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "linear:", err)
		os.Exit(1)
	}
}

func run() error {
	config := fit.Defaults()
	if err := trial.Set(&config, *set); err != nil {
		return err
	}
	var model forecast.Model = config
	if *simple {
		model = naive.Defaults()
	}
	var trainer backtest.Trainer = raw{model}
	if *gated {
		t := train.Trainer{Config: train.Defaults(), Model: model}
		if *caution >= 0 {
			t.Config.Calibrate.Caution = *caution
		}
		t.Config.Calibrate.Both = *both
		if *split > 0 {
			t.Config.Validation = *split
		}
		trainer = t
	}
	read, err := csvfile.Read(context.Background(), *data, csvfile.Options{})
	if err != nil {
		return err
	}
	judged, err := trial.ReadList(*list)
	if err != nil {
		return err
	}
	cfg := backtest.Defaults()
	cfg.TestShare, cfg.Workers, cfg.Fixed = trial.TestShare, runtime.GOMAXPROCS(0), *fixed
	cfg.Select = func(container, metric string) bool { return judged == nil || judged[container+" "+metric] }
	frames := read.Frames
	trial.Cut(frames)
	began := time.Now()
	result, err := backtest.Run(frames, trainer, cfg, forecast.Options{}, nil)
	if err != nil {
		return err
	}
	by := []backtest.By{backtest.BySource}
	if *bySeries {
		by = append(by, backtest.BySeries)
	}
	trial.Print(result.Series, *set, time.Since(began), by...)
	return nil
}
