package fit

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
)

// A trainer trains one network. What of it is saved is in state.
type trainer struct {
	config  *Config
	data    *dataset
	opts    *forecast.Options
	net     *network.Network
	back    *network.Back
	loss    network.Loss
	moment1 []float32
	moment2 []float32
	total   []float32 // the gradient of a batch
	shards  []*shard
	judge   []*shard
	held    []pick
	perEnd  int // steps of an epoch
	epochs  int
	rate    float64

	epoch     int // done
	skipped   int // steps whose gradient was not finite
	best      []float32
	bestLoss  float64
	bestEpoch int
	curve     []float64 // validation loss by epoch
}

// newTrainer prepares the training of a network for so many epochs.
func (c *Config) newTrainer(d *dataset, net *network.Network, epochs int, rate float64, opts *forecast.Options) *trainer {
	shape := net.Shape()
	t := &trainer{
		config: c, data: d, opts: opts, net: net, back: network.NewBack(shape),
		loss:    c.lossOf(d.task.Levels),
		moment1: make([]float32, len(net.Weights)), moment2: make([]float32, len(net.Weights)),
		perEnd: max(c.Windows/c.Batch, 1), epochs: epochs, rate: rate, bestLoss: math.Inf(1),
	}
	shards := max((c.Batch+rowsOfShard/2)/rowsOfShard, 1)
	for range shards {
		t.shards = append(t.shards, newShard(d, shape, (c.Batch+shards-1)/shards, true))
	}
	t.total = t.shards[0].grad
	return t
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
	for i := range t.perEnd {
		if t.opts.Interrupted() || t.opts.Stopped() {
			return false
		}
		number := t.epoch*t.perEnd + i
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
		t.emit("train", (number+1)*t.config.Batch, t.epochs*t.perEnd*t.config.Batch, recent)
	}
	return true
}

// step makes step number of the training, from 0; ok is false where its
// gradient was not finite, and then nothing has changed.
func (t *trainer) step(number int) (loss float64, ok bool) {
	picks := make([]pick, t.config.Batch)
	t.data.draw(picks, t.opts.Seed, number)
	factor := 1 / float64(t.config.Batch*len(t.data.ahead))
	t.back.Prepare(t.net)
	rows := t.shards[0].work.Rows()
	parallel(len(t.shards), func(i int) {
		s := t.shards[i]
		s.random = *rand.NewPCG(t.opts.Seed^0x64726f70, uint64(number)<<16+uint64(i))
		s.load(picks[min(i*rows, len(picks)):min((i+1)*rows, len(picks))], false, factor)
		s.step(t)
	})
	for _, s := range t.shards {
		loss += s.loss
	}
	norm := t.addUp()
	if !(norm < math.MaxFloat32) || loss-loss != 0 {
		return loss, false
	}
	a := t.adam(number, norm)
	ranges(len(t.total), func(lo, hi int) {
		kernel.Adam(t.net.Weights[lo:hi], t.moment1[lo:hi], t.moment2[lo:hi], t.total[lo:hi], &a)
	})
	return loss, true
}

// addUp adds the shards' gradients up into total and returns the norm. Both
// sums have one order, whoever computes their parts.
func (t *trainer) addUp() float64 {
	squares := make([]float64, len(t.total)>>15+1)
	ranges(len(t.total), func(lo, hi int) {
		sum := 0.0
		for _, s := range t.shards[1:] {
			for i, g := range s.grad[lo:hi] {
				t.total[lo+i] += g
			}
		}
		for _, g := range t.total[lo:hi] {
			sum += float64(g) * float64(g)
		}
		squares[lo>>15] = sum
	})
	sum := 0.0
	for _, s := range squares {
		sum += s
	}
	return math.Sqrt(sum)
}

// adam returns the constants of step number, with the gradient clipped.
func (t *trainer) adam(number int, norm float64) kernel.AdamStep {
	const beta1, beta2 = 0.9, 0.999
	n := float64(number + 1)
	a := kernel.AdamStep{
		Rate: float32(t.rateAt(number)), Beta1: beta1, Beta2: beta2, Epsilon: 1e-8, Decay: float32(t.config.Decay),
		Correct1: float32(1 / (1 - math.Pow(beta1, n))), Correct2: float32(1 / math.Sqrt(1-math.Pow(beta2, n))),
		Scale: 1,
	}
	if norm > t.config.Clip {
		a.Scale = float32(t.config.Clip / norm)
	}
	return a
}

// rateAt is the learning rate of step number: it rises linearly from zero over
// the warm-up, and then falls as a cosine to a fiftieth (Loshchilov and Hutter
// 2017).
func (t *trainer) rateAt(number int) float64 {
	all := float64(t.epochs * t.perEnd)
	x := (float64(number) + 1) / all
	if x < t.config.Warmup {
		return t.rate * x / t.config.Warmup
	}
	x = (x - t.config.Warmup) / (1 - t.config.Warmup)
	return t.rate * (0.02 + 0.98*(1+math.Cos(math.Pi*x))/2)
}

// hold sets the windows that epochs are judged by.
func (t *trainer) hold(picks []pick) {
	t.held = picks
	const rows = 64
	for range min(4, (len(picks)+rows-1)/rows) {
		t.judge = append(t.judge, newShard(t.data, t.net.Shape(), rows, false))
	}
}

// validate returns the mean loss of the held windows; false where it was
// interrupted.
func (t *trainer) validate() (float64, bool) {
	if len(t.held) == 0 {
		return math.NaN(), true
	}
	rows := t.judge[0].work.Rows()
	groups := slices.Collect(slices.Chunk(t.held, rows))
	losses := make([]float64, len(groups))
	weights := make([]float64, len(groups))
	parallel(len(t.judge), func(j int) {
		s := t.judge[j]
		for g := j; g < len(groups) && !t.opts.Interrupted(); g += len(t.judge) {
			s.load(groups[g], true, 1)
			t.net.Forward(s.work)
			losses[g] = t.loss.Value(s.work, s.target, s.weight)
			for _, w := range s.weight {
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
