package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/learn"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/optim"
)

// A trainer trains one network. What of it is saved is in state.
type trainer struct {
	config   *Config
	data     *dataset
	opts     *forecast.Options
	net      *network.Network
	loss     network.Loss
	learner  *learn.Learner
	loaders  []*loader // of the learner's shards
	judges   []judge
	held     []pick
	perEpoch int // steps of an epoch
	epochs   int
	rate     float64

	epoch     int // done
	skipped   int // steps whose gradient was not finite
	best      []float32
	bestLoss  float64
	bestEpoch int
	curve     []float64 // validation loss by epoch
}

// newTrainer prepares the training of a network for so many epochs.
func (c *Config) newTrainer(d *dataset, net *network.Network, epochs int, rate float64, opts *forecast.Options) *trainer {
	t := &trainer{
		config: c, data: d, opts: opts, net: net, loss: c.lossOf(d.task.Levels),
		perEpoch: c.epochSteps(d.windows()), epochs: epochs, rate: rate, bestLoss: math.Inf(1),
	}
	t.learner = learn.NewLearner(net, c.Batch, t.loss, optim.Rule{Dropout: c.Dropout, Decay: c.Decay, Clip: c.Clip})
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

// lossOf weighs the quantiles: 1 for the median, Tail for the others together.
func (c *Config) lossOf(levels []float64) network.Loss {
	l := network.Loss{Levels: levels, Weights: make([]float64, len(levels))}
	for j, p := range levels {
		l.Weights[j] = c.Tail / max(float64(len(levels)-1), 1)
		if p == 0.5 {
			l.Weights[j] = 1
		}
	}
	return l
}

// run trains until the epochs are over, validation stops improving, or the
// caller interrupts. Without held windows the last epoch's weights are kept.
func (t *trainer) run() (forecast.Status, error) {
	for t.epoch < t.epochs {
		if !t.runEpoch() {
			switch {
			case t.opts.Interrupted():
				return forecast.Interrupted, t.keepBest()
			case t.opts.Stopped():
				return forecast.Interrupted, t.keepStopped()
			}
			return forecast.NotConverged, t.diverged()
		}
		t.epoch++
		if len(t.held) == 0 {
			continue
		}
		loss, ok := t.validate()
		if !ok {
			return forecast.Interrupted, t.keepBest()
		}
		t.curve = append(t.curve, loss)
		if loss < t.bestLoss {
			t.best = append(t.best[:0], t.net.Weights...)
			t.bestLoss, t.bestEpoch = loss, t.epoch
		}
		t.emit("epoch", t.epoch, t.epochs, loss)
		t.save()
		if t.epoch-t.bestEpoch >= t.config.Patience {
			return forecast.EarlyStopping, t.keepBest()
		}
	}
	if t.best == nil && len(t.held) > 0 {
		return forecast.NotConverged, ErrDiverged // no epoch's loss was finite
	}
	return forecast.Converged, t.keepBest()
}

// keepBest puts the best weights back. Without any, an interrupted training has
// nothing worth keeping.
func (t *trainer) keepBest() error {
	switch {
	case t.best != nil:
		copy(t.net.Weights, t.best)
	case len(t.held) > 0:
		return forecast.ErrInterrupted
	}
	return nil
}

// keepStopped keeps the best weights of a training that was stopped, or in its
// first epoch those of the moment: they are better than none.
func (t *trainer) keepStopped() error {
	if t.best != nil {
		copy(t.net.Weights, t.best)
	}
	return nil
}

// diverged keeps the best weights of a training whose numbers went astray.
func (t *trainer) diverged() error {
	if t.best == nil {
		return ErrDiverged
	}
	return t.keepBest()
}

func (t *trainer) emit(stage string, done, total int, loss float64) {
	t.opts.Emit(forecast.Event{Stage: stage, Done: done, Total: total, Loss: loss})
}

// maxSkipped is how many steps in a row may have a gradient that is not finite.
const maxSkipped = 10

// runEpoch makes the steps of an epoch; false where it was interrupted or
// diverged.
func (t *trainer) runEpoch() bool {
	recent := math.NaN()
	for i := range t.perEpoch {
		if t.opts.Interrupted() || t.opts.Stopped() {
			return false
		}
		number := t.epoch*t.perEpoch + i
		loss, ok := t.step(number)
		if !ok {
			if t.skipped++; t.skipped >= maxSkipped {
				return false
			}
			continue
		}
		t.skipped = 0
		if math.IsNaN(recent) {
			recent = loss
		}
		recent += (loss - recent) * max(0.02, 1/float64(i+1))
		t.emit("train", (number+1)*t.config.Batch, t.epochs*t.perEpoch*t.config.Batch, recent)
	}
	return true
}

// step makes step number of the training, from 0; ok is false where its
// gradient was not finite, and then nothing has changed.
func (t *trainer) step(number int) (loss float64, ok bool) {
	picks := make([]pick, t.config.Batch)
	t.data.draw(picks, t.opts.Seed, number)
	factor := 1 / float64(t.config.Batch*len(t.data.ahead))
	rows := t.learner.Shards()[0].Work.Rows()
	return t.learner.Step(number, t.rateAt(number), t.opts.Seed, func(i int, s *learn.Shard) {
		t.loaders[i].load(s, picks[min(i*rows, len(picks)):min((i+1)*rows, len(picks))], false, factor)
	})
}

// rateAt is the learning rate of step number: it rises linearly from zero over
// the warm-up, and then falls as a cosine to a fiftieth (Loshchilov and Hutter
// 2017).
func (t *trainer) rateAt(number int) float64 {
	all := float64(t.epochs * t.perEpoch)
	x := (float64(number) + 1) / all
	if x < t.config.Warmup {
		return t.rate * x / t.config.Warmup
	}
	x = (x - t.config.Warmup) / (1 - t.config.Warmup)
	return t.rate * (0.02 + 0.98*(1+math.Cos(math.Pi*x))/2)
}

// A judge computes losses of held windows.
type judge struct {
	*learn.Shard
	loader *loader
}

// hold sets the windows that epochs are judged by.
func (t *trainer) hold(picks []pick) {
	t.held = picks
	const rows = 64
	for range min(4, (len(picks)+rows-1)/rows) {
		t.judges = append(t.judges, judge{learn.NewShard(t.net.Shape(), rows, false), newLoader(t.data)})
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
