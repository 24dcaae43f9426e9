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

	"github.com/foretide/foretide/internal/localstack"
)

func main() {
	var f fleet
	predict := flag.Bool("predict", false, "measure predict")
	training := flag.Bool("train", false, "measure train")
	models := flag.String("models", "naive,linear,general,auto,arima,prophet,lstm,network", "that are trained")
	histories := flag.String("histories", "7,21,63", "that they are trained on, in `days`, ascending")
	flag.IntVar(&f.containers, "containers", 1000, "of the fleet, each with four metrics")
	flag.Int64Var(&f.step, "step", 60, "of the samples, in `seconds`")
	flag.IntVar(&f.days, "days", 9, "of samples")
	flag.IntVar(&f.memory, "memory", 256, "of predict, in `MB`")
	flag.StringVar(&f.model, "model", "arima", "of the fleet")
	out := flag.String("json", "", "write what was measured to this `file` as well")
	flag.Parse()
	days, err := numbers(*histories)
	if err == nil {
		err = run(context.Background(), func(dir string, paths map[string]string) error {
			switch ctx := context.Background(); {
			case *predict:
				return f.predict(ctx, paths, *out)
			case *training:
				return train(ctx, paths, words(*models), days, f.step, *out)
			default:
				return starting(ctx, dir, paths)
			}
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// run builds the functions for what is to be done with them.
func run(ctx context.Context, do func(dir string, paths map[string]string) error) error {
	paths, dir, err := localstack.Build(ctx)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	return do(dir, paths)
}
