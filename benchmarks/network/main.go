// Command network tries settings of the network that learns from all series
// together, without ever looking at the test parts: each series is cut before
// its test part, the network is trained on the first three quarters of the rest,
// and the last quarter is judged as a backtest judges.
//
//	go run ./benchmarks/network
//	go run ./benchmarks/network -set "dropout=0.1;epochs=2"
//	go run ./benchmarks/network -leave azure          # judged: a source it has not seen
//	go run ./benchmarks/network -leave each
//
// Once settings are chosen, -final trains on what comes before the test parts and
// judges on these, behind the gate and with intervals as it is served; -auto
// judges its mean with each container's own linear model, too.
//
//	go run ./benchmarks/network -leave each -wide -final -list $FORETIDE_EVAL/subset.txt
//
// -out trains the built-in network.
//
//	go run ./benchmarks/network -out core/general/net.go
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	autofit "github.com/foretide/foretide/core/auto/fit"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	linear "github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/network/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/infra/csvfile"
)

var (
	data  = flag.String("data", os.Getenv("FORETIDE_DATA"), "folder of metrics files")
	set   = flag.String("set", "", "fields of the configuration: dropout=0.1;epochs=2;hidden=128,64")
	leave = flag.String("leave", "", "source that is left out of the training and judged alone, or each")
	wide  = flag.Bool("wide", false, "train on all horizons of minutes to two hours, not only those judged")
	final = flag.Bool("final", false, "judge on the test parts, as it is served: for what is published, not to choose by")
	auto  = flag.Bool("auto", false, "with -final: judge the mean with the linear model")
	list  = flag.String("list", "", "file that lists the series that are judged (default: all)")
	seed  = flag.Uint64("seed", 1, "seed of the training")

	general = flag.String("out", "", "train the built-in network and write it to this `file`")
)

func main() {
	flag.Parse()
	var err error
	if *general != "" {
		err = writeGeneral(*data, *general, *seed)
	} else {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1)
	}
}

func run() error {
	config := fit.Defaults()
	if err := assign(&config, *set); err != nil {
		return err
	}
	read, err := csvfile.Read(context.Background(), *data, csvfile.Options{})
	if err != nil {
		return err
	}
	frames := read.Frames
	if !*final {
		cut(frames)
	}
	listed, err := csvfile.ReadList(*list)
	if err != nil {
		return err
	}
	left := []string{*leave}
	if *leave == "each" {
		left = nil
		for i := range frames {
			if s := sourceOf(frames[i].Container); !slices.Contains(left, s) {
				left = append(left, s)
			}
		}
	}
	all := map[string][]backtest.Series{}
	began := time.Now()
	for _, source := range left {
		if err := try(all, config, frames, source, listed); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		show(all[name], name+" "+*set, time.Since(began), backtest.BySource)
	}
	return nil
}

// try trains on all sources but one, and judges that one, or all; the results go
// to all, by the name of what is judged.
func try(all map[string][]backtest.Series, config fit.Config, frames []series.Frame, left string, listed map[[2]string]bool) error {
	cfg := backtest.Defaults()
	cfg.Workers = runtime.GOMAXPROCS(0)
	if !*final {
		cfg.TestShare = heldShare
	}
	cfg.Select = func(container, metric string) bool { return listed == nil || listed[[2]string{container, metric}] }
	horizons := []int64{300, 900, 1800}
	if *wide {
		horizons = fit.Horizons()
	}
	var judged []series.Frame
	var histories []forecast.History
	for i := range frames {
		f := &frames[i]
		if left == "" || sourceOf(f.Container) == left {
			judged = append(judged, *f)
		}
		if left == "" || sourceOf(f.Container) != left {
			histories = append(histories, historiesOf(f, cfg.TestShare)...)
		}
	}
	began := time.Now()
	net, _, err := config.Train(nil, histories, horizons, forecast.DefaultLevels(), forecast.Options{Seed: *seed})
	if err != nil {
		return err
	}
	fmt.Printf("%s trained in %.0f s\n", left, time.Since(began).Seconds())
	for _, t := range trainersOf(net) {
		result, err := backtest.Run(judged, t, cfg, forecast.Options{}, nil)
		if err != nil {
			return err
		}
		all[t.Name()] = append(all[t.Name()], result.Series...)
	}
	return nil
}

// trainersOf returns what is judged.
func trainersOf(net *network.Net) []backtest.Trainer {
	if !*final {
		return []backtest.Trainer{bound{net: net}}
	}
	alone := train.Trainer{Config: train.Defaults(), Model: bound{net: net}}
	if !*auto {
		return []backtest.Trainer{alone}
	}
	both := train.Trainer{Config: train.Defaults(), Model: autofit.Config{Members: []forecast.Model{linear.Defaults(), bound{net: net}}, Guard: network.Name}}
	both.Config.Calibrate.Both, both.Config.Calibrate.Caution = true, 0.5
	return []backtest.Trainer{alone, both}
}

// bound is the network as a model: alone, with neither gate nor calibration.
type bound struct {
	backtest.Plain
	net *network.Net
}

func (bound) Name() string { return network.Name }
func (bound) Global() bool { return false }
func (b bound) Train(_ []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	f, err := b.net.Bind(task)
	return f, forecast.Report{}, err
}

func (b bound) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return b.Train(history, task, opts)
}
