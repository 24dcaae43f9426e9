// Command lstm tries configurations of the LSTM on real data, without ever
// looking at the test parts: each series is cut before its test part, and the
// rest is judged as a backtest judges. A whole source can be left out of the
// training and judged alone.
//
//	go run ./benchmarks/lstm -metrics cpu -set hidden=32,steps=60
//	go run ./benchmarks/lstm -metrics cpu -leave bitbrains
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/benchmarks/internal/trial"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/infra/csvfile"
)

var (
	data    = flag.String("data", os.Getenv("FORETIDE_DATA"), "folder of metrics files")
	list    = flag.String("list", "", "file that lists the series that are judged (default: all)")
	metrics = flag.String("metrics", "cpu", "metrics, with commas between")
	set     = flag.String("set", "", "fields of the configuration: hidden=32,steps=60")
	leave   = flag.String("leave", "", "source that is judged and not trained on")
	seed    = flag.Uint64("seed", 1, "seed")
	gated   = flag.Bool("gated", false, "judge the model as it is served: refitted, behind its gate, calibrated")
	curve   = flag.Bool("v", false, "print the loss of each epoch")
	profile = flag.String("cpuprofile", "", "file for a profile")
)

// A trainer is the raw network, with neither gate nor calibration.
type trainer struct {
	config fit.Config
	leave  string
}

func (t trainer) Name() string { return "lstm" }
func (t trainer) Global() bool { return t.config.Global() }

func (t trainer) Train(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if t.leave != "" {
		history = slices.DeleteFunc(slices.Clone(history), func(f series.Frame) bool { return source(f.Container) == t.leave })
	}
	began := time.Now()
	if *curve {
		opts.Progress = func(e forecast.Event) {
			if e.Stage == "epoch" {
				fmt.Printf("  %s step %d: epoch %d loss %.5f (%.0f s)\n", task.Metric, task.Step, e.Done, e.Loss, time.Since(began).Seconds())
			}
		}
	}
	fitted, report, err := t.config.Fit(history, task, opts)
	if err != nil {
		return nil, report, err
	}
	fmt.Printf("%s step %d: %s, %.0f s\n", task.Metric, task.Step, report.Summary, time.Since(began).Seconds())
	if t.config.RefitEpochs > 0 {
		if fitted, report, err = t.config.Refit(fitted, history, task, opts); err != nil {
			return nil, report, err
		}
		fmt.Printf("%s step %d: refitted, %.0f s\n", task.Metric, task.Step, time.Since(began).Seconds())
	}
	return fitted, report, nil
}

func source(container string) string {
	s, _, _ := strings.Cut(container, "/")
	return s
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lstm:", err)
		os.Exit(1)
	}
}

func run() error {
	stop, err := startProfile(*profile)
	if err != nil {
		return err
	}
	defer stop()
	t := trainer{config: fit.Defaults(), leave: *leave}
	if err := override(&t.config, *set); err != nil {
		return err
	}
	read, err := csvfile.Read(context.Background(), *data, csvfile.Options{})
	if err != nil {
		return err
	}
	cfg := backtest.Defaults()
	cfg.TestShare = trial.TestShare
	cfg.Workers = runtime.GOMAXPROCS(0)
	wanted := strings.Split(*metrics, ",")
	cfg.Task = func(metric string, step int64) (forecast.Task, error) {
		if !slices.Contains(wanted, metric) {
			return forecast.Task{}, nil
		}
		return backtest.DefaultTask(metric, step)
	}
	judged, err := trial.ReadList(*list)
	if err != nil {
		return err
	}
	cfg.Select = func(container, metric string) bool {
		return (*leave == "" || source(container) == *leave) && (judged == nil || judged[container+" "+metric])
	}
	frames := read.Frames
	trial.Cut(frames)
	began := time.Now()
	var judging backtest.Trainer = t
	if *gated {
		judging = train.Trainer{Config: train.Defaults(), Model: t.config}
	}
	result, err := backtest.Run(frames, judging, cfg, forecast.Options{Seed: *seed}, nil)
	if err != nil {
		return err
	}
	trial.Print(result.Series, *set, time.Since(began), backtest.BySource)
	return nil
}

// override sets fields of the configuration by their names, in any case.
func override(c *fit.Config, text string) error {
	v := reflect.ValueOf(c).Elem()
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		key, value, _ := strings.Cut(one, "=")
		f := v.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, key) })
		if !f.IsValid() {
			return fmt.Errorf("-set has no field %q", key)
		}
		var err error
		switch f.Kind() {
		case reflect.Int:
			var n int
			n, err = strconv.Atoi(value)
			f.SetInt(int64(n))
		case reflect.Float64:
			var x float64
			x, err = strconv.ParseFloat(value, 64)
			f.SetFloat(x)
		case reflect.Bool:
			var b bool
			b, err = strconv.ParseBool(value)
			f.SetBool(b)
		}
		if err != nil {
			return fmt.Errorf("-set %s: %w", one, err)
		}
	}
	return nil
}
