package fit

import (
	"math/rand/v2"

	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/optim"
)

// A Learner makes steps of AdamW on a network's weights, on all cores.
type Learner struct {
	*optim.AdamW
	net    *network.Network
	loss   network.Loss
	rule   optim.Rule
	back   *network.Back
	shards []*Shard
}

// A Shard is a part of a batch. Whoever loads it fills the workspace's Input,
// Features and Skip, and Target and Weight as network.Loss.Gradient has them; a row
// that is not loaded must have zero weight.
type Shard struct {
	Work           *network.Workspace
	Target, Weight []float32 // by row and horizon
}

// NewLearner returns a learner for batches of a number of rows. It keeps the
// network.
func NewLearner(n *network.Network, batch int, loss network.Loss, rule optim.Rule) *Learner {
	count := optim.ShardsOf(batch)
	l := &Learner{
		AdamW: optim.NewAdamW(n.Weights, count, rule),
		net:   n, loss: loss, rule: rule, back: network.NewBack(n.Shape()),
	}
	rows := (batch + count - 1) / count
	for range count {
		l.shards = append(l.shards, newShard(n.Shape(), rows, true))
	}
	return l
}

// newShard returns a shard of its own, such as validation needs.
func newShard(shape network.Shape, rows int, train bool) *Shard {
	s := &Shard{Work: network.NewWorkspace(shape, rows, train)}
	s.Target, s.Weight = make([]float32, rows*shape.Horizons), make([]float32, rows*shape.Horizons)
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
	return l.AdamW.Step(number, rate, seed, func(i int, grad []float32, random *rand.PCG) float64 {
		s := l.shards[i]
		load(i, s)
		l.net.ForwardTraining(s.Work, l.rule.Dropout, random)
		loss := l.loss.Gradient(s.Work, s.Target, s.Weight)
		l.net.Backward(s.Work, l.back, grad, l.rule.Dropout)
		return loss
	})
}
