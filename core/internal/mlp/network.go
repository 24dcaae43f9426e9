package mlp

import (
	"math"
	"math/rand/v2"

	"github.com/foretide/foretide/core/internal/quantile"
	"github.com/foretide/foretide/core/kernel"
)

// A Network is weights of a shape. While nobody changes the weights it is safe
// for concurrent use, each goroutine with its own workspace.
type Network struct {
	shape   Shape
	layout  *layout
	Weights []float32 // padding is zero
}

// New returns a network of the shape with all weights zero. It panics where the
// shape does not pass Check.
func New(shape Shape) *Network {
	if !shape.Check() {
		panic("mlp: impossible shape")
	}
	l := shape.layout()
	return &Network{shape: shape, layout: l, Weights: make([]float32, l.total)}
}

// Shape returns the network's shape.
func (n *Network) Shape() Shape { return n.shape }

// Clone returns a copy with weights of its own.
func (n *Network) Clone() *Network {
	out := *n
	out.Weights = append([]float32(nil), n.Weights...)
	return &out
}

// Initialise sets the weights of hidden layers at random, uniform in
// ±√(1/inputs) (PyTorch's); outputs begin at zero and at the distances between
// quantiles that quantile.Initial gives.
func (n *Network) Initialise(seed uint64, levels []float64) {
	r := rand.New(rand.NewPCG(seed, 0x6d6c70))
	clear(n.Weights)
	in := n.shape.Inputs
	for i, l := range n.layout.hidden {
		out := n.shape.Hidden[i]
		bound := math.Sqrt(1 / float64(in))
		n.fill(r, l.weights, in, out, bound)
		n.fill(r, l.bias, 1, out, bound)
		in = out
	}
	bias := n.layout.out.bias.Of(n.Weights)
	for j := range n.shape.Levels {
		bias[j] = float32(quantile.Initial(levels, j, n.shape.Median))
	}
}

// fill sets the weights of a matrix from in inputs to out outputs, padding left
// out.
func (n *Network) fill(r *rand.Rand, m kernel.Matrix, in, out int, bound float64) {
	w := m.Of(n.Weights)
	for o := range m.Out {
		for k := range in {
			for j := range min(kernel.Block, out-o*kernel.Block) {
				w[(o*m.In+k)*kernel.Block+j] = float32(bound * (2*r.Float64() - 1))
			}
		}
	}
}

// A Workspace holds the activations of one batch, and of training what the way
// back needs. It is reused from batch to batch, by one goroutine at a time.
type Workspace struct {
	shape Shape
	rows  int

	// Input and Skip are what the network reads: blocks × rows × 16 (see Set).
	Input, Skip []float32

	sum, act   [MaxHidden][]float32 // by hidden layer: before and after silu and residual
	mask       [MaxHidden][]float32 // of dropout, while training
	out        []float32            // raw outputs, and after a loss its gradient
	dact, dsum []float32            // gradients, while training
	raw, q, by [maxLevels]float64
	train      bool
}

// NewWorkspace returns a workspace for batches of a number of rows, which for
// training also has room for the way back.
func NewWorkspace(shape Shape, rows int, train bool) *Workspace {
	unit := rows * kernel.Block
	w := &Workspace{shape: shape, rows: rows, train: train}
	w.Input = make([]float32, kernel.Blocks(shape.Inputs)*unit)
	w.Skip = make([]float32, kernel.Blocks(shape.Skip)*unit)
	w.out = make([]float32, kernel.Blocks(shape.Levels)*unit)
	widest := 0
	for i := range shape.Layers() {
		size := kernel.Blocks(shape.Hidden[i]) * unit
		w.sum[i], w.act[i] = make([]float32, size), make([]float32, size)
		if train {
			w.mask[i] = make([]float32, size)
		}
		widest = max(widest, size)
	}
	if train {
		w.dact, w.dsum = make([]float32, 2*widest), make([]float32, widest)
	}
	return w
}

// Rows returns the number of rows of a batch.
func (w *Workspace) Rows() int { return w.rows }

// Set puts the values of a row into x, which is w.Input or w.Skip.
func (w *Workspace) Set(x []float32, row int, values []float32) {
	for i, at := 0, row*kernel.Block; i < len(values); i, at = i+kernel.Block, at+w.rows*kernel.Block {
		copy(x[at:at+kernel.Block], values[i:])
	}
}

// Quantiles sets dst, one for each level, to the quantiles of a row: ascending,
// and not finite where the network's outputs are not.
func (w *Workspace) Quantiles(dst []float64, row int) {
	w.outputs(dst[:w.shape.Levels], row)
	quantile.FromOutputs(dst[:w.shape.Levels], w.shape.Median)
}

func (w *Workspace) outputs(dst []float64, row int) {
	for j := range dst {
		dst[j] = float64(w.out[w.output(row, j)])
	}
}

func (w *Workspace) output(row, j int) int {
	return (j/kernel.Block*w.rows+row)*kernel.Block + j%kernel.Block
}
