// Command general trains the network in the box on a folder of metrics: on what
// comes before the test part of each series, all metrics and steps together.
// The same data and seed give the same network on processors with the same
// kernels.
//
//	go run ./benchmarks/general -data $FORETIDE_DATA -out core/network/general/general.net
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/foretide/foretide/benchmarks/internal/trial"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/network/fit"
	"github.com/foretide/foretide/infra/csvfile"
)

func main() {
	data := flag.String("data", os.Getenv("FORETIDE_DATA"), "folder of metrics files")
	out := flag.String("out", "", "file that the network is written to")
	seed := flag.Uint64("seed", 1, "seed of the training")
	flag.Parse()
	if err := run(*data, *out, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "general:", err)
		os.Exit(1)
	}
}

func run(data, out string, seed uint64) error {
	if data == "" || out == "" {
		return fmt.Errorf("-data and -out are needed")
	}
	read, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	var histories []forecast.History
	for i := range read.Frames {
		histories = append(histories, trial.Histories(&read.Frames[i], backtest.Defaults().TestShare)...)
	}
	began, told := time.Now(), time.Now()
	opts := forecast.Options{Seed: seed, Progress: func(e forecast.Event) {
		if e.Done > 0 && time.Since(told) > 10*time.Second {
			told = time.Now()
			left := time.Duration(float64(e.Total-e.Done) / float64(e.Done) * float64(time.Since(began))).Round(time.Second)
			fmt.Fprintf(os.Stderr, "%d of %d windows, loss %.4f, %v left\n", e.Done, e.Total, e.Loss, left)
		}
	}}
	net, _, err := fit.Defaults().Train(nil, histories, fit.Horizons(), forecast.DefaultLevels(), opts)
	if err != nil {
		return err
	}
	w := codec.NewWriter(nil)
	net.Write(w)
	if err := os.WriteFile(out, w.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%d series, %d bytes, %.0f s\n", len(histories), len(w.Bytes()), time.Since(began).Seconds())
	return nil
}
