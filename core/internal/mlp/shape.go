// Package mlp is a small feed-forward network on the kernels of core/kernel:
// layers with residual connections, quantile outputs, and a linear map from
// some inputs straight to the outputs. It is part of the WebAssembly guest.
//
//	h₁ = silu(W₁·x + b₁)
//	hᵢ = silu(Wᵢ·hᵢ₋₁ + bᵢ), plus hᵢ₋₁ where both are of one width
//	out = W·hₙ + S·skip + b
//
// with silu(x) = x·sigmoid(x) (Elfwing, Uchibe and Doya 2018) and residual
// connections as of He et al. (2016). What the outputs mean is package
// quantile's part.
package mlp

import "github.com/foretide/foretide/core/kernel"

// MaxHidden is the greatest number of hidden layers.
const MaxHidden = 6

// A Shape is the size of a network.
type Shape struct {
	Inputs int            // of the first layer
	Skip   int            // inputs that only the linear map sees
	Hidden [MaxHidden]int // units of the hidden layers, at least one; zeros after the last
	Levels int            // quantiles
	Median int            // which of them is the median
}

// Limits of a shape: what a checkpoint may ask for.
const (
	maxInputs = 2048
	maxWidth  = 2048
	maxLevels = 99
)

// Layers returns the number of hidden layers.
func (s *Shape) Layers() int {
	n := 0
	for n < MaxHidden && s.Hidden[n] > 0 {
		n++
	}
	return n
}

// Check reports whether every number is within its limits.
func (s *Shape) Check() bool {
	in := func(x, lo, hi int) bool { return lo <= x && x <= hi }
	n := s.Layers()
	for i, width := range s.Hidden {
		if i < n && !in(width, 1, maxWidth) || i >= n && width != 0 {
			return false
		}
	}
	return n > 0 && in(s.Inputs, 1, maxInputs) && in(s.Skip, 0, maxInputs) && in(s.Levels, 1, maxLevels) &&
		in(s.Median, 0, s.Levels-1)
}

// residual reports whether a hidden layer adds what it reads.
func (s *Shape) residual(layer int) bool { return layer > 0 && s.Hidden[layer] == s.Hidden[layer-1] }

// A layer is where the weights of a layer lie. A bias is a matrix of one input.
type layer struct{ weights, bias kernel.Matrix }

// A layout says where all the weights of a shape lie in one slice: the hidden
// layers, each with its bias, then the outputs' weights, bias, and linear map.
type layout struct {
	hidden []layer
	out    layer
	skip   kernel.Matrix
	total  int
}

func (s *Shape) layout() *layout {
	l := &layout{}
	next := func(in, out int) kernel.Matrix {
		m := kernel.Matrix{At: l.total, In: in, Out: out}
		l.total += m.Len()
		return m
	}
	in := s.Inputs
	for i := range s.Layers() {
		out := kernel.Blocks(s.Hidden[i])
		l.hidden = append(l.hidden, layer{next(in, out), next(1, out)})
		in = out * kernel.Block
	}
	out := kernel.Blocks(s.Levels)
	l.out = layer{next(in, out), next(1, out)}
	l.skip = next(s.Skip, out)
	return l
}

// Size returns the number of weights, padding among them.
func (s *Shape) Size() int { return s.layout().total }
