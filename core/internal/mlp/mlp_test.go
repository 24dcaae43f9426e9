package mlp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/internal/quantile"
)

var (
	levels = []float64{0.1, 0.5, 0.9}
	loss   = quantile.Loss{Levels: levels, Weights: []float64{0.4, 1, 0.6}}
	shape  = Shape{Inputs: 21, Skip: 3, Hidden: [MaxHidden]int{20, 20, 9}, Levels: 3, Median: 1}
)

// example returns a network with random weights, padding left zero, and a batch.
func example(rows int, train bool) (n *Network, w *Workspace, target, weight []float32) {
	n = New(shape)
	n.Initialise(7, levels)
	r := rand.New(rand.NewPCG(1, 2))
	out := n.layout.out
	n.fill(r, out.weights, 9, 3, 0.7)
	n.fill(r, n.layout.skip, 3, 3, 0.5)
	w = NewWorkspace(shape, rows, train)
	for row := range rows {
		x := make([]float32, shape.Inputs+shape.Skip)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		w.Set(w.Input, row, x[:shape.Inputs])
		w.Set(w.Skip, row, x[shape.Inputs:])
		target = append(target, float32(r.NormFloat64()))
		weight = append(weight, r.Float32())
	}
	return n, w, target, weight
}

// TestForward compares the outputs with those of plain loops in float64.
func TestForward(t *testing.T) {
	const rows = 5
	n, w, _, _ := example(rows, false)
	n.Forward(w)
	at := func(l layer, j, k int) float64 {
		return float64(l.weights.Of(n.Weights)[(j/16*l.weights.In+k)*16+j%16])
	}
	for row := range rows {
		var x []float64
		for k := range shape.Inputs {
			x = append(x, float64(w.Input[(k/16*rows+row)*16+k%16]))
		}
		for i, l := range n.layout.hidden {
			h := make([]float64, shape.Hidden[i])
			for j := range h {
				sum := float64(l.bias.Of(n.Weights)[j])
				for k, v := range x {
					sum += at(l, j, k) * v
				}
				h[j] = sum / (1 + math.Exp(-sum))
				if i == 1 { // the only one of the width of the one before
					h[j] += x[j]
				}
			}
			x = h
		}
		want := make([]float64, len(levels))
		for j := range want {
			want[j] = float64(n.layout.out.bias.Of(n.Weights)[j])
			for k, v := range x {
				want[j] += at(n.layout.out, j, k) * v
			}
			for k := range shape.Skip {
				want[j] += at(layer{weights: n.layout.skip}, j, k) * float64(w.Skip[row*16+k])
			}
		}
		quantile.FromOutputs(want, shape.Median)
		got := make([]float64, len(levels))
		w.Quantiles(got, row)
		for j := range got {
			if math.Abs(got[j]-want[j]) > 1e-5 {
				t.Errorf("row %d: quantiles %v, want %v", row, got, want)
				break
			}
		}
	}
}

// TestGradient compares the gradient of weights with differences of the loss,
// with and without dropout, and looks that padding has none.
func TestGradient(t *testing.T) {
	for _, p := range []float64{0, 0.3} {
		n, w, target, weight := example(6, true)
		weight[2], target[2] = 0, float32(math.NaN())
		b := NewBack(shape)
		b.Prepare(n)
		grad := make([]float32, len(n.Weights))
		of := func(grad []float32) float64 {
			return n.Gradient(w, b, &loss, target, weight, grad, p, rand.NewPCG(3, 4))
		}
		sum := of(grad)
		if !(sum > 0) {
			t.Fatalf("loss %v", sum)
		}
		r := rand.New(rand.NewPCG(5, 6))
		for range 400 {
			i := r.IntN(len(n.Weights))
			before := n.Weights[i]
			const h = 1e-2
			discard := make([]float32, len(grad))
			n.Weights[i] = before + h
			up := of(discard)
			n.Weights[i] = before - h
			down := of(discard)
			n.Weights[i] = before
			if before == 0 && grad[i] == 0 {
				continue // padding, or a weight whose input is
			}
			if want := (up - down) / (2 * h); math.Abs(float64(grad[i])-want) > 2e-2*(1+math.Abs(want)) {
				t.Errorf("p %v: gradient of weight %d is %v, by differences %v", p, i, grad[i], want)
			}
		}
	}
}

func TestPaddingStaysZero(t *testing.T) {
	n, w, target, weight := example(4, true)
	b := NewBack(shape)
	b.Prepare(n)
	grad := make([]float32, len(n.Weights))
	n.Gradient(w, b, &loss, target, weight, grad, 0.2, rand.NewPCG(1, 1))
	first := n.layout.hidden[0].weights
	for k := range first.In {
		for j := shape.Hidden[0]; j < first.Out*16; j++ {
			if i := first.At + (j/16*first.In+k)*16 + j%16; grad[i] != 0 || n.Weights[i] != 0 {
				t.Fatalf("padding of input %d, unit %d: weight %v, gradient %v", k, j, n.Weights[i], grad[i])
			}
		}
	}
}

func TestShapeCheck(t *testing.T) {
	if !shape.Check() || shape.Layers() != 3 || shape.Size() != len(New(shape).Weights) {
		t.Fatal("a shape is not what it is")
	}
	for _, change := range []func(s *Shape){
		func(s *Shape) { s.Hidden = [MaxHidden]int{} }, func(s *Shape) { s.Hidden[0] = 1 << 20 },
		func(s *Shape) { s.Hidden[1] = 0 }, func(s *Shape) { s.Inputs = 0 }, func(s *Shape) { s.Skip = -1 },
		func(s *Shape) { s.Levels = 0 }, func(s *Shape) { s.Median = 3 }, func(s *Shape) { s.Hidden[5] = -1 },
	} {
		s := shape
		change(&s)
		if s.Check() {
			t.Errorf("%+v passes", s)
		}
	}
}

func TestForwardDoesNotAllocate(t *testing.T) {
	n, w, _, _ := example(3, false)
	dst := make([]float64, 3)
	if a := testing.AllocsPerRun(100, func() { n.Forward(w); w.Quantiles(dst, 1) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
	again, v, _, _ := example(3, false)
	again.Forward(v)
	if !slices.Equal(v.out, w.out) {
		t.Error("the same seed gives other outputs")
	}
}

func BenchmarkForward(b *testing.B) {
	s := Shape{Inputs: 80, Skip: 33, Hidden: [MaxHidden]int{192, 192, 96}, Levels: 9, Median: 4}
	n := New(s)
	n.Initialise(1, []float64{.025, .1, .2, .4, .5, .6, .8, .9, .975})
	w := NewWorkspace(s, 3, false)
	b.ReportAllocs()
	for b.Loop() {
		n.Forward(w)
	}
	b.ReportMetric(float64(2*3*s.Size())*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
