package network

import "github.com/foretide/foretide/core/kernel"

// A Shape is the size of a network. The zero value is not one: see Check.
type Shape struct {
	Inputs        int // features of a step
	Steps         int // of a window
	Hidden        int // units of a layer and direction
	Layers        int
	Bidirectional bool
	Horizons      int // heads
	Features      int // of a head, beside the last step
	Skip          int // features of a head that only the linear map sees
	Width         int // hidden units of a head; 0 for a linear one
	Levels        int // quantiles of a head
	Median        int // which of them is the median
}

// Limits of a shape: what a checkpoint may ask for.
const (
	maxInputs   = 256
	MaxSteps    = 4096
	MaxHidden   = 1024
	MaxLayers   = 8
	MaxHorizons = 64
	maxFeatures = 1024
	MaxWidth    = 1024
	MaxLevels   = 99
	MaxWeights  = 1 << 25
)

// Check reports whether every number is within its limits.
func (s *Shape) Check() bool {
	in := func(x, lo, hi int) bool { return lo <= x && x <= hi }
	return in(s.Inputs, 1, maxInputs) && in(s.Steps, 1, MaxSteps) && in(s.Hidden, 1, MaxHidden) &&
		in(s.Layers, 1, MaxLayers) && in(s.Horizons, 1, MaxHorizons) && in(s.Features, 0, maxFeatures) &&
		in(s.Skip, 0, maxFeatures) && in(s.Width, 0, MaxWidth) && in(s.Levels, 1, MaxLevels) &&
		in(s.Median, 0, s.Levels-1) && s.Size() <= MaxWeights
}

// Directions is 2 where the network reads both ways, else 1.
func (s *Shape) Directions() int {
	if s.Bidirectional {
		return 2
	}
	return 1
}

// units is the number of blocks of hidden units of one direction.
func (s *Shape) units() int { return kernel.Blocks(s.Hidden) }

// stateBlocks is the number of blocks of a layer's output.
func (s *Shape) stateBlocks() int { return s.Directions() * s.units() }

// layerInputs is the number of features that a layer reads, the padding of the
// layer below among them.
func (s *Shape) layerInputs(layer int) int {
	if layer == 0 {
		return s.Inputs
	}
	return s.stateBlocks() * kernel.Block
}

// headInputs is the number of features that a head's first map reads: the last
// step with its padding, then the head's own features.
func (s *Shape) headInputs() int { return s.stateBlocks()*kernel.Block + s.Features }

// A Matrix is where a map lies among the weights.
type Matrix = kernel.Matrix

// A Cell is the weights of one direction of one layer. A bias is a matrix of
// one input.
type Cell struct{ Input, State, Bias Matrix }

// A Head is the weights of one horizon's head. First, Second and their biases
// are empty where Width is 0; Skip where there are no such features.
type Head struct{ First, FirstBias, Second, SecondBias, Out, Skip, OutBias Matrix }

// A Layout says where all the weights of a shape lie in one slice.
type Layout struct {
	Cells [][]Cell // by layer and direction
	Heads []Head
	Total int
}

// Size returns the number of weights, padding among them.
func (s *Shape) Size() int {
	cells, heads := 0, 0
	for l := range s.Layers {
		cells += s.Directions() * 4 * s.units() * kernel.Block * (s.layerInputs(l) + s.units()*kernel.Block + 1)
	}
	in := s.headInputs()
	if s.Width > 0 {
		w := kernel.Blocks(s.Width) * kernel.Block
		heads = w*(in+1) + w*(w+1)
		in = w
	}
	heads += kernel.Blocks(s.Levels) * kernel.Block * (in + s.Skip + 1)
	return cells + s.Horizons*heads
}

// Layout returns the layout of the weights.
func (s *Shape) Layout() *Layout {
	l := &Layout{}
	next := func(in, out int) Matrix {
		m := Matrix{At: l.Total, In: in, Out: out}
		l.Total += m.Len()
		return m
	}
	u := s.units()
	for layer := range s.Layers {
		var cells []Cell
		for range s.Directions() {
			cells = append(cells, Cell{next(s.layerInputs(layer), 4*u), next(u*kernel.Block, 4*u), next(1, 4*u)})
		}
		l.Cells = append(l.Cells, cells)
	}
	for range s.Horizons {
		var h Head
		in := s.headInputs()
		if s.Width > 0 {
			w := kernel.Blocks(s.Width)
			h.First, h.FirstBias = next(in, w), next(1, w)
			h.Second, h.SecondBias = next(w*kernel.Block, w), next(1, w)
			in = w * kernel.Block
		}
		out := kernel.Blocks(s.Levels)
		h.Out, h.Skip, h.OutBias = next(in, out), next(s.Skip, out), next(1, out)
		l.Heads = append(l.Heads, h)
	}
	return l
}
