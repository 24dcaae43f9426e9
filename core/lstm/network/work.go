package network

import "github.com/foretide/foretide/core/kernel"

// A Workspace holds the activations of one batch, and of training what the way
// back needs. It is reused from batch to batch, by one goroutine at a time.
type Workspace struct {
	shape Shape
	rows  int

	// Input is what the network reads: Steps × Blocks(Inputs) × rows × 16.
	Input []float32
	// Features and Skip are those of each head: Horizons × blocks × rows × 16.
	Features, Skip []float32
	// Out is the heads' raw outputs, Horizons × Blocks(Levels) × rows × 16, and
	// after a loss its gradient.
	Out []float32

	layers  []layerWork
	last    []float32 // the top layer's last step: stateBlocks × rows × 16
	heads   []headWork
	train   bool
	masks   [][]float32 // dropout of each layer's output but the top one's,
	dropped [][]float32 // and what is left of it
	dc      [2][]float32
	zero    []float32 // the state before the first step; stays zero
	// Of small batches the products with what a layer reads are made of groups
	// of so many steps: their inputs and their results. Zero: step by step.
	ahead               int
	groupIn, groupGates []float32
	lent                []float32 // what all of the above are cut from
}

// A layerWork is the activations of a layer. Directions lie beside each other
// at each step. The top layer's reverse direction has one step only.
type layerWork struct {
	in       []float32 // what it reads: Steps × blocks × rows × 16
	inBlocks int
	gates    [2][]float32 // by direction: steps × 4·units × rows × 16; one step, unless training
	c, tanhC [2][]float32 // steps × units × rows × 16, likewise
	h        []float32    // Steps × stateBlocks × rows × 16; of the top layer one step, unless training
	dh       []float32    // gradient of h, while training; of the top layer of two steps
}

type headWork struct {
	in             []float32 // [last features]
	sum1, a1       []float32 // before and after silu
	sum2, a2       []float32
	da1, da2, dsum []float32
}

// NewWorkspace returns a workspace for batches of a number of rows, which for
// training also has room for the way back.
func NewWorkspace(shape Shape, rows int, train bool) *Workspace {
	w := &Workspace{}
	w.reset(shape, rows, train, make([]float32, WorkspaceSize(shape, rows, train)))
	return w
}

// WorkspaceSize returns the floats that a workspace is cut from.
func WorkspaceSize(shape Shape, rows int, train bool) int {
	var w Workspace
	c := cutter{}
	w.cut(shape, rows, train, &c)
	return c.at
}

// reset makes w a workspace cut from buf, whose length is WorkspaceSize.
func (w *Workspace) reset(shape Shape, rows int, train bool, buf []float32) {
	w.lent = buf
	w.cut(shape, rows, train, &cutter{buf: buf})
}

const (
	fullTile = 8  // rows of the kernels' highest tile
	maxAhead = 32 // steps, whose gates then stay in the cache
)

// Rows returns the number of rows of a batch.
func (w *Workspace) Rows() int { return w.rows }

// A cutter hands out parts of a slice; without one it counts.
type cutter struct {
	buf []float32
	at  int
}

func (c *cutter) floats(n int) []float32 {
	c.at += n
	if c.buf == nil {
		return nil
	}
	return c.buf[c.at-n : c.at : c.at]
}

func (w *Workspace) cut(shape Shape, rows int, train bool, c *cutter) {
	s := &shape
	w.shape, w.rows, w.train = shape, rows, train
	unit := rows * kernel.Block
	w.Input = c.floats(s.Steps * kernel.Blocks(s.Inputs) * unit)
	w.Features = c.floats(s.Horizons * kernel.Blocks(s.Features) * unit)
	w.Skip = c.floats(s.Horizons * kernel.Blocks(s.Skip) * unit)
	w.Out = c.floats(s.Horizons * kernel.Blocks(s.Levels) * unit)
	w.last = c.floats(s.stateBlocks() * unit)
	if cap(w.layers) < s.Layers {
		w.layers, w.masks, w.dropped = make([]layerWork, s.Layers), make([][]float32, s.Layers), make([][]float32, s.Layers)
	}
	w.layers, w.masks, w.dropped = w.layers[:s.Layers], w.masks[:s.Layers], w.dropped[:s.Layers]
	for l := range w.layers {
		w.cutLayer(l, c)
	}
	if train {
		n := s.units() * unit
		w.dc[0], w.dc[1], w.zero = c.floats(n), c.floats(n), c.floats(n)
		clear(w.zero)
	}
	w.ahead = 0
	if !train && rows < fullTile {
		w.ahead = min(s.Steps, maxAhead)
		in := kernel.Blocks(s.Inputs)
		if s.Layers > 1 {
			in = max(in, s.stateBlocks())
		}
		w.groupIn = c.floats(w.ahead * in * unit)
		w.groupGates = c.floats(w.ahead * 4 * s.units() * unit)
	}
	if cap(w.heads) < s.Horizons {
		w.heads = make([]headWork, s.Horizons)
	}
	w.heads = w.heads[:s.Horizons]
	for k := range w.heads {
		w.cutHead(&w.heads[k], c)
	}
}

func (w *Workspace) cutLayer(l int, c *cutter) {
	s, layer := &w.shape, &w.layers[l]
	unit := w.rows * kernel.Block
	top := l == s.Layers-1
	layer.in, layer.inBlocks = w.Input, kernel.Blocks(s.Inputs)
	if l > 0 {
		layer.in, layer.inBlocks = w.layers[l-1].h, s.stateBlocks()
		if w.train {
			w.dropped[l-1] = c.floats(s.Steps * s.stateBlocks() * unit)
			w.masks[l-1] = c.floats(s.Steps * s.stateBlocks() * unit)
		}
	}
	for d := range s.Directions() {
		kept := 1 // steps whose gates are kept
		if w.train && !(top && d == 1) {
			kept = s.Steps
		}
		layer.gates[d] = c.floats(kept * 4 * s.units() * unit)
		layer.c[d] = c.floats(kept * s.units() * unit)
		layer.tanhC[d] = c.floats(kept * s.units() * unit)
	}
	steps := s.Steps
	if top && !w.train {
		steps = 1 // overwritten step by step
	}
	layer.h = c.floats(steps * s.stateBlocks() * unit)
	if w.train {
		steps := s.Steps
		if top {
			steps = 2
		}
		layer.dh = c.floats(steps * s.stateBlocks() * unit)
	}
}

func (w *Workspace) cutHead(h *headWork, c *cutter) {
	s := &w.shape
	unit := w.rows * kernel.Block
	h.in = c.floats((s.stateBlocks() + kernel.Blocks(s.Features)) * unit)
	n := kernel.Blocks(s.Width) * unit
	h.sum1, h.a1, h.sum2, h.a2 = c.floats(n), c.floats(n), c.floats(n), c.floats(n)
	if w.train {
		h.da1, h.da2, h.dsum = c.floats(n), c.floats(n), c.floats(n)
	}
}
