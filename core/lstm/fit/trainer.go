package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/quantile"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/optim"
)

// A trainer trains one network. What of it is saved is in state.
type trainer struct {
	config  *Config
	data    *dataset
	opts    *forecast.Options
	net     *network.Network
	loss    network.Loss
	learner *Learner
	loaders []*loader // of the learner's shards
	judges  []judge
	held    []pick
	loop    optim.Loop
}

// newTrainer prepares the training of a network for so many epochs.
func (c *Config) newTrainer(d *dataset, net *network.Network, epochs int, rate float64, opts *forecast.Options) *trainer {
	t := &trainer{
		config: c, data: d, opts: opts, net: net, loss: c.lossOf(d.task.Levels),
	}
	t.loop = optim.Loop{
		Schedule: optim.Schedule{Epochs: epochs, Steps: c.epochSteps(d.windows()), Batch: c.Batch,
			Rate: rate, Warmup: c.Warmup, Patience: c.Patience},
		Weights: net.Weights, Options: opts, Step: t.step, Ended: t.save, BestLoss: math.Inf(1),
	}
	t.learner = NewLearner(net, c.Batch, t.loss, optim.Rule{Dropout: c.Dropout, Decay: c.Decay, Clip: c.Clip})
	for range t.learner.Shards() {
		t.loaders = append(t.loaders, newLoader(d))
	}
	return t
}

// fewestSteps is the number of steps of an epoch that few windows do not cut
// short.
const fewestSteps = 64

// epochSteps returns the steps of an epoch of a dataset with so many windows: as
// many as draw c.Windows of them, but no more than a quarter of all. Windows of
// one series overlap in all but a cell; to look at the held back part more often
// than at every window costs nothing in accuracy and ends a training sooner.
func (c *Config) epochSteps(windows int) int {
	steps := max(c.Windows/c.Batch, 1)
	return min(steps, max(windows/4/c.Batch, fewestSteps))
}

// lossOf weighs the quantiles.
func (c *Config) lossOf(levels []float64) network.Loss {
	return network.Loss(quantile.NewLoss(levels, c.Tail))
}

// step makes step number of the training, from 0; ok is false where its
// gradient was not finite, and then nothing has changed.
func (t *trainer) step(number int, rate float64) (loss float64, ok bool) {
	picks := make([]pick, t.config.Batch)
	t.data.draw(picks, t.opts.Seed, number)
	factor := 1 / float64(t.config.Batch*len(t.data.ahead))
	rows := t.learner.Shards()[0].Work.Rows()
	return t.learner.Step(number, rate, t.opts.Seed, func(i int, s *Shard) {
		t.loaders[i].load(s, picks[min(i*rows, len(picks)):min((i+1)*rows, len(picks))], false, factor)
	})
}

// A judge computes losses of held windows.
type judge struct {
	*Shard
	loader *loader
}

// hold sets the windows that epochs are judged by.
func (t *trainer) hold(picks []pick) {
	t.held = picks
	if len(picks) > 0 {
		t.loop.Validate = t.validate
	}
	const rows = 64
	for range min(4, (len(picks)+rows-1)/rows) {
		t.judges = append(t.judges, judge{newShard(t.net.Shape(), rows, false), newLoader(t.data)})
	}
}

// validate returns the mean loss of the held windows; false where it was
// interrupted.
func (t *trainer) validate() (float64, bool) {
	if len(t.held) == 0 {
		return math.NaN(), true
	}
	rows := t.judges[0].Work.Rows()
	groups := slices.Collect(slices.Chunk(t.held, rows))
	losses := make([]float64, len(groups))
	weights := make([]float64, len(groups))
	optim.Parallel(len(t.judges), func(j int) {
		s := t.judges[j]
		for g := j; g < len(groups) && !t.opts.Interrupted(); g += len(t.judges) {
			s.loader.load(s.Shard, groups[g], true, 1)
			t.net.Forward(s.Work)
			losses[g] = t.loss.Value(s.Work, s.Target, s.Weight)
			for _, w := range s.Weight {
				if w > 0 {
					weights[g]++
				}
			}
		}
	})
	sum, n := 0.0, 0.0
	for g := range groups {
		sum += losses[g]
		n += weights[g]
	}
	if sum-sum != 0 {
		return math.Inf(1), !t.opts.Interrupted()
	}
	return sum / max(n, 1), !t.opts.Interrupted() // of nothing it is 0
}
