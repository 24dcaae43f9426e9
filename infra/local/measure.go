package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/internal/localstack"
)

// A measurement is what is measured, and how.
type measurement struct {
	what              string // starts, predict or train
	models, histories string
	out               string
	fleet
}

// flags adds those of measurements.
func (m *measurement) flags() {
	flag.StringVar(&m.what, "measure", "", "measure `what` the functions need, and end: starts, predict or train")
	flag.StringVar(&m.models, "models", strings.Join(models.Names(), ","), "with -measure train: models that are trained")
	flag.StringVar(&m.histories, "histories", "7,21,63", "with -measure train: what they are trained on, in `days`, ascending")
	flag.IntVar(&m.containers, "containers", 1000, "with -measure predict: containers of the fleet, each with four metrics")
	flag.Int64Var(&m.step, "step", 60, "with -measure: step of the samples, in `seconds`")
	flag.IntVar(&m.days, "days", 9, "with -measure predict: `days` of samples")
	flag.IntVar(&m.memory, "memory", 256, "with -measure predict: memory of predict, in `MB`")
	flag.StringVar(&m.model, "model", "arima", "with -measure predict: model of the fleet")
	flag.StringVar(&m.out, "json", "", "with -measure: write what was measured to this `file` as well")
}

// run builds the functions and measures them.
func (m *measurement) run(ctx context.Context) error {
	days, err := numbers(m.histories)
	if err != nil {
		return err
	}
	paths, dir, err := localstack.Build(ctx)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	switch m.what {
	case "starts":
		return measureStarts(ctx, dir, paths)
	case "predict":
		return m.predict(ctx, paths, m.out)
	case "train":
		return measureTraining(ctx, paths, words(m.models), days, m.step, m.out)
	}
	return fmt.Errorf("-measure is %q (want starts, predict or train)", m.what)
}
