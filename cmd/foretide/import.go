package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/prophetjson"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

type importFlags struct {
	metric, container, config, zone, store string
	data, scope                            string
	counters                               []string
	step                                   time.Duration
	refit                                  bool
}

// importCommand is a subcommand of checkpoint.
func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a checkpoint of a model that was trained elsewhere: by PyTorch, or Prophet",
		Long: `Import makes a checkpoint of a model that another program has fitted. What it is
the file itself tells.

A network of PyTorch (safetensors, as infra/torch/train.py writes it): it is
judged and calibrated on the last part of the data's histories as if it had been
trained here, and the checkpoint has the same gate, naive stand-in and intervals.
--data is the data that its windows were made from (foretide windows), with the
same --counter; its configuration is in the file. Where there are networks for
several steps, import those of fewer containers with --scope container: the last
one without it serves all other containers.

A model of Prophet (JSON, as model_to_json of prophet.serialize writes it): the
checkpoint forecasts the same. Trend, seasonalities, holidays and regressors are
Prophet's, and so are the intervals. There is no refit, no gate and no correction
by recent errors; train makes models that have them. --metric says what it is of.`,
		Example: `  foretide checkpoint import cpu.safetensors --data metrics.csv.gz
  foretide checkpoint import cpu.safetensors --data metrics.csv.gz --scope finetune
  foretide checkpoint import model.json --metric cpu --container webapp --step 5m
  foretide checkpoint import model.json --metric cpu --container webapp --step 1m --time-zone Europe/Berlin`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd, "name the file with the model")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			tensors, err := isSafetensors(args[0])
			switch {
			case err != nil:
				return err
			case tensors:
				return a.importTorch(cmd, args[0], &f)
			}
			return a.importProphet(cmd, args[0], &f)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.metric, "metric", "", "metric that the model forecasts (PyTorch: the file says)")
	fs.StringVar(&f.container, "container", "", "container that it is for (default: every container; PyTorch: all in the data)")
	fs.DurationVar(&f.step, "step", config.Defaults(series.CPU).Data.Step, "Prophet: step of the data that it will forecast from")
	fs.StringVar(&f.config, "config", "", "configuration file with horizons, quantiles and bounds (default: built in; PyTorch: the file's)")
	fs.StringVar(&f.zone, "time-zone", "UTC", "Prophet: time zone of the times that the model was fitted to")
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"for the checkpoint")
	fs.StringVar(&f.data, "data", "", "PyTorch: metrics file, or folder of them, that judge and calibrate it")
	addCounters(cmd, &f.counters)
	fs.StringVar(&f.scope, "scope", "", "PyTorch: one checkpoint for all containers (global), one for each (container),\n"+
		"or one for all that is trained further on each (finetune) (default: the configuration's)")
	fs.BoolVar(&f.refit, "train-further", false, "PyTorch: train it further, here, on all of the data once it has been judged, as train does")
	return cmd
}

// mostModel bounds a serialised model: its history is in it.
const mostModel = 1 << 30

func (a *app) importProphet(cmd *cobra.Command, path string, f *importFlags) error {
	step := int64(f.step / time.Second)
	for _, name := range []string{"data", "counter", "scope", "train-further"} {
		if cmd.Flags().Changed(name) {
			return usagef(cmd, "--%s is for networks of PyTorch, and %s is not a safetensors file", name, path)
		}
	}
	switch {
	case f.metric == "":
		return usagef(cmd, "--metric is missing: it names the metric that the model forecasts")
	case step < 1 || f.step%time.Second != 0:
		return usagef(cmd, "--step is %v; it is whole seconds, such as 15s or 5m", f.step)
	}
	location, err := time.LoadLocation(f.zone)
	if err != nil {
		return usagef(cmd, "--time-zone is %q, which is none; Europe/Berlin is one", f.zone)
	}
	zone, err := loader.Zone(location, time.Unix(0, 0), time.Unix(1<<32, 0))
	if err != nil {
		return err
	}
	c, err := fleet.LoadConfig(f.config, f.metric, os.Environ())
	if err != nil {
		return err
	}
	task, err := fleet.Task(c, step)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostModel))
	if err != nil {
		return err
	}
	curve, err := prophetjson.Decode(data, zone)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fitted, err := prophet.New(task, curve, nil)
	if err != nil {
		return err
	}
	checkpoint := loader.NewCheckpoint(fitted, f.container, codec.Provenance{
		Version: loader.Version, Model: prophet.Name, Config: c.Show(), Containers: []string{f.container},
		DataStart: curve.Start, DataEnd: curve.Start + int64(curve.Span),
		Status: "imported", Summary: fitted.Detail(), Notes: []string{"a model that Prophet serialised; its intervals are Prophet's own"},
	})
	name := loader.KeyOf(checkpoint).Name()
	bucket, err := storeOf(cmd.Context(), f.store)
	if err != nil {
		return err
	}
	if _, err := loader.Save(cmd.Context(), bucket, checkpoint); err != nil {
		return err
	}
	a.notice("%s is in %s", name, f.store)
	return nil
}
