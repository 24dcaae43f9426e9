package torch

import (
	"fmt"

	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
)

// A parameter is one of PyTorch's parameters and where its elements lie among a
// network's weights, or in a gradient.
type parameter struct {
	Name  string
	Shape []int // outputs and inputs, or outputs alone

	matrix network.Matrix
	output func(int) int // position among the matrix's outputs
	input  func(int) int // likewise
	second bool          // another tensor has the weight already, and this is added to it
}

// tensorsOf lists the parameters of a network's shape, in PyTorch's order.
func tensorsOf(s network.Shape) []parameter {
	var out []parameter
	layout := s.Layout()
	states := units(s.Hidden)
	below := plain // what a layer reads, by its position in PyTorch
	inputs := s.Inputs
	for l, cells := range layout.Cells {
		for d, c := range cells {
			suffix := fmt.Sprintf("_l%d", l)
			if d == 1 {
				suffix += "_reverse"
			}
			gates := gateOf(s.Hidden)
			out = append(out,
				parameter{"lstm.weight_ih" + suffix, []int{4 * s.Hidden, inputs}, c.Input, gates, below, false},
				parameter{"lstm.weight_hh" + suffix, []int{4 * s.Hidden, s.Hidden}, c.State, gates, plain, false},
				parameter{"lstm.bias_ih" + suffix, []int{4 * s.Hidden}, c.Bias, gates, plain, false},
				parameter{"lstm.bias_hh" + suffix, []int{4 * s.Hidden}, c.Bias, gates, plain, true})
		}
		below, inputs = states, s.Directions()*s.Hidden
	}
	for k, h := range layout.Heads {
		out = append(out, headTensors(&s, k, &h)...)
	}
	return out
}

// headTensors lists the parameters of a head.
func headTensors(s *network.Shape, k int, h *network.Head) []parameter {
	name := fmt.Sprintf("heads.%d.", k)
	linear := func(what string, w, b network.Matrix, out, in int, input func(int) int) []parameter {
		return []parameter{{name + what + ".weight", []int{out, in}, w, plain, input, false},
			{name + what + ".bias", []int{out}, b, plain, plain, false}}
	}
	// The last step, then the head's features.
	last, states := s.Directions()*s.Hidden, units(s.Hidden)
	padded := s.Directions() * kernel.Padded(s.Hidden)
	first := func(i int) int {
		if i < last {
			return states(i)
		}
		return padded + i - last
	}
	var all []parameter
	in, input := last+s.Features, first
	if s.Width > 0 {
		all = append(all, linear("first", h.First, h.FirstBias, s.Width, in, input)...)
		all = append(all, linear("second", h.Second, h.SecondBias, s.Width, s.Width, plain)...)
		in, input = s.Width, plain
	}
	all = append(all, linear("out", h.Out, h.OutBias, s.Levels, in, input)...)
	if s.Skip > 0 {
		all = append(all, parameter{name + "skip.weight", []int{s.Levels, s.Skip}, h.Skip, plain, plain, false})
	}
	return all
}

func plain(i int) int { return i }

// units returns where unit i of a layer's output is, whose directions PyTorch
// puts side by side and package network pads to whole blocks.
func units(hidden int) func(int) int {
	return func(i int) int { return i/hidden*kernel.Padded(hidden) + i%hidden }
}

// gateOf returns where output i of PyTorch's four gates is: block by block of
// units, the four gates of a block together.
func gateOf(hidden int) func(int) int {
	return func(i int) int {
		gate, unit := i/hidden, i%hidden
		return (unit/kernel.Block*4+gate)*kernel.Block + unit%kernel.Block
	}
}

// Len returns the number of elements.
func (t *parameter) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// each calls do with every element's number and its place in a slice of all
// weights.
func (t *parameter) each(do func(i, at int)) {
	in := 1
	if len(t.Shape) == 2 {
		in = t.Shape[1]
	}
	for i := range t.Len() {
		o, k := t.output(i/in), t.input(i%in)
		do(i, t.matrix.At+(o/kernel.Block*t.matrix.In+k)*kernel.Block+o%kernel.Block)
	}
}

// of returns the tensor's part of a network's weights, row by row as PyTorch has
// it. Of the two biases of a layer the second is zero.
func (t *parameter) of(weights []float32) []float32 {
	if t.second {
		return make([]float32, t.Len())
	}
	return t.gradient(weights)
}

// gradient returns the tensor's part of a gradient, which both biases have
// alike.
func (t *parameter) gradient(grad []float32) []float32 {
	dst := make([]float32, t.Len())
	t.each(func(i, at int) { dst[i] = grad[at] })
	return dst
}

// into puts the tensor's elements x into a network's weights, the first of two
// biases before the second.
func (t *parameter) into(weights, x []float32) {
	t.each(func(i, at int) {
		if t.second {
			weights[at] += x[i]
			return
		}
		weights[at] = x[i]
	})
}
