package mlp

import (
	"math/rand/v2"

	"github.com/foretide/foretide/core/internal/quantile"
	"github.com/foretide/foretide/core/kernel"
)

// Forward computes the outputs from w.Input and w.Skip. It panics where the
// workspace is of another shape. It does not allocate.
func (n *Network) Forward(w *Workspace) { n.forward(w, 0, nil) }

func (n *Network) forward(w *Workspace, p float64, r *rand.PCG) {
	if w.shape != n.shape {
		panic("mlp: workspace of another shape")
	}
	in := w.Input
	for i := range n.layout.hidden {
		l := &n.layout.hidden[i]
		sum, act := w.sum[i], w.act[i]
		setBias(sum, l.bias.Of(n.Weights), w.rows, l.weights.Out)
		kernel.MulAdd(sum, in, l.weights.Of(n.Weights), w.rows, l.weights.In, l.weights.Out)
		kernel.Sigmoid(act, sum)
		for j, x := range sum {
			act[j] *= x
		}
		if n.shape.residual(i) {
			for j, x := range in {
				act[j] += x
			}
		}
		if p > 0 {
			fillMask(w.mask[i], p, r)
			for j, m := range w.mask[i] {
				act[j] *= m
			}
		}
		in = act
	}
	out, skip := &n.layout.out, n.layout.skip
	setBias(w.out, out.bias.Of(n.Weights), w.rows, out.weights.Out)
	kernel.MulAdd(w.out, in, out.weights.Of(n.Weights), w.rows, out.weights.In, out.weights.Out)
	if skip.In > 0 {
		kernel.MulAdd(w.out, w.Skip, skip.Of(n.Weights), w.rows, skip.In, skip.Out)
	}
}

// setBias sets every row to the bias.
func setBias(dst, bias []float32, rows, out int) {
	for o := range out {
		b := (*[kernel.Block]float32)(bias[o*kernel.Block:])
		for r := range rows {
			*(*[kernel.Block]float32)(dst[(o*rows+r)*kernel.Block:]) = *b
		}
	}
}

// fillMask sets each element to 0 with probability p, in steps of 1/65536, and
// to 1/(1-p) otherwise.
func fillMask(mask []float32, p float64, r *rand.PCG) {
	limit := uint64(p * 65536)
	keep := [2]float32{float32(65536 / float64(65536-limit)), 0}
	for i := 0; i < len(mask); i += 4 {
		bits := r.Uint64()
		for j := i; j < min(i+4, len(mask)); j++ {
			mask[j] = keep[(bits&0xffff-limit)>>63] // 1 where it is below the limit
			bits >>= 16
		}
	}
}

// A Back is what the way back needs beside the weights: their transposes, which
// must be made anew by Prepare whenever the weights change. It can be shared by
// goroutines.
type Back struct {
	hidden [][]float32 // by layer; none of the first
	out    []float32
}

// NewBack returns a Back for networks of the shape.
func NewBack(shape Shape) *Back {
	b := &Back{}
	transposed := func(m kernel.Matrix) []float32 {
		return make([]float32, kernel.Blocks(m.In)*m.Out*kernel.Block*kernel.Block)
	}
	l := shape.layout()
	for _, h := range l.hidden {
		b.hidden = append(b.hidden, transposed(h.weights))
	}
	b.out = transposed(l.out.weights)
	return b
}

// Prepare transposes the network's weights.
func (b *Back) Prepare(n *Network) {
	for i, l := range n.layout.hidden[1:] {
		kernel.Transpose(b.hidden[i+1], l.weights.Of(n.Weights), l.weights.In, l.weights.Out)
	}
	m := n.layout.out.weights
	kernel.Transpose(b.out, m.Of(n.Weights), m.In, m.Out)
}

// Gradient runs a batch forward, with each hidden unit dropped with probability
// p (Srivastava et al. 2014), and back. It adds the gradient of
//
//	Σ_row weight[row]·loss(target[row])
//
// to grad, which is laid out as the weights are, and returns that sum. A weight
// of zero leaves a target, which may be NaN, out. r draws the units; it may be
// nil where p is 0. The workspace must be one for training.
func (n *Network) Gradient(w *Workspace, b *Back, loss *quantile.Loss, target, weight, grad []float32, p float64, r *rand.PCG) float64 {
	if !w.train {
		panic("mlp: workspace is not for training")
	}
	n.forward(w, p, r)
	sum := n.lossOf(w, loss, target, weight, true)
	n.backward(w, b, grad, p)
	return sum
}

// Loss returns the loss of the batch that Forward was last run on, as Gradient
// defines it.
func (n *Network) Loss(w *Workspace, loss *quantile.Loss, target, weight []float32) float64 {
	return n.lossOf(w, loss, target, weight, false)
}

func (n *Network) lossOf(w *Workspace, loss *quantile.Loss, target, weight []float32, gradient bool) float64 {
	s := &n.shape
	sum := 0.0
	raw, q, by := w.raw[:s.Levels], w.q[:s.Levels], w.by[:s.Levels]
	for row := range w.rows {
		wt := float64(weight[row])
		clear(by)
		if wt != 0 {
			w.outputs(raw, row)
			copy(q, raw)
			quantile.FromOutputs(q, s.Median)
			y := float64(target[row])
			sum += wt * loss.Of(q, y)
			if gradient {
				loss.Slopes(by, q, y)
				quantile.Gradient(by, raw, s.Median)
			}
		}
		if !gradient {
			continue
		}
		for j, g := range by {
			w.out[w.output(row, j)] = float32(wt * g)
		}
	}
	return sum
}

// backward adds the gradient of the weights to grad, from that of the outputs
// in w.out.
func (n *Network) backward(w *Workspace, b *Back, grad []float32, p float64) {
	out, skip := &n.layout.out, n.layout.skip
	last := len(n.layout.hidden) - 1
	kernel.SumRows(out.bias.Of(grad), w.out, w.rows, out.weights.Out)
	if skip.In > 0 {
		kernel.OuterAdd(skip.Of(grad), w.Skip, w.out, w.rows, skip.In, skip.Out, 1, 0, 0, 0, 0)
	}
	kernel.OuterAdd(out.weights.Of(grad), w.act[last], w.out, w.rows, out.weights.In, out.weights.Out, 1, 0, 0, 0, 0)
	half := len(w.dact) / 2
	dact, below := w.dact[:half], w.dact[half:]
	dact = dact[:len(w.act[last])]
	clear(dact)
	kernel.MulAdd(dact, w.out, b.out, w.rows, out.weights.Out*kernel.Block, out.weights.In/kernel.Block)
	for i := last; i >= 0; i-- {
		l := &n.layout.hidden[i].weights
		if p > 0 {
			for j, m := range w.mask[i] {
				dact[j] *= m
			}
		}
		dsum := w.dsum[:len(dact)]
		siluBack(dsum, dact, w.sum[i])
		kernel.SumRows(n.layout.hidden[i].bias.Of(grad), dsum, w.rows, l.Out)
		in := w.Input
		if i > 0 {
			in = w.act[i-1]
		}
		kernel.OuterAdd(l.Of(grad), in, dsum, w.rows, l.In, l.Out, 1, 0, 0, 0, 0)
		if i == 0 {
			break
		}
		next := below[:len(w.act[i-1])]
		clear(next)
		if n.shape.residual(i) {
			copy(next, dact)
		}
		kernel.MulAdd(next, dsum, b.hidden[i], w.rows, l.Out*kernel.Block, l.In/kernel.Block)
		dact, below = next, dact[:half]
	}
}

// siluBack sets dst to the gradient of x from that of silu(x).
func siluBack(dst, d, x []float32) {
	kernel.Sigmoid(dst, x)
	for i, s := range dst {
		dst[i] = d[i] * s * (1 + x[i]*(1-s))
	}
}
