package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/infra/torch"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
)

type windowsFlags struct {
	settings
	data, out, latest string
	epochs            int
	step              time.Duration
}

func (a *app) windowsCommand() *cobra.Command {
	var f windowsFlags
	f.model = lstm.Name
	cmd := &cobra.Command{
		Use:   "windows",
		Short: "Write the windows that an LSTM is trained on, for training in PyTorch",
		Long: `Windows writes what "foretide train --model lstm" would train a metric's
model on: every window as the network reads it, with its targets, epoch after
epoch in the order of training, and the windows that decide when to stop. The
part of the history that judges the model is left out. The file is safetensors;
infra/torch/train.py trains the same model on it, on a GPU where there is one:

  foretide windows --data metrics.csv.gz --metric cpu -o cpu.windows
  python3 infra/torch/train.py cpu.windows -o cpu.safetensors
  foretide checkpoint import cpu.safetensors --data metrics.csv.gz

Containers whose values are 15 s apart have another model than those whose values
are 5 min apart: --step chooses. The model and its training are the
configuration's, whatever its model_type is.
A training of more epochs than the file has goes through them again, in another
order.

With --latest it writes the window at the end of each container's data instead, as
the network of that checkpoint reads it: the inputs of its ONNX model (checkpoint
export), with last and scale. A forecast is last + scale · quantile.` + dataLong,
		Example: `  foretide windows --data metrics.csv.gz --metric cpu -o cpu.windows
  foretide windows --data metrics.csv.gz --config configs/cpu.yaml --epochs 4 -o cpu.windows
  foretide windows --data metrics.csv.gz --latest checkpoints/cpu/_shared.ckpt -o now.safetensors`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.windows(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVarP(&f.out, "out", "o", "", "file for the windows")
	fs.IntVar(&f.epochs, "epochs", 0, "epochs of windows in the file (default: the configuration's, but at most what 1 GB holds)")
	fs.StringVar(&f.latest, "latest", "", "checkpoint of an LSTM: write the latest window of each container, as it reads it")
	fs.DurationVar(&f.step, "step", 0, "only containers with a value every so often (default: all, which must have one step)")
	f.add(cmd, "write windows of")
	fs.Lookup("metric").Usage = "the metric to write windows of (default: the configuration file's)"
	f.addScope(cmd)
	_ = cmd.MarkFlagFilename("latest", "ckpt") // the flag is there
	return cmd
}

// mostWindows is about how many bytes of windows are written unless a flag asks
// for more.
const mostWindows = 1 << 30

func (a *app) windows(cmd *cobra.Command, f *windowsFlags) error {
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	switch {
	case f.out == "":
		return usagef(cmd, "--out is missing: it names the file for the windows")
	case f.epochs < 0:
		return usagef(cmd, "--epochs is %d; it is at least 1", f.epochs)
	case f.latest != "":
		return a.latestWindows(cmd, f)
	case f.step < 0 || f.step%time.Second != 0:
		return usagef(cmd, "--step is %v; it is whole seconds, such as 15s or 5m", f.step)
	case len(f.metrics) > 1:
		return usagef(cmd, "--metric is %s; a file has windows of one metric", terminal.List(f.metrics))
	case len(f.metrics) == 0 && (f.config == "" || f.configs().Folder()):
		return usagef(cmd, "--metric is missing: it names the metric that the model is to forecast")
	}
	if err := f.check(); err != nil {
		return err
	}
	jobs, err := f.jobs(cmd, a, f.data)
	if err != nil {
		return err
	}
	if f.step != 0 {
		if jobs, err = a.ofStep(jobs, int64(f.step/time.Second)); err != nil {
			return err
		}
	}
	d, err := fleet.Draw(jobs)
	if err != nil {
		return err
	}
	return a.writeWindows(cmd, f, d)
}

func (a *app) writeWindows(cmd *cobra.Command, f *windowsFlags, d *fleet.Drawing) error {
	row := torch.RowSize(d.Windows.Shape())
	epochs := f.epochs
	if epochs == 0 {
		epochs = d.Model.Epochs
		if most := int(mostWindows / (row * int64(d.Windows.PerEpoch()))); most < epochs {
			epochs = max(most, 1)
			a.notice("foretide: the file has windows of %d of the %d epochs; --epochs %d writes all, in %s",
				epochs, d.Model.Epochs, d.Model.Epochs, gigabytes(row*int64(d.Model.Epochs*d.Windows.PerEpoch())))
		}
	}
	m := a.meter("writing", false)
	err := torch.SaveWindows(f.out, &torch.Source{
		Windows: d.Windows, Task: d.Task, Model: d.Model, Seed: d.Config.Training.Seed, Epochs: epochs,
		Config: d.Config.YAML(), Data: d.Data,
		Progress: func(done, total int) error {
			m.Set(int64(done), int64(total))
			return cmd.Context().Err()
		},
	})
	m.Finish()
	if err != nil {
		return err
	}
	n := epochs * d.Windows.PerEpoch()
	a.notice("%d windows of %s of %s and %d held back, %s, are in %s", n, d.Task.Metric,
		terminal.Counted(len(d.Windows.Containers()), "container"), d.Windows.Held(), gigabytes(row*int64(n+d.Windows.Held())), f.out)
	return nil
}

// ofStep returns the jobs whose containers have a value every so many seconds,
// and tells of the others.
func (a *app) ofStep(jobs []fleet.Job, step int64) ([]fleet.Job, error) {
	out, others := report.OfStep(jobs, step)
	switch {
	case len(out) == 0:
		return nil, dataf("no container has a value every %d s (there are %s)", step, others)
	case others != "":
		a.notice("foretide: left out %s", others)
	}
	return out, nil
}

// latestWindows writes what the network of a checkpoint reads now.
func (a *app) latestWindows(cmd *cobra.Command, f *windowsFlags) error {
	for _, name := range []string{"config", "epochs", "metric", "scope", "seed", "step"} {
		if cmd.Flags().Changed(name) {
			return usagef(cmd, "--%s and --latest exclude each other: the checkpoint says what its network reads", name)
		}
	}
	_, net, err := readNetwork(cmd.Context(), f.latest)
	if err != nil {
		return err
	}
	data, err := a.readData(cmd.Context(), f.data, csvfile.Options{Counters: f.counters, Container: f.container})
	if err != nil {
		return err
	}
	var frames []series.Frame
	for i := range data.Frames {
		switch frame := &data.Frames[i]; {
		case frame.Column(net.Spec().Metric) < 0:
		case frame.Step != net.Spec().Step:
			a.notice("foretide: left out %s: it has a value every %d s, and the model reads one every %d s",
				frame.Container, frame.Step, net.Spec().Step)
		default:
			frames = append(frames, *frame)
		}
	}
	if len(frames) == 0 {
		return dataf("%s: no container has %s at steps of %d s, as the model of %s reads it", f.data, net.Spec().Metric, net.Spec().Step, f.latest)
	}
	if err := torch.SaveLatest(f.out, net, frames); err != nil {
		return err
	}
	a.notice("the latest windows of %s of %s are in %s", net.Spec().Metric, terminal.Counted(len(frames), "container"), f.out)
	return nil
}

// gigabytes prints a size for people.
func gigabytes(bytes int64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.3g MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.3g GB", float64(bytes)/1e9)
}
