package fit

import (
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// Windows are the windows that Fit trains on and those that it is judged by, for
// a training elsewhere. It is not safe for concurrent use.
type Windows struct {
	config Config
	data   *dataset
	seed   uint64
	held   []pick
	loader *loader
	shard  *Shard // of one row
	row    Row
	names  []string // of the containers
	of     []int    // by source: the container's number
}

// A Row is a window as the network reads it, with what came of it.
type Row struct {
	*lstm.Sample
	Target    []float32 // by horizon, as the network forecasts it; 0 where Weight is
	Weight    []float32 // by horizon: how much the target counts; 0 where it is not known
	Container int       // number among Containers
	Origin    int64     // Unix seconds
}

// Prepare returns the windows that Fit would train on with the seed. The errors
// are those of Fit.
func (c Config) Prepare(history []series.Frame, task forecast.Task, seed uint64) (*Windows, error) {
	d, err := c.check(history, task, c.Held)
	if err != nil {
		return nil, err
	}
	w := &Windows{config: c, data: d, seed: seed, held: d.held(c.HeldWindows), loader: newLoader(d)}
	w.shard = newShard(c.shape(d), 1, false)
	for i := range d.sources { // those of a container lie side by side
		name := d.sources[i].frame.Container
		if len(w.names) == 0 || w.names[len(w.names)-1] != name {
			w.names = append(w.names, name)
		}
		w.of = append(w.of, len(w.names)-1)
	}
	return w, nil
}

// Shape is the shape of the network that Fit trains.
func (w *Windows) Shape() network.Shape { return w.config.shape(w.data) }

// Others returns the metrics that the windows hold beside the task's own; do not
// modify it.
func (w *Windows) Others() []string { return w.data.others }

// Containers lists the containers that windows are drawn from; do not modify
// it.
func (w *Windows) Containers() []string { return w.names }

// PerEpoch is the number of windows of an epoch, in whole batches.
func (w *Windows) PerEpoch() int { return w.config.epochSteps(w.data.windows()) * w.config.Batch }

// Held is the number of windows that an epoch is judged by.
func (w *Windows) Held() int { return len(w.held) }

// Epoch calls do with the windows of an epoch, from 0, in the order in which Fit
// goes through them, until it fails. The row is valid until do returns.
func (w *Windows) Epoch(epoch int, do func(*Row) error) error {
	picks := make([]pick, w.config.Batch)
	batches := w.PerEpoch() / w.config.Batch
	for i := range batches {
		w.data.draw(picks, w.seed, epoch*batches+i)
		for _, p := range picks {
			if err := do(w.load(p, false)); err != nil {
				return err
			}
		}
	}
	return nil
}

// EachHeld calls do with the windows that an epoch is judged by, until it
// fails. The row is valid until do returns.
func (w *Windows) EachHeld(do func(*Row) error) error {
	for _, p := range w.held {
		if err := do(w.load(p, true)); err != nil {
			return err
		}
	}
	return nil
}

func (w *Windows) load(p pick, held bool) *Row {
	w.loader.load(w.shard, []pick{p}, held, 1)
	origin := w.data.sources[p.source].frame.Time(p.origin)
	w.row = Row{Sample: w.loader.sample, Target: w.shard.Target, Weight: w.shard.Weight, Container: w.of[p.source], Origin: origin}
	return &w.row
}

// WeightsOf returns how much the loss of each quantile counts: 1 for the median,
// Tail for the others together.
func (c Config) WeightsOf(levels []float64) []float64 { return c.lossOf(levels).Weights }
