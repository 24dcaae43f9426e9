package fit

import (
	"math/rand/v2"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
)

// rowsOfShard is the number of rows that go through the network together. A
// batch is cut into shards of it whatever the number of cores, and gradients
// are added up in the order of the shards: a seed has one result.
const rowsOfShard = 32

// A shard is a part of a batch with all that is needed to compute its
// gradient.
type shard struct {
	data           *dataset
	picks          []pick
	work           *network.Workspace
	encoder        *lstm.Encoder
	sample         *lstm.Sample
	window         forecast.Window
	scratch        forecast.Forecast // for its scratch
	target, weight []float32
	grad           []float32
	loss           float64
	random         rand.PCG
}

func newShard(d *dataset, shape network.Shape, rows int, train bool) *shard {
	s := &shard{data: d, picks: make([]pick, rows), work: network.NewWorkspace(shape, rows, train),
		encoder: lstm.NewEncoder(&d.task, d.others, d.steps)}
	s.sample = s.encoder.NewSample()
	n := rows * len(d.ahead)
	s.target, s.weight = make([]float32, n), make([]float32, n)
	if train {
		s.grad = make([]float32, shape.Size())
	}
	return s
}

// load makes the batch's rows of the picks: windows, targets, weights. Targets
// lie in the part for training, or, where held is true, after it. factor is
// what weights are multiplied with.
func (s *shard) load(picks []pick, held bool, factor float64) {
	h := len(s.data.ahead)
	for row := range s.work.Rows() {
		target, weight := s.target[row*h:][:h], s.weight[row*h:][:h]
		if row >= len(picks) {
			clear(weight) // padding of the last batch: whatever the row holds
			continue
		}
		p := picks[row]
		src := &s.data.sources[p.source]
		src.windows.At(&s.window, p.origin)
		recent, _ := s.window.Recent.Series(s.data.task.Metric)
		long, _ := s.window.Long.Series(s.data.task.Metric)
		s.encoder.Encode(s.sample, &s.window, recent, long, s.scratch.Scratch())
		s.sample.Place(s.work, row)
		end := src.split
		if held {
			end = len(src.values)
		}
		s.data.target(target, weight, p, s.sample, end)
		for k := range weight {
			weight[k] *= float32(factor)
		}
	}
}

// step computes loss and gradient of the loaded rows.
func (s *shard) step(t *trainer) {
	clear(s.grad)
	t.net.ForwardTraining(s.work, t.config.Dropout, &s.random)
	s.loss = t.loss.Gradient(s.work, s.target, s.weight)
	t.net.Backward(s.work, t.back, s.grad, t.config.Dropout)
}
