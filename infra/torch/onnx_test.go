package torch

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/testkit"
)

// noise returns numbers in [-scale, scale) that the seed determines.
func noise(seed uint64, n int, scale float32) []float32 {
	out := make([]float32, n)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		out[i] = (float32(seed>>40)/(1<<23) - 1) * scale
	}
	return out
}

// model returns a network whose weights are all noise.
func onnxModel(layers, hidden, width int, both bool) *lstm.Fitted {
	task := forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 900}, Levels: []float64{0.1, 0.5, 0.75, 0.9},
		Bounds: series.Bounds{Lower: 0, Upper: math.Inf(1)}}
	others := []string{"memory"}
	s := network.Shape{Inputs: lstm.InputsOf(1), Steps: 5, Hidden: hidden, Layers: layers, Bidirectional: both, Horizons: 2,
		Features: feature.Count, Skip: feature.SkipCount, Width: width, Levels: 4, Median: 1}
	net := network.New(s)
	for i, t := range tensorsOf(s) {
		t.into(net.Weights, noise(uint64(i), t.Len(), 0.3))
	}
	lstm.Round(net)
	return lstm.New(task, others, net)
}

// fields calls do with each field of a message.
func fields(t *testing.T, m []byte, do func(field protowire.Number, number uint64, data []byte)) {
	t.Helper()
	for len(m) > 0 {
		field, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		m = m[n:]
		var number uint64
		var data []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(m)
		case protowire.BytesType:
			data, n = protowire.ConsumeBytes(m)
		default:
			t.Fatalf("field %d is of wire type %d", field, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		m = m[n:]
		do(field, number, data)
	}
}

// TestStructure: every node reads what there is by then, tensors are whole and
// read, and the operators are those that the documentation lists.
func TestStructure(t *testing.T) {
	t.Parallel()
	for _, m := range []*lstm.Fitted{onnxModel(2, 5, 7, true), onnxModel(1, 5, 0, false)} {
		checkStructure(t, m)
	}
}

func checkStructure(t *testing.T, m *lstm.Fitted) {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(doc), "opset 17: ")
	b, err := EncodeONNX(m, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var graph []byte
	fields(t, b, func(field protowire.Number, number uint64, data []byte) {
		switch field {
		case 1:
			if number != irVersion {
				t.Errorf("ir_version %d", number)
			}
		case 7:
			graph = data
		case 14:
			if !strings.Contains(string(data), `"metric":"cpu"`) {
				t.Errorf("metadata %q", data)
			}
		}
	})
	known := map[string]bool{}
	name := func(field protowire.Number, of protowire.Number, m []byte) string {
		var s string
		fields(t, m, func(f protowire.Number, _ uint64, data []byte) {
			if f == field {
				s = string(data)
			}
		})
		return s
	}
	outputs, read := 0, map[string]bool{}
	fields(t, graph, func(field protowire.Number, _ uint64, data []byte) {
		switch field {
		case 5:
			n, size := 1, 0
			fields(t, data, func(f protowire.Number, number uint64, data []byte) {
				switch f {
				case 1:
					n *= int(number)
				case 2:
					n *= map[uint64]int{float: 4, int64s: 8}[number]
				case 9:
					size = len(data)
				}
			})
			if n != size || known[name(8, 5, data)] {
				t.Errorf("tensor %s of %d bytes has %d", name(8, 5, data), n, size)
			}
			known[name(8, 5, data)] = true
		case 11:
			known[name(1, 11, data)] = true
		}
	})
	fields(t, graph, func(field protowire.Number, _ uint64, data []byte) {
		if field == 12 {
			if outputs++; !known["quantiles"] || name(1, 12, data) != "quantiles" {
				t.Errorf("output %s is not made by a node", name(1, 12, data))
			}
		}
		if field != 1 {
			return
		}
		if op := name(4, 1, data); !strings.Contains(listed, op) {
			t.Errorf("operator %s is not in the documentation", op)
		}
		fields(t, data, func(f protowire.Number, _ uint64, data []byte) {
			if f == 1 && !known[string(data)] {
				t.Errorf("a node reads %q, which is not there by then", data)
			}
			if f == 1 {
				read[string(data)] = true
			}
		})
		fields(t, data, func(f protowire.Number, _ uint64, data []byte) {
			if f == 2 {
				if known[string(data)] {
					t.Errorf("%q comes twice", data)
				}
				known[string(data)] = true
			}
		})
	})
	for name := range known {
		if !read[name] && name != "quantiles" {
			t.Errorf("nothing reads %q", name)
		}
	}
	if outputs != 1 {
		t.Errorf("%d outputs", outputs)
	}
}

// run is what a user of onnxruntime writes.
const run = `
import sys, onnxruntime
from safetensors.numpy import load_file, save_file
inputs = load_file("inputs.safetensors")
onnxruntime.set_default_logger_severity(3)
for name in sys.argv[1:]:
    session = onnxruntime.InferenceSession(name, providers=["CPUExecutionProvider"])
    quantiles, = session.run(["quantiles"], inputs)
    save_file({"quantiles": quantiles}, name + ".out")
`

// TestRuntime: onnxruntime's quantiles are ours, for every combination of
// layers, directions, sizes and widths.
func TestRuntime(t *testing.T) {
	t.Parallel()
	python := testkit.Python(t, "onnxruntime", "safetensors")
	dir := t.TempDir()
	const rows = 3
	models := map[string]*lstm.Fitted{}
	for layers := 1; layers <= 3; layers++ {
		for _, hidden := range []int{3, 16, 21} {
			for _, width := range []int{0, 5, 32} {
				for _, both := range []bool{false, true} {
					m := onnxModel(layers, hidden, width, both)
					b, err := EncodeONNX(m, "test")
					if err != nil {
						t.Fatal(err)
					}
					name := fmt.Sprintf("%d-%d-%d-%v.onnx", layers, hidden, width, both)
					if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
						t.Fatal(err)
					}
					models[name] = m
				}
			}
		}
	}
	s := models["1-3-0-true.onnx"].Network().Shape()
	inputs := map[string][]int{"input": {rows, s.Steps, s.Inputs}, "features": {rows, s.Horizons, s.Features}, "skip": {rows, s.Horizons, s.Skip}}
	values := map[string][]float32{}
	var tensors []fileTensor
	for name, shape := range inputs {
		tensors = append(tensors, fileTensor{Name: name, Type: typeF32, Shape: shape})
		values[name] = noise(uint64(len(name)), shape[0]*shape[1]*shape[2], 2)
	}
	w, err := createTensors(filepath.Join(dir, "inputs.safetensors"), nil, tensors...)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range values {
		if err := w.Floats(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range models {
		names = append(names, name)
	}
	slices.Sort(names)
	cmd := exec.Command(python, append([]string{"-c", run}, names...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range names {
		f, err := openTensors(filepath.Join(dir, name+".out"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Floats("quantiles")
		f.Close()
		if err != nil || len(got) != rows*2*4 {
			t.Fatal(len(got), err)
		}
		for i, want := range quantiles(models[name], values, rows) {
			if !(math.Abs(float64(got[i])-want) < 1e-5) {
				t.Errorf("%s: quantile %d is %v, not %v", name, i, got[i], want)
			}
		}
	}
}

// quantiles are the network's own.
func quantiles(m *lstm.Fitted, values map[string][]float32, rows int) []float64 {
	net := m.Network()
	s := net.Shape()
	w := network.NewWorkspace(s, rows, false)
	place := func(dst, src []float32, outer, n int) {
		for row := range rows {
			for o := range outer {
				for f := range n {
					dst[((o*kernel.Blocks(n)+f/kernel.Block)*rows+row)*kernel.Block+f%kernel.Block] = src[(row*outer+o)*n+f]
				}
			}
		}
	}
	place(w.Input, values["input"], s.Steps, s.Inputs)
	place(w.Features, values["features"], s.Horizons, s.Features)
	place(w.Skip, values["skip"], s.Horizons, s.Skip)
	net.Forward(w)
	out := make([]float64, rows*s.Horizons*s.Levels)
	for row := range rows {
		for k := range s.Horizons {
			w.Quantiles(out[(row*s.Horizons+k)*s.Levels:][:s.Levels], k, row)
		}
	}
	return out
}
