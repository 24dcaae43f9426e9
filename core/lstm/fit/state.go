package fit

import (
	"hash/fnv"
	"math"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// A training's state, which Options.Save is handed after each epoch and
// Options.State goes on from (fields of core/codec):
//
//	1  digest of configuration, seed and history
//	2  epochs done
//	3  loss of the best epoch, 4 its number
//	5  weights, 6 and 7 moments of Adam, 8 best weights: arrays of float32
//	9  validation loss of each epoch
//
// Everything random is derived from the seed and the number of a step: there
// is no state of a generator.

// save hands the state out.
func (t *trainer) save() {
	if t.opts.Save == nil {
		return
	}
	w := codec.NewWriter(nil)
	w.Uint(1, t.digest())
	w.Int(2, int64(t.loop.Epoch))
	w.Float(3, t.loop.BestLoss)
	w.Int(4, int64(t.loop.BestEpoch))
	w.Floats32(5, t.net.Weights)
	w.Floats32(6, t.learner.Moment1)
	w.Floats32(7, t.learner.Moment2)
	w.Floats32(8, t.loop.Best)
	w.Floats(9, t.loop.Curve)
	t.opts.Save(w.Bytes())
}

// restore goes on from a saved state. The error is forecast.ErrState.
func (t *trainer) restore(state []byte) error {
	r := codec.NewReader(state)
	var digest uint64
	var weights, moment1, moment2, best []float32
	for r.Next() {
		switch r.Field() {
		case 1:
			digest = r.Uint()
		case 2:
			t.loop.Epoch = int(r.Int())
		case 3:
			t.loop.BestLoss = r.Float()
		case 4:
			t.loop.BestEpoch = int(r.Int())
		case 5:
			weights = r.Floats32()
		case 6:
			moment1 = r.Floats32()
		case 7:
			moment2 = r.Floats32()
		case 8:
			best = r.Floats32()
		case 9:
			t.loop.Curve = r.Floats()
		}
	}
	n := len(t.net.Weights)
	if r.Err() != nil || digest != t.digest() || len(weights) != n || len(moment1) != n || len(moment2) != n ||
		(len(best) != n && len(best) != 0) || t.loop.Epoch < 0 || t.loop.Epoch > t.loop.Epochs || t.loop.BestEpoch > t.loop.Epoch {
		return forecast.ErrState
	}
	copy(t.net.Weights, weights)
	copy(t.learner.Moment1, moment1)
	copy(t.learner.Moment2, moment2)
	if len(best) == n {
		t.loop.Best = best
	}
	return nil
}

// digest identifies a training: another configuration, seed or history has
// another.
func (t *trainer) digest() uint64 {
	h := fnv.New64a()
	w := codec.NewWriter(nil)
	w.Message(1, t.data.task.Write)
	c := t.config
	for _, n := range []int{c.Steps, c.Hidden, c.Layers, c.Width, c.Epochs, c.Windows, c.Batch, c.HeldWindows,
		c.Patience, c.MaxOthers, c.MinObservation, t.loop.Epochs, len(t.learner.Shards()), len(t.net.Weights)} {
		w.Int(2, int64(n))
	}
	for _, x := range []float64{c.Dropout, c.Rate, c.Warmup, c.Decay, c.Clip, c.Tail, c.Held, c.OtherMetrics, t.loop.Rate} {
		w.Float(3, x)
	}
	w.Bool(4, c.Bidirectional)
	w.Uint(5, t.opts.Seed)
	for _, m := range t.data.others {
		w.String(6, m)
	}
	h.Write(w.Bytes())
	var b [8]byte
	for i := range t.data.sources {
		s := &t.data.sources[i]
		w := codec.NewWriter(nil)
		w.String(1, s.frame.Container)
		w.Int(2, s.frame.Start)
		w.Int(3, int64(s.split))
		h.Write(w.Bytes())
		for _, column := range s.frame.Columns {
			for _, x := range column {
				codec.AppendUint64(b[:0], math.Float64bits(x))
				h.Write(b[:])
			}
		}
	}
	return h.Sum64()
}
