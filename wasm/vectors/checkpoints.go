package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/foretide/foretide/cmd/foretide/demo"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	lstm "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/models/fit"
	network "github.com/foretide/foretide/core/network/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/loader"
)

// demoFrame returns the demo's three weeks at five minutes.
func demoFrame(ctx context.Context) (*series.Frame, error) {
	b, err := demo.CSV()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "demo-*.csv")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.Write(b); err != nil {
		return nil, err
	}
	data, err := csvfile.Read(ctx, file.Name(), csvfile.Options{Step: step})
	if err != nil {
		return nil, err
	}
	return &data.Frames[0], nil
}

// kept are the last cells, that no checkpoint is fitted to.
const kept = 288

// checkpoints fits a checkpoint of every family to all but the frame's last day.
func checkpoints(dir string, frame *series.Frame) error {
	past := frame.Slice(0, frame.Len()-kept)
	task := forecast.Task{Metric: series.CPU, Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	trainer := train.Defaults()
	net := lstm.Defaults()
	net.Steps, net.Hidden, net.Width, net.Epochs, net.Windows, net.HeldWindows = 24, 16, 16, 2, 512, 256
	small := network.Defaults()
	small.Hidden, small.Fewest, small.Most, small.Batch = []int{32, 32}, 1<<14, 1<<14, 128
	settings := fit.Defaults()
	settings.LSTM = net
	for _, name := range families {
		t, err := fit.Trainer(name, settings)
		if err != nil {
			return err
		}
		model := t.Model
		if models.Of(name).Pooled {
			model = small
		}
		container := frame.Container
		var fitted forecast.Fitted
		var report train.Report
		options := forecast.Options{Seed: 1}
		if model.Global() {
			container = ""
			fitted, report, err = trainer.FitShared(model, []series.Frame{past}, task, options)
		} else {
			fitted, report, err = trainer.Fit(model, []series.Frame{past}, task, options)
		}
		if err != nil {
			return err
		}
		c := loader.NewCheckpoint(fitted, container, codec.Provenance{Version: "test vectors", Model: name, Seed: 1,
			DataStart: past.Start, DataEnd: past.Time(past.Len()), Points: int64(report.Points),
			Status: report.Fit.Status.String(), Summary: report.Fit.Summary})
		b := c.Append(nil)
		if is := models.Of(name); is.Global || is.Columns { // some as files are, some as bytes
			if b, err = loader.Encode(c); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name+".ckpt"), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
