package optim

import (
	"math"
	"math/rand/v2"

	"github.com/foretide/foretide/core/kernel"
)

// ShardsOf returns in how many shards a batch is cut: of at most 32 rows, which
// fill the tiles of the kernels and leave the activations of a step in the
// cache, but if they have eight rows at least two, for two cores. It depends on
// the batch alone, and gradients are added up in the order of the shards: a
// seed has one result, whatever the number of cores.
func ShardsOf(batch int) int { return max((batch+31)/32, min(2, (batch+7)/8)) }

// A Rule says how AdamW changes weights.
type Rule struct {
	Dropout float64 // share of units dropped, in [0,1): for whoever computes gradients
	Decay   float64 // decoupled weight decay
	Clip    float64 // limit of the norm of the gradient; +Inf for none
}

// An AdamW makes steps of AdamW (Loshchilov and Hutter 2019) on weights, with
// gradients clipped by their norm, on all cores.
type AdamW struct {
	// Moment1 and Moment2 are Adam's, of the size of the weights.
	Moment1, Moment2 []float32

	weights []float32
	rule    Rule
	shards  []shard
	sum     []float64 // of squares, by part of the gradient
}

type shard struct {
	grad   []float32
	loss   float64
	random rand.PCG
}

// NewAdamW returns an optimiser of the weights, which it keeps, for batches in so
// many shards.
func NewAdamW(weights []float32, shards int, rule Rule) *AdamW {
	size := len(weights)
	a := &AdamW{
		Moment1: make([]float32, size), Moment2: make([]float32, size),
		weights: weights, rule: rule, sum: make([]float64, parts(size)), shards: make([]shard, shards),
	}
	for i := range a.shards {
		a.shards[i].grad = make([]float32, size)
	}
	return a
}

// Step makes step number of a training, from 0, with a learning rate. gradient,
// which is called by several goroutines, adds the gradient of shard i of the
// batch to grad and returns the shard's loss; it may draw from random, which
// seed and number decide. Where loss or gradient are not finite ok is false,
// and nothing has changed.
func (a *AdamW) Step(number int, rate float64, seed uint64, gradient func(i int, grad []float32, random *rand.PCG) float64) (loss float64, ok bool) {
	Parallel(len(a.shards), func(i int) {
		s := &a.shards[i]
		s.random = *rand.NewPCG(seed^0x64726f70, uint64(number)<<16+uint64(i))
		clear(s.grad)
		s.loss = gradient(i, s.grad, &s.random)
	})
	for i := range a.shards {
		loss += a.shards[i].loss
	}
	norm := a.addUp()
	if !(norm < math.MaxFloat32) || loss-loss != 0 {
		return loss, false
	}
	step := a.step(number, rate, norm)
	ranges(len(a.weights), func(lo, hi int) {
		kernel.Adam(a.weights[lo:hi], a.Moment1[lo:hi], a.Moment2[lo:hi], a.Gradient()[lo:hi], &step)
	})
	return loss, true
}

// Gradient returns the gradient of the last step, before it was clipped.
func (a *AdamW) Gradient() []float32 { return a.shards[0].grad }

// addUp adds the shards' gradients up into the first's and returns the norm.
// Both sums have one order, whoever computes their parts.
func (a *AdamW) addUp() float64 {
	total := a.Gradient()
	ranges(len(total), func(lo, hi int) {
		for s := range a.shards[1:] {
			for i, g := range a.shards[s+1].grad[lo:hi] {
				total[lo+i] += g
			}
		}
		a.sum[lo/partSize] = squares(total[lo:hi])
	})
	sum := 0.0
	for _, s := range a.sum {
		sum += s
	}
	return math.Sqrt(sum)
}

// step returns the constants of a step, with the gradient clipped.
func (a *AdamW) step(number int, rate, norm float64) kernel.AdamStep {
	const beta1, beta2 = 0.9, 0.999
	n := float64(number + 1)
	s := kernel.AdamStep{
		Rate: float32(rate), Beta1: beta1, Beta2: beta2, Epsilon: 1e-8, Decay: float32(a.rule.Decay),
		Correct1: float32(1 / (1 - math.Pow(beta1, n))), Correct2: float32(1 / math.Sqrt(1-math.Pow(beta2, n))),
		Scale: 1,
	}
	if norm > a.rule.Clip {
		s.Scale = float32(a.rule.Clip / norm)
	}
	return s
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
