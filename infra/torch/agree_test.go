package torch

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/internal/testkit"
)

// A golden is a case of testdata/golden.py and what PyTorch computed of it.
type golden struct {
	Layers        int       `json:"layers"`
	Bidirectional bool      `json:"bidirectional"`
	Hidden        int       `json:"hidden"`
	Width         int       `json:"width"`
	Steps         int       `json:"steps"`
	Inputs        int       `json:"inputs"`
	Features      int       `json:"features"`
	Skip          int       `json:"skip"`
	Horizons      []int64   `json:"horizons"`
	Levels        []float64 `json:"levels"`
	Rows          int       `json:"rows"`

	Quantiles []float64             `json:"quantiles"`
	Loss      float64               `json:"loss"`
	Norm      float64               `json:"norm"`
	Sums      map[string][2]float64 `json:"sums"`
}

func (g *golden) shape() network.Shape {
	return network.Shape{
		Inputs: g.Inputs, Steps: g.Steps, Hidden: g.Hidden, Layers: g.Layers, Bidirectional: g.Bidirectional,
		Horizons: len(g.Horizons), Features: g.Features, Skip: g.Skip, Width: g.Width,
		Levels: len(g.Levels), Median: slices.Index(g.Levels, 0.5),
	}
}

// value returns the numbers that golden.py makes of a name.
func value(name string, n int, scale float32) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	out := make([]float32, n)
	for i := range out {
		z := h.Sum64() + uint64(i+1)*0x9E3779B97F4A7C15
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		out[i] = (float32(z>>40)/(1<<23) - 1) * scale
	}
	return out
}

// place puts rows of n features each, of every one of so many outer indices,
// into activations: rows × outer × n in PyTorch.
func place(dst, src []float32, rows, outer, n int) {
	blocks := kernel.Blocks(n)
	for row := range rows {
		for o := range outer {
			for f := range n {
				dst[((o*blocks+f/kernel.Block)*rows+row)*kernel.Block+f%kernel.Block] = src[(row*outer+o)*n+f]
			}
		}
	}
}

// run makes the step of training that golden.py makes.
func (g *golden) run() (list []parameter, quantiles []float64, loss float64, grad []float32) {
	s := g.shape()
	net := network.New(s)
	list = tensorsOf(s)
	for i := range list {
		list[i].into(net.Weights, value(list[i].Name, list[i].Len(), 0.4))
	}
	w := network.NewWorkspace(s, g.Rows, true)
	place(w.Input, value("input", g.Rows*s.Steps*s.Inputs, 1), g.Rows, s.Steps, s.Inputs)
	place(w.Features, value("features", g.Rows*s.Horizons*s.Features, 1), g.Rows, s.Horizons, s.Features)
	place(w.Skip, value("skip", g.Rows*s.Horizons*s.Skip, 1), g.Rows, s.Horizons, s.Skip)
	target, weight := value("target", g.Rows*s.Horizons, 2), value("weight", g.Rows*s.Horizons, 1)
	for i := range weight {
		weight[i] = max(weight[i], -weight[i])
	}
	weight[s.Horizons] = 0
	net.ForwardTraining(w, 0, nil)
	quantiles = make([]float64, g.Rows*s.Horizons*s.Levels)
	for row := range g.Rows {
		for k := range s.Horizons {
			w.Quantiles(quantiles[(row*s.Horizons+k)*s.Levels:][:s.Levels], k, row)
		}
	}
	l := network.Loss{Levels: g.Levels}
	for _, p := range g.Levels {
		if p == 0.5 {
			l.Weights = append(l.Weights, 1)
		} else {
			l.Weights = append(l.Weights, 0.5/float64(len(g.Levels)-1))
		}
	}
	loss = l.Gradient(w, target, weight)
	back := network.NewBack(s)
	back.Prepare(net)
	grad = make([]float32, len(net.Weights))
	net.Backward(w, back, grad, 0)
	return list, quantiles, loss, grad
}

func (g *golden) String() string {
	ways := 1
	if g.Bidirectional {
		ways = 2
	}
	return fmt.Sprintf("%d layers × %d, %d ways, heads %d", g.Layers, g.Hidden, ways, g.Width)
}

// near fails where a number is not within a tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, and PyTorch's %v", what, got, want)
	}
}

// TestRecorded: forecasts, loss and gradients are those that PyTorch computed
// (testdata/golden.json says which, and by what command).
func TestRecorded(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []golden }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 54 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for i := range file.Cases {
		g := &file.Cases[i]
		t.Run(g.String(), func(t *testing.T) {
			list, quantiles, loss, grad := g.run()
			for i, q := range quantiles {
				near(t, fmt.Sprintf("quantile %d", i), q, g.Quantiles[i], 1e-5)
			}
			near(t, "the loss", loss, g.Loss, 1e-5)
			norm := 0.0
			for i := range list {
				x := list[i].gradient(grad)
				for _, v := range x {
					norm += float64(v) * float64(v)
				}
				for k, want := range g.Sums[list[i].Name] {
					sum := 0.0
					for i, r := range value(fmt.Sprintf("%s/%d", list[i].Name, k), len(x), 1) {
						sum += float64(x[i]) * float64(r)
					}
					near(t, fmt.Sprintf("sum %d of the gradient of %s", k, list[i].Name), sum, want, 1e-4)
				}
			}
			near(t, "the norm of the gradient", math.Sqrt(norm), g.Norm, 1e-4)
			if len(g.Sums) != len(list) {
				t.Errorf("%d tensors, and PyTorch has %d parameters", len(list), len(g.Sums))
			}
		})
	}
}

// TestLive: the same with the PyTorch that is here, element by element.
func TestLive(t *testing.T) {
	t.Parallel()
	python := testkit.Python(t, "torch", "safetensors")
	path := filepath.Join(t.TempDir(), "all.safetensors")
	if out, err := exec.Command(python, "testdata/golden.py", "--all", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := openTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(f.Metadata) != 54 {
		t.Fatalf("%d cases", len(f.Metadata))
	}
	for i := range len(f.Metadata) {
		var g golden
		if err := json.Unmarshal([]byte(f.Metadata[fmt.Sprint(i)]), &g); err != nil {
			t.Fatal(err)
		}
		t.Run(g.String(), func(t *testing.T) {
			read := func(name string) []float32 {
				x, err := f.Floats(fmt.Sprintf("%d/%s", i, name))
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
			list, quantiles, loss, grad := g.run()
			for i, want := range read("quantiles") {
				near(t, fmt.Sprintf("quantile %d", i), quantiles[i], float64(want), 1e-5)
			}
			near(t, "the loss", loss, g.Loss, 1e-5)
			for k := range list {
				x := list[k].gradient(grad)
				for i, want := range read(list[k].Name) {
					near(t, fmt.Sprintf("element %d of the gradient of %s", i, list[k].Name), float64(x[i]), float64(want), 1e-5)
				}
			}
		})
	}
}
