package network

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
	layout  *Layout
	Weights []float32 // as Layout says; padding is zero
}

// New returns a network of the shape with all weights zero. It panics where
// the shape does not pass Check.
func New(shape Shape) *Network {
	if !shape.Check() {
		panic("network: impossible shape")
	}
	l := shape.Layout()
	return &Network{shape: shape, layout: l, Weights: make([]float32, l.Total)}
}

// Shape returns the network's shape.
func (n *Network) Shape() Shape { return n.shape }

// Layout returns where its weights lie; do not modify it.
func (n *Network) Layout() *Layout { return n.layout }

// Initialise sets the weights at random: those of layers uniform in ±1/√Hidden
// (PyTorch's), with forget gates that begin open (bias 1; Jozefowicz et al.
// 2015), those of heads uniform in ±√(1/inputs); outputs begin at zero change
// and at the distances between quantiles of a Laplace distribution of mean
// absolute error one.
func (n *Network) Initialise(seed uint64, levels []float64) {
	s := &n.shape
	r := rand.New(rand.NewPCG(seed, 0x6c73746d))
	bound := 1 / math.Sqrt(float64(s.Hidden))
	for l, cells := range n.layout.Cells {
		for _, c := range cells {
			n.fillGates(r, c.Input, n.realInputs(l), bound)
			n.fillGates(r, c.State, s.real(s.Hidden), bound)
			n.fillGates(r, c.Bias, func(int) bool { return true }, bound)
			n.openForgetGates(c.Bias)
		}
	}
	for _, h := range n.layout.Heads {
		if s.Width > 0 {
			in := s.stateBlocks() * kernel.Block
			n.fill(r, h.First, s.Width, func(k int) bool { return k >= in || n.realInputs(1)(k) },
				math.Sqrt(1/float64(s.Directions()*s.Hidden+s.Features)))
			n.fill(r, h.Second, s.Width, s.real(s.Width), math.Sqrt(1/float64(s.Width)))
		}
		bias := h.OutBias.Of(n.Weights)
		for j := range s.Levels {
			bias[j] = float32(quantile.Initial(levels, j, s.Median))
		}
	}
}

// real returns whether an input is one of n units and not padding.
func (s *Shape) real(n int) func(k int) bool { return func(k int) bool { return k < n } }

// realInputs returns whether an input of a layer is a feature and not padding.
func (n *Network) realInputs(layer int) func(k int) bool {
	if layer == 0 {
		return n.shape.real(n.shape.Inputs)
	}
	padded := n.shape.units() * kernel.Block
	return func(k int) bool { return k%padded < n.shape.Hidden }
}

// fillGates sets the weights of a matrix to gates, padding left out.
func (n *Network) fillGates(r *rand.Rand, m Matrix, real func(int) bool, bound float64) {
	w := m.Of(n.Weights)
	for o := range m.Out {
		for k := range m.In {
			for j := range kernel.Block {
				if o/4*kernel.Block+j < n.shape.Hidden && real(k) {
					w[(o*m.In+k)*kernel.Block+j] = float32(bound * (2*r.Float64() - 1))
				}
			}
		}
	}
}

// fill sets the weights of a matrix to out outputs, padding left out.
func (n *Network) fill(r *rand.Rand, m Matrix, out int, real func(int) bool, bound float64) {
	w := m.Of(n.Weights)
	for o := range m.Out {
		for k := range m.In {
			for j := range kernel.Block {
				if o*kernel.Block+j < out && real(k) {
					w[(o*m.In+k)*kernel.Block+j] = float32(bound * (2*r.Float64() - 1))
				}
			}
		}
	}
}

func (n *Network) openForgetGates(bias Matrix) {
	w := bias.Of(n.Weights)
	for j := range n.shape.Hidden {
		w[(j/kernel.Block*4+1)*kernel.Block+j%kernel.Block] = 1
	}
}
