// Measure prints what the functions need, from the bootstraps that ship and a real
// S3 server.
//
//	go run ./infra/local/measure          # sizes, starts and warm calls, beside an empty function
//	go run ./infra/local/measure -predict # a fleet's forecasts: time, memory, requests
//	go run ./infra/local/measure -train   # a series' training, by model and history
//
// It needs versitygw on the path. Times of processors (cpu) are fit to compare on
// a busy machine, those of the clock are not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/foretide/foretide/infra/local/stack"
)

func main() {
	var f fleet
	predict := flag.Bool("predict", false, "measure predict")
	train := flag.Bool("train", false, "measure train")
	flag.IntVar(&f.containers, "containers", 1000, "of the fleet, each with four metrics")
	flag.Int64Var(&f.step, "step", 60, "of the samples, in `seconds`")
	flag.IntVar(&f.days, "days", 9, "of samples")
	flag.IntVar(&f.memory, "memory", 256, "of predict, in `MB`")
	flag.StringVar(&f.model, "model", "arima", "of the fleet")
	out := flag.String("json", "", "write what -predict and -train measured to this `file` as well")
	flag.Parse()
	if err := run(context.Background(), &f, *predict, *train, *out); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f *fleet, predict, train bool, out string) error {
	paths, dir, err := stack.Build(ctx)
	defer os.RemoveAll(dir)
	switch {
	case err != nil:
		return err
	case predict:
		return f.predict(ctx, paths, out)
	case train:
		return training(ctx, paths, f.step, out)
	}
	return starting(ctx, dir, paths)
}
