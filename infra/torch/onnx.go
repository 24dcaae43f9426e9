package torch

import (
	"fmt"
	"slices"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
)

// Versions that a model asks for: of the format, and of the operators.
const (
	irVersion = 8
	opset     = 17
)

// EncodeONNX returns a model's network as an ONNX model. version is that of the
// program.
func EncodeONNX(f *lstm.Fitted, version string) ([]byte, error) {
	net := f.Network()
	shape := net.Shape()
	described, err := json.Marshal(describe(&f.Spec().Task, f.Others(), shape, f.Epochs()))
	if err != nil {
		return nil, err
	}
	g := graph{shape: shape, weights: map[string][]float32{}}
	for _, t := range tensorsOf(shape) {
		g.weights[t.Name] = t.of(net.Weights)
	}
	var entry, operators, m message
	entry.string(1, "foretide") // key
	entry.bytes(2, described)   // value
	operators.string(1, "")     // domain: that of ONNX
	operators.int(2, opset)     // version
	m.int(1, irVersion)         // ir_version
	m.string(2, "foretide")     // producer_name
	m.string(3, version)        // producer_version
	m.bytes(7, g.encode())      // graph
	m.bytes(8, operators)       // opset_import
	m.bytes(14, entry)          // metadata_props
	return m, nil
}

// A graph is one that is being written.
type graph struct {
	shape   network.Shape
	weights map[string][]float32 // by PyTorch's names

	nodes, tensors []message
}

// encode returns the GraphProto.
func (g *graph) encode() message {
	s := &g.shape
	g.constant("first index", int64s, []int{1}, ints(1))
	g.layers()
	var heads []string
	for k := range s.Horizons {
		heads = append(heads, g.head(k))
	}
	g.add("Concat", heads, "raw", attributeInt("axis", 1))
	g.quantiles()
	var m message
	for _, n := range g.nodes {
		m.bytes(1, n) // node
	}
	m.string(2, "foretide") // name
	for _, t := range g.tensors {
		m.bytes(5, t) // initializer
	}
	m.bytes(11, valueInfo("input", "the recent window, step by step", s.Steps, s.Inputs))
	m.bytes(11, valueInfo("features", "what the head of each horizon reads beside the last step", s.Horizons, s.Features))
	m.bytes(11, valueInfo("skip", "what reaches the outputs of each horizon by a linear map", s.Horizons, s.Skip))
	m.bytes(12, valueInfo("quantiles", "of (value - last) / scale, by horizon and level", s.Horizons, s.Levels))
	return m
}

func (g *graph) add(op string, inputs []string, output string, attributes ...attribute) {
	g.nodes = append(g.nodes, node(op, inputs, []string{output}, attributes...))
}

func (g *graph) constant(name string, of int64, dims []int, raw []byte) string {
	g.tensors = append(g.tensors, tensor(name, of, dims, raw))
	return name
}

// weight is a constant of one of PyTorch's parameters.
func (g *graph) weight(name string, dims ...int) string {
	return g.constant(name, float, dims, floats(g.weights[name]))
}

// layers adds the LSTM, and the last step as "last", [N, D·hidden].
func (g *graph) layers() {
	s := &g.shape
	ways, direction := s.Directions(), "forward"
	if s.Bidirectional {
		direction = "bidirectional"
	}
	if s.Layers > 1 {
		g.constant("joined", int64s, []int{3}, ints(0, 0, -1))
	}
	g.add("Transpose", []string{"input"}, "steps", attributeInts("perm", 1, 0, 2))
	x, inputs := "steps", s.Inputs
	for l := range s.Layers {
		name := fmt.Sprintf("layer %d", l)
		var input, state, bias []float32
		for d := range ways {
			suffix := fmt.Sprintf("_l%d", l)
			if d == 1 {
				suffix += "_reverse"
			}
			input = append(input, g.gates("lstm.weight_ih"+suffix, inputs)...)
			state = append(state, g.gates("lstm.weight_hh"+suffix, s.Hidden)...)
			bias = append(bias, g.gates("lstm.bias_ih"+suffix, 1)...)
			bias = append(bias, g.gates("lstm.bias_hh"+suffix, 1)...)
		}
		w := g.constant(name+" W", float, []int{ways, 4 * s.Hidden, inputs}, floats(input))
		r := g.constant(name+" R", float, []int{ways, 4 * s.Hidden, s.Hidden}, floats(state))
		b := g.constant(name+" B", float, []int{ways, 8 * s.Hidden}, floats(bias))
		g.add("LSTM", []string{x, w, r, b}, name, attributeInt("hidden_size", int64(s.Hidden)), attributeString("direction", direction))
		inputs = ways * s.Hidden
		if l < s.Layers-1 {
			x = name + " joined"
			g.add("Transpose", []string{name}, name+" beside", attributeInts("perm", 0, 2, 1, 3))
			g.add("Reshape", []string{name + " beside", "joined"}, x)
			continue
		}
		// Steps × directions × N × hidden, of which the last step.
		g.constant("last index", int64s, nil, ints(-1))
		g.constant("row", int64s, []int{2}, ints(0, -1))
		g.add("Gather", []string{name, "last index"}, "last step", attributeInt("axis", 0))
		g.add("Transpose", []string{"last step"}, "last beside", attributeInts("perm", 1, 0, 2))
		g.add("Reshape", []string{"last beside", "row"}, "last")
	}
}

// gates returns a parameter with its gates in ONNX's order, i, o, f, g.
func (g *graph) gates(name string, inputs int) []float32 {
	x, n := g.weights[name], g.shape.Hidden*inputs
	return slices.Concat(x[:n], x[3*n:], x[n:2*n], x[2*n:3*n])
}

// head adds the head of horizon k and returns the name of its raw outputs, [N, 1,
// levels].
func (g *graph) head(k int) string {
	s := &g.shape
	name := fmt.Sprintf("heads.%d.", k)
	at := g.constant(name+"index", int64s, nil, ints(int64(k)))
	g.add("Gather", []string{"features", at}, name+"features", attributeInt("axis", 1))
	g.add("Gather", []string{"skip", at}, name+"skip", attributeInt("axis", 1))
	x, inputs := name+"input", s.Directions()*s.Hidden+s.Features
	g.add("Concat", []string{"last", name + "features"}, x, attributeInt("axis", 1))
	linear := func(what, x string, out, in int) string {
		n := name + what
		g.add("Gemm", []string{x, g.weight(n+".weight", out, in), g.weight(n+".bias", out)}, n, attributeInt("transB", 1))
		return n
	}
	silu := func(x string) string {
		g.add("Sigmoid", []string{x}, x+" sigmoid")
		g.add("Mul", []string{x, x + " sigmoid"}, x+" silu")
		return x + " silu"
	}
	if s.Width > 0 {
		a := silu(linear("first", x, s.Width, inputs))
		b := silu(linear("second", a, s.Width, s.Width))
		x, inputs = name+"hidden", s.Width
		g.add("Add", []string{a, b}, x)
	}
	linear("out", x, s.Levels, inputs)
	w := g.weight(name+"skip.weight", s.Levels, s.Skip)
	g.add("Gemm", []string{name + "skip", w, name + "out"}, name+"raw", attributeInt("transB", 1))
	g.add("Unsqueeze", []string{name + "raw", "first index"}, name+"outputs")
	return name + "outputs"
}

// quantiles adds the quantiles to the raw outputs: the median's own, and from it
// the distances between neighbours, which softplus makes positive.
func (g *graph) quantiles() {
	s := &g.shape
	n := s.Levels
	chain := make([]float32, n*n) // whether distance j, the row, is in quantile i
	for i := range n {
		for j := range n {
			switch {
			case s.Median < j && j <= i:
				chain[j*n+i] = 1
			case i <= j && j < s.Median:
				chain[j*n+i] = -1
			}
		}
	}
	g.constant("chain", float, []int{n, n}, floats(chain))
	g.constant("median", int64s, []int{1}, ints(int64(s.Median)))
	g.add("Gather", []string{"raw", "median"}, "median of each", attributeInt("axis", 2))
	g.add("Softplus", []string{"raw"}, "distances")
	g.add("MatMul", []string{"distances", "chain"}, "from the median")
	g.add("Add", []string{"median of each", "from the median"}, "quantiles")
}
