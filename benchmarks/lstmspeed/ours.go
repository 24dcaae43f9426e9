package main

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/optim"
)

// rowsOfInference is how many rows go through the network together.
const rowsOfInference = 32

// ours is Foretide's side.
type ours struct {
	net     *network.Network
	learner *fit.Learner
	steps   int
	works   map[int][]*network.Workspace // by batch
}

func newOurs(shape network.Shape) *ours {
	o := &ours{net: network.New(shape), works: map[int][]*network.Workspace{}}
	levels := forecast.DefaultLevels()
	o.net.Initialise(1, levels)
	loss := network.Loss{Levels: levels, Weights: make([]float64, len(levels))}
	for i := range levels {
		loss.Weights[i] = 1 / float64(len(levels))
	}
	o.learner = fit.NewLearner(o.net, 32, loss, optim.Rule{Decay: 1e-2, Clip: 1})
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range o.learner.Shards() {
		fill(r, s.Work)
		for i := range s.Target {
			s.Target[i], s.Weight[i] = float32(r.NormFloat64()), 1./32/3
		}
	}
	return o
}

func fill(r *rand.Rand, w *network.Workspace) {
	for i := range w.Input {
		if i%16 < 8 {
			w.Input[i] = float32(r.NormFloat64())
		}
	}
}

// run runs a job.
func (o *ours) run(j job) ([]float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(j.threads))
	do := o.train
	if j.name == "infer" {
		works := o.worksOf(j.batch)
		do = func() error {
			optim.Parallel(len(works), func(i int) { o.net.Forward(works[i]) })
			return nil
		}
		if j.threads == 1 && testAllocations(func() { o.net.Forward(works[0]) }) > 0 {
			return nil, errors.New("a forward pass allocates")
		}
	}
	times := make([]float64, j.count)
	for i := range times {
		start := time.Now()
		if err := do(); err != nil {
			return nil, err
		}
		times[i] = time.Since(start).Seconds()
	}
	return times, nil
}

func (o *ours) train() error {
	loss, ok := o.learner.Step(o.steps, 1e-3, 1, func(int, *fit.Shard) {})
	if o.steps++; !ok || math.IsNaN(loss) {
		return errors.New("training diverged")
	}
	return nil
}

// worksOf returns a batch's workspaces, of full size but for a small batch.
func (o *ours) worksOf(batch int) []*network.Workspace {
	if w, ok := o.works[batch]; ok {
		return w
	}
	r := rand.New(rand.NewPCG(3, 4))
	rows := min(batch, rowsOfInference)
	for range (batch + rows - 1) / rows {
		w := network.NewWorkspace(o.net.Shape(), rows, false)
		fill(r, w)
		o.works[batch] = append(o.works[batch], w)
	}
	return o.works[batch]
}

// testAllocations returns how often a call allocates.
func testAllocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
