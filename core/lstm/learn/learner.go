// Package learn finds the weights of networks of core/lstm/network: steps of
// AdamW on batches, on all cores, with one result for one seed. What the
// batches are is core/lstm/fit's part.
package learn

import (
	"math"
	"math/rand/v2"

	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
)

// shardsOf returns in how many shards a batch is cut: of at most 32 rows, which
// fill the tiles of the kernels and leave the activations of a step in the
// cache, but if they have eight rows at least two, for two cores. It depends on
// the batch alone, and gradients are added up in the order of the shards: a
// seed has one result, whatever the number of cores.
func shardsOf(batch int) int { return max((batch+31)/32, min(2, (batch+7)/8)) }

// A Learner makes steps of AdamW (Loshchilov and Hutter 2019) on a network's
// weights, with gradients clipped by their norm, on all cores.
type Learner struct {
	// Moment1 and Moment2 are Adam's, of the size of the weights.
	Moment1, Moment2 []float32

	net    *network.Network
	loss   network.Loss
	rule   Rule
	back   *network.Back
	shards []*Shard
	sum    []float64 // of squares, by part of the gradient
}

// A Rule says how a Learner changes weights.
type Rule struct {
	Dropout float64 // share of units dropped, in [0,1)
	Decay   float64 // decoupled weight decay
	Clip    float64 // limit of the norm of the gradient; +Inf for none
}

// A Shard is a part of a batch. Whoever loads it fills the workspace's Input,
// Features and Skip, and Target and Weight as network.Loss.Gradient has them; a row
// that is not loaded must have zero weight.
type Shard struct {
	Work           *network.Workspace
	Target, Weight []float32 // by row and horizon

	grad   []float32
	loss   float64
	random rand.PCG
}

// NewLearner returns a learner for batches of a number of rows. It keeps the
// network.
func NewLearner(n *network.Network, batch int, loss network.Loss, rule Rule) *Learner {
	size := len(n.Weights)
	l := &Learner{
		Moment1: make([]float32, size), Moment2: make([]float32, size),
		net: n, loss: loss, rule: rule, back: network.NewBack(n.Shape()), sum: make([]float64, parts(size)),
	}
	count := shardsOf(batch)
	rows := (batch + count - 1) / count
	for range count {
		l.shards = append(l.shards, NewShard(n.Shape(), rows, true))
	}
	return l
}

// NewShard returns a shard of its own, such as validation needs.
func NewShard(shape network.Shape, rows int, train bool) *Shard {
	s := &Shard{Work: network.NewWorkspace(shape, rows, train)}
	s.Target, s.Weight = make([]float32, rows*shape.Horizons), make([]float32, rows*shape.Horizons)
	if train {
		s.grad = make([]float32, shape.Size())
	}
	return s
}

// Shards returns the parts that a batch is cut into, all of the same number
// of rows: together at least those of the batch.
func (l *Learner) Shards() []*Shard { return l.shards }

// Step makes step number of the training, from 0, with a learning rate. load,
// which is called by several goroutines, each with a shard of its own, fills
// shard i. seed and number decide what is dropped. Where loss or gradient are
// not finite ok is false, and nothing has changed.
func (l *Learner) Step(number int, rate float64, seed uint64, load func(i int, s *Shard)) (loss float64, ok bool) {
	l.back.Prepare(l.net)
	Parallel(len(l.shards), func(i int) {
		s := l.shards[i]
		load(i, s)
		s.random = *rand.NewPCG(seed^0x64726f70, uint64(number)<<16+uint64(i))
		clear(s.grad)
		l.net.ForwardTraining(s.Work, l.rule.Dropout, &s.random)
		s.loss = l.loss.Gradient(s.Work, s.Target, s.Weight)
		l.net.Backward(s.Work, l.back, s.grad, l.rule.Dropout)
	})
	for _, s := range l.shards {
		loss += s.loss
	}
	norm := l.addUp()
	if !(norm < math.MaxFloat32) || loss-loss != 0 {
		return loss, false
	}
	a := l.adam(number, rate, norm)
	ranges(len(l.net.Weights), func(lo, hi int) {
		kernel.Adam(l.net.Weights[lo:hi], l.Moment1[lo:hi], l.Moment2[lo:hi], l.Gradient()[lo:hi], &a)
	})
	return loss, true
}

// Gradient returns the gradient of the last step, before it was clipped.
func (l *Learner) Gradient() []float32 { return l.shards[0].grad }

// addUp adds the shards' gradients up into the first's and returns the norm.
// Both sums have one order, whoever computes their parts.
func (l *Learner) addUp() float64 {
	total := l.Gradient()
	ranges(len(total), func(lo, hi int) {
		for _, s := range l.shards[1:] {
			for i, g := range s.grad[lo:hi] {
				total[lo+i] += g
			}
		}
		l.sum[lo/partSize] = squares(total[lo:hi])
	})
	sum := 0.0
	for _, s := range l.sum {
		sum += s
	}
	return math.Sqrt(sum)
}

// adam returns the constants of a step, with the gradient clipped.
func (l *Learner) adam(number int, rate, norm float64) kernel.AdamStep {
	const beta1, beta2 = 0.9, 0.999
	n := float64(number + 1)
	a := kernel.AdamStep{
		Rate: float32(rate), Beta1: beta1, Beta2: beta2, Epsilon: 1e-8, Decay: float32(l.rule.Decay),
		Correct1: float32(1 / (1 - math.Pow(beta1, n))), Correct2: float32(1 / math.Sqrt(1-math.Pow(beta2, n))),
		Scale: 1,
	}
	if norm > l.rule.Clip {
		a.Scale = float32(l.rule.Clip / norm)
	}
	return a
}

// squares returns the sum of the squares, as four sums side by side.
func squares(x []float32) float64 {
	var a, b, c, d float64
	for ; len(x) >= 4; x = x[4:] {
		a += float64(x[0]) * float64(x[0])
		b += float64(x[1]) * float64(x[1])
		c += float64(x[2]) * float64(x[2])
		d += float64(x[3]) * float64(x[3])
	}
	for _, y := range x {
		a += float64(y) * float64(y)
	}
	return a + b + c + d
}
