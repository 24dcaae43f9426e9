package network

import "github.com/foretide/foretide/core/kernel"

// A Back is what the way back needs beside the weights: their transposes,
// which must be made anew by Prepare whenever the weights change. It can be
// shared by goroutines.
type Back struct {
	shape Shape
	input []kernelMatrix // by layer and direction; none of the first layer
	state []kernelMatrix
	heads []headBack
}

type kernelMatrix []float32

type headBack struct{ first, second, out kernelMatrix }

// NewBack returns a Back for networks of the shape.
func NewBack(shape Shape) *Back {
	b := &Back{shape: shape}
	l := shape.Layout()
	transposed := func(m Matrix) kernelMatrix {
		return make(kernelMatrix, kernel.Blocks(m.In)*m.Out*kernel.Block*kernel.Block)
	}
	for layer, cells := range l.Cells {
		for _, c := range cells {
			var in kernelMatrix
			if layer > 0 {
				in = transposed(c.Input)
			}
			b.input = append(b.input, in)
			b.state = append(b.state, transposed(c.State))
		}
	}
	for _, h := range l.Heads {
		b.heads = append(b.heads, headBack{transposed(h.First), transposed(h.Second), transposed(h.Out)})
	}
	return b
}

// Prepare transposes the network's weights.
func (b *Back) Prepare(n *Network) {
	dirs := n.shape.Directions()
	for layer, cells := range n.layout.Cells {
		for d, c := range cells {
			i := layer*dirs + d
			if layer > 0 {
				kernel.Transpose(b.input[i], c.Input.Of(n.Weights), c.Input.In, c.Input.Out)
			}
			kernel.Transpose(b.state[i], c.State.Of(n.Weights), c.State.In, c.State.Out)
		}
	}
	for k, h := range n.layout.Heads {
		if n.shape.Width > 0 {
			kernel.Transpose(b.heads[k].first, h.First.Of(n.Weights), h.First.In, h.First.Out)
			kernel.Transpose(b.heads[k].second, h.Second.Of(n.Weights), h.Second.In, h.Second.Out)
		}
		kernel.Transpose(b.heads[k].out, h.Out.Of(n.Weights), h.Out.In, h.Out.Out)
	}
}

// Backward adds the gradient of the weights to grad, which is laid out as they
// are, from that of the outputs in w.Out after ForwardTraining with the same p.
func (n *Network) Backward(w *Workspace, b *Back, grad []float32, p float64) {
	s := &n.shape
	clear(w.last)
	for k := range w.heads {
		n.headBack(w, b, grad, k, p)
	}
	top := s.Layers - 1
	for d := range s.Directions() {
		last := w.gradient(top, d, s.Steps-1)
		copy(last, w.last[d*len(last):])
	}
	for l := top; l >= 0; l-- {
		for d := range s.Directions() {
			n.cellBack(w, b, grad, l, d)
		}
		if l > 0 && p > 0 {
			dh, mask := w.layers[l-1].dh, w.masks[l-1]
			for i, m := range mask {
				dh[i] *= m
			}
		}
	}
}

// cellBack goes back through one direction of a layer: it adds to grad, and to
// the gradient of what the layer reads, which is dh of the layer below.
func (n *Network) cellBack(w *Workspace, b *Back, grad []float32, l, d int) {
	s, layer := &n.shape, &w.layers[l]
	cell := &n.layout.Cells[l][d]
	unit, u := w.rows*kernel.Block, s.units()
	at := l*s.Directions() + d
	first, count, way := s.steps(l, d)
	dc, zero := w.spare(d)
	clear(dc)
	for i := count - 1; i >= 0; i-- {
		t := first + i*way
		gates := layer.gates[d][i*4*u*unit:][:4*u*unit]
		before := zero
		if i > 0 {
			before = layer.c[d][(i-1)*u*unit:][:u*unit]
		}
		kernel.GatesBackward(gates, dc, w.gradient(l, d, t), layer.tanhC[d][i*u*unit:][:u*unit], before, w.rows, u)
		if i > 0 {
			dh := w.gradient(l, d, t-way)
			if l == s.Layers-1 {
				clear(dh) // nothing above it: all of the gradient comes this way
			}
			kernel.MulAdd(dh, gates, b.state[at], w.rows, 4*u*kernel.Block, u)
		}
		if l > 0 {
			below := w.layers[l-1].dh[t*layer.inBlocks*unit:][:layer.inBlocks*unit]
			if d == 0 {
				clear(below) // the other direction adds
			}
			kernel.MulAdd(below, gates, b.input[at], w.rows, 4*u*kernel.Block, layer.inBlocks)
		}
		kernel.SumRows(cell.Bias.Of(grad), gates, w.rows, 4*u)
		if left := count - i; left%group == 0 || i == 0 {
			n.weightsBack(w, grad, l, d, i, (left-1)%group+1)
		}
	}
}

// group is of how many steps the gradient of the weights is added up at a time:
// soon after that of the gates was made, which is then still in the cache.
const group = 4

// gradient returns the gradient of h of a direction at a step. Of the top layer
// two steps are kept, one that is read and one that is made from it.
func (w *Workspace) gradient(l, d, t int) []float32 {
	s := &w.shape
	if l == s.Layers-1 {
		t &= 1
	}
	n := s.units() * w.rows * kernel.Block
	return w.layers[l].dh[(t*s.Directions()+d)*n:][:n]
}

// weightsBack adds to grad the gradient of the weights of so many steps of a
// direction of a layer, from step i of its way on.
func (n *Network) weightsBack(w *Workspace, grad []float32, l, d, i, steps int) {
	s, layer := &n.shape, &w.layers[l]
	cell := &n.layout.Cells[l][d]
	unit, u := w.rows*kernel.Block, s.units()
	first, _, way := s.steps(l, d)
	size, gates := layer.inBlocks*unit, 4*u*unit
	kernel.OuterAdd(cell.Input.Of(grad), layer.in, layer.gates[d], w.rows, cell.Input.In, 4*u,
		steps, (first+i*way)*size, way*size, i*gates, gates)
	// The state is that of the step before, of which the first has none.
	if i == 0 {
		i++
		steps--
	}
	size = s.stateBlocks() * unit
	kernel.OuterAdd(cell.State.Of(grad), layer.h, layer.gates[d], w.rows, cell.State.In, 4*u,
		steps, (first+(i-1)*way)*size+d*u*unit, way*size, i*gates, gates)
}

// spare returns room for dc, and zeros of the same size.
func (w *Workspace) spare(d int) (dc, zero []float32) {
	n := w.shape.units() * w.rows * kernel.Block
	return w.dc[d][:n], w.zero[:n]
}

// headBack goes back through the head of horizon k.
func (n *Network) headBack(w *Workspace, b *Back, grad []float32, k int, p float64) {
	s, h, m, back := &n.shape, &w.heads[k], &n.layout.Heads[k], &b.heads[k]
	unit := w.rows * kernel.Block
	blocks := kernel.Blocks(s.Levels)
	dout := w.Out[k*blocks*unit:][:blocks*unit]
	kernel.SumRows(m.OutBias.Of(grad), dout, w.rows, blocks)
	kernel.OuterAdd(m.Skip.Of(grad), part(w.Skip, k, s.Horizons), dout, w.rows, m.Skip.In, blocks, 1, 0, 0, 0, 0)
	if s.Width == 0 {
		kernel.OuterAdd(m.Out.Of(grad), h.in, dout, w.rows, m.Out.In, blocks, 1, 0, 0, 0, 0)
		kernel.MulAdd(w.last, dout, back.out, w.rows, blocks*kernel.Block, s.stateBlocks())
		return
	}
	width := kernel.Blocks(s.Width)
	kernel.OuterAdd(m.Out.Of(grad), h.a2, dout, w.rows, m.Out.In, blocks, 1, 0, 0, 0, 0)
	clear(h.da2)
	kernel.MulAdd(h.da2, dout, back.out, w.rows, blocks*kernel.Block, width)
	// a2 = a1 + silu(sum2): the gradient of a1 begins as that of a2.
	siluBack(h.dsum, h.da2, h.sum2)
	kernel.SumRows(m.SecondBias.Of(grad), h.dsum, w.rows, width)
	kernel.OuterAdd(m.Second.Of(grad), h.a1, h.dsum, w.rows, m.Second.In, width, 1, 0, 0, 0, 0)
	kernel.MulAdd(h.da2, h.dsum, back.second, w.rows, width*kernel.Block, width)
	if p > 0 {
		for i, x := range h.da1 { // the mask of ForwardTraining
			h.da2[i] *= x
		}
	}
	siluBack(h.dsum, h.da2, h.sum1)
	kernel.SumRows(m.FirstBias.Of(grad), h.dsum, w.rows, width)
	kernel.OuterAdd(m.First.Of(grad), h.in, h.dsum, w.rows, m.First.In, width, 1, 0, 0, 0, 0)
	kernel.MulAdd(w.last, h.dsum, back.first, w.rows, width*kernel.Block, s.stateBlocks())
}

// siluBack sets dst to the gradient of x from that of silu(x).
func siluBack(dst, d, x []float32) {
	kernel.Sigmoid(dst, x)
	for i, s := range dst {
		dst[i] = d[i] * s * (1 + x[i]*(1-s))
	}
}
