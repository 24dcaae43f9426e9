//go:build !wasip1

package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
)

// whole returns the contenders of a whole forecast, from a window to quantiles,
// by an LSTM of the job's size as a checkpoint: the native model, and package
// loader's host of the embedded module.
func whole(ctx context.Context, j job) (contenders []contender, stop func(), err error) {
	model, window := wholeModel(j)
	c := loader.NewCheckpoint(model, "", codec.Provenance{Version: "wasmspeed", Model: lstm.Name})
	b, err := loader.Encode(c)
	if err != nil {
		return nil, nil, err
	}
	host, err := loader.NewHost(ctx, loader.WithInstances(1))
	if err != nil {
		return nil, nil, err
	}
	hosted, err := host.Model(ctx, b)
	if err != nil {
		host.Close()
		return nil, nil, err
	}
	decoded, err := loader.Decode(b, 0)
	if err != nil {
		host.Close()
		return nil, nil, err
	}
	native, err := models.DecodeCheckpoint(decoded, decoded.Payload)
	if err != nil {
		host.Close()
		return nil, nil, err
	}
	return []contender{wholeContender("whole, native", native, window), wholeContender("whole, loader's host", hosted, window)},
		func() { host.Close() }, nil
}

func wholeContender(name string, m forecast.Fitted, window *forecast.Window) contender {
	var f forecast.Forecast
	return contender{
		name: name,
		run: func(count int) ([]float64, error) {
			return timed(count, func() error { return m.Forecast(&f, window) })
		},
		output: func() ([]float32, error) {
			var out []float32
			for _, h := range f.At {
				out = append(out, float32(h.Mean))
			}
			if len(out) == 0 {
				return nil, errors.New("no forecast")
			}
			return out, nil
		},
	}
}

// wholeModel returns a model with random weights and a window of eight days of
// two metrics.
func wholeModel(j job) (*lstm.Fitted, *forecast.Window) {
	const step, cells = 60, 8 * 1440
	others := []string{"memory"}
	task := forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(),
		Bounds: series.Bounds{Lower: 0, Upper: math.Inf(1)}}
	net := network.New(network.Shape{
		Inputs: lstm.InputsOf(len(others)), Steps: j.steps, Hidden: j.hidden, Layers: 2, Bidirectional: true,
		Horizons: len(task.Horizons), Features: feature.Count, Skip: feature.SkipCount,
		Levels: len(task.Levels), Median: slices.Index(task.Levels, 0.5),
	})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range net.Weights {
		net.Weights[i] = (r.Float32() - 0.5) / 8
	}
	lstm.Round(net)
	frame := series.Frame{Container: "c", Start: 0, Step: step, Metrics: []string{"cpu", "memory"}}
	for range frame.Metrics {
		x := make([]float64, cells)
		for i := range x {
			x[i] = 10 + r.Float64()
		}
		frame.Columns = append(frame.Columns, x)
	}
	m := lstm.New(task, others, net)
	w := forecast.WindowOf(&frame, m.Spec().Needs)
	return m, &w
}
