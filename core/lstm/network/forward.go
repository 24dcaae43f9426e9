package network

import (
	"math/rand/v2"

	"github.com/foretide/foretide/core/kernel"
)

// Forward computes w.Out from w.Input, w.Features and w.Skip. It panics where
// the workspace is of another shape.
func (n *Network) Forward(w *Workspace) { n.forward(w, 0, nil) }

// ForwardTraining is Forward with dropout: each output of a layer but the top
// one's, and each hidden unit of a head, is zero with probability p, and the
// others are 1/(1-p) as large (Srivastava et al. 2014; where PyTorch drops).
// r draws the units; it may be nil where p is 0. The workspace must be one for
// training.
func (n *Network) ForwardTraining(w *Workspace, p float64, r *rand.PCG) {
	if !w.train {
		panic("network: workspace is not for training")
	}
	n.forward(w, p, r)
}

func (n *Network) forward(w *Workspace, p float64, r *rand.PCG) {
	if w.shape != n.shape {
		panic("network: workspace of another shape")
	}
	s := &n.shape
	for l := range w.layers {
		if l > 0 && w.train {
			w.drop(l, p, r)
		}
		for d := range s.Directions() {
			n.runCell(w, l, d)
		}
	}
	top := &w.layers[s.Layers-1]
	size := s.stateBlocks() * w.rows * kernel.Block
	copy(w.last, top.h[len(top.h)-size:])
	for k := range w.heads {
		n.runHead(w, k, p, r)
		kernel.Yield()
	}
}

// drop sets what a layer reads to what the one below gave, dropped out.
func (w *Workspace) drop(l int, p float64, r *rand.PCG) {
	h := w.layers[l-1].h
	w.layers[l].in = h
	if p == 0 {
		return
	}
	in, mask := w.dropped[l-1], w.masks[l-1]
	w.layers[l].in = in
	fillMask(mask, p, r)
	for i, x := range h {
		in[i] = x * mask[i]
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
			dropped := (bits&0xffff - limit) >> 63 // 1 where it is below the limit
			mask[j] = keep[dropped]
			bits >>= 16
		}
	}
}

// steps returns the first step that a direction of a layer reads, the number of
// steps, and the way from one to the next.
func (s *Shape) steps(l, d int) (first, count, way int) {
	switch {
	case d == 0:
		return 0, s.Steps, 1
	case l == s.Layers-1:
		return s.Steps - 1, 1, -1
	}
	return s.Steps - 1, s.Steps, -1
}

// runCell runs one direction of a layer over the steps.
func (n *Network) runCell(w *Workspace, l, d int) {
	s, layer := &n.shape, &w.layers[l]
	cell := &n.layout.Cells[l][d]
	unit, u := w.rows*kernel.Block, s.units()
	first, count, way := s.steps(l, d)
	often := max(1, pause/(w.rows*(cell.Input.In+cell.State.In)*4*u*kernel.Block))
	for i := range count {
		if i%often == often-1 {
			kernel.Yield()
		}
		t := first + i*way
		kept := 0 // the slot of gates and c
		if w.train {
			kept = i
		}
		gates := layer.gates[d][kept*4*u*unit:][:4*u*unit]
		c, tanhC := layer.c[d][kept*u*unit:][:u*unit], layer.tanhC[d][kept*u*unit:][:u*unit]
		n.readInput(w, l, d, i, gates)
		before := c
		switch {
		case i == 0:
			// The state before the first step is zero.
			clear(c)
		case w.train:
			before = layer.c[d][(kept-1)*u*unit:][:u*unit]
		}
		if i > 0 {
			kernel.MulAdd(gates, w.state(l, d, t-way), cell.State.Of(n.Weights), w.rows, cell.State.In, 4*u)
		}
		kernel.GatesForward(w.state(l, d, t), c, tanhC, gates, before, w.rows, u)
	}
}

// pause is how many multiplications are made before a WebAssembly host has its
// turn: with SIMD they take less than a millisecond.
const pause = 2 << 20

// mulAdd is kernel.MulAdd for a batch of few rows, which may have those of many
// steps. A guest has no other; so it goes in pieces, with a turn for the host
// between them.
func mulAdd(dst, src, w []float32, rows, in, out int) {
	n := max(1, pause/(rows*in*kernel.Block))
	for o := 0; o < out; o += n {
		n = min(n, out-o)
		kernel.MulAdd(dst[o*rows*kernel.Block:], src, w[o*in*kernel.Block:], rows, in, n)
		if n < out {
			kernel.Yield()
		}
	}
}

// readInput sets the gates to what they are without the state before: the bias
// and the product with what the layer reads at step i of a direction's way.
// Batches of few rows, which do not fill a tile of the kernels, have that
// product made of a group of steps at once.
func (n *Network) readInput(w *Workspace, l, d, i int, gates []float32) {
	s, layer := &n.shape, &w.layers[l]
	cell := &n.layout.Cells[l][d]
	unit, out := w.rows*kernel.Block, 4*s.units()
	first, count, way := s.steps(l, d)
	input, bias := cell.Input.Of(n.Weights), cell.Bias.Of(n.Weights)
	if w.ahead == 0 {
		setBias(gates, bias, w.rows, out)
		kernel.MulAdd(gates, layer.in[(first+i*way)*layer.inBlocks*unit:], input, w.rows, cell.Input.In, out)
		return
	}
	at, group := i%w.ahead, min(w.ahead, count-i/w.ahead*w.ahead)
	if at == 0 {
		for j := range group {
			t := first + (i+j)*way
			kernel.Copy(w.groupIn[j*unit:], layer.in[t*layer.inBlocks*unit:], layer.inBlocks, unit, group*unit, unit)
		}
		setBias(w.groupGates, bias, group*w.rows, out)
		mulAdd(w.groupGates, w.groupIn, input, group*w.rows, cell.Input.In, out)
	}
	kernel.Copy(gates, w.groupGates[at*unit:], out, unit, unit, group*unit)
}

// state returns h of a direction at a step. Where the layer keeps one step, it
// is that of the step before until it is overwritten.
func (w *Workspace) state(l, d, t int) []float32 {
	return w.at(l, d, t, w.layers[l].h)
}

// at returns the part of a direction and step of a slice laid out as h is.
func (w *Workspace) at(l, d, t int, x []float32) []float32 {
	s := &w.shape
	if !w.train && l == s.Layers-1 {
		t = 0
	}
	n := s.units() * w.rows * kernel.Block
	return x[(t*s.Directions()+d)*n:][:n]
}

// setBias sets every row to the bias.
func setBias(dst, bias []float32, rows, out int) {
	for o := range out {
		kernel.Copy(dst[o*rows*kernel.Block:], bias[o*kernel.Block:], rows, kernel.Block, kernel.Block, 0)
	}
}

// runHead computes the raw outputs of horizon k.
func (n *Network) runHead(w *Workspace, k int, p float64, r *rand.PCG) {
	s, h, m := &n.shape, &w.heads[k], &n.layout.Heads[k]
	unit := w.rows * kernel.Block
	copy(h.in, w.last)
	copy(h.in[len(w.last):], part(w.Features, k, s.Horizons))
	in := h.in
	if s.Width > 0 {
		blocks := kernel.Blocks(s.Width)
		setBias(h.sum1, m.FirstBias.Of(n.Weights), w.rows, blocks)
		kernel.MulAdd(h.sum1, in, m.First.Of(n.Weights), w.rows, m.First.In, blocks)
		silu(h.a1, h.sum1)
		if p > 0 && w.train {
			// The gradient is that of the dropped unit: the mask is kept in da1.
			fillMask(h.da1, p, r)
			for i, x := range h.da1 {
				h.a1[i] *= x
			}
		}
		setBias(h.sum2, m.SecondBias.Of(n.Weights), w.rows, blocks)
		kernel.MulAdd(h.sum2, h.a1, m.Second.Of(n.Weights), w.rows, m.Second.In, blocks)
		silu(h.a2, h.sum2)
		for i, x := range h.a1 {
			h.a2[i] += x
		}
		in = h.a2
	}
	blocks := kernel.Blocks(s.Levels)
	out := w.Out[k*blocks*unit:][:blocks*unit]
	setBias(out, m.OutBias.Of(n.Weights), w.rows, blocks)
	kernel.MulAdd(out, in, m.Out.Of(n.Weights), w.rows, m.Out.In, blocks)
	kernel.MulAdd(out, part(w.Skip, k, s.Horizons), m.Skip.Of(n.Weights), w.rows, m.Skip.In, blocks)
}

// part returns the k-th of n equal parts.
func part(x []float32, k, n int) []float32 {
	size := len(x) / n
	return x[k*size:][:size]
}

// silu sets dst to x·sigmoid(x).
func silu(dst, x []float32) {
	kernel.Sigmoid(dst, x)
	for i, v := range x {
		dst[i] *= v
	}
}
