package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/kernel"
)

// reference is the same network in float64, written from the equations alone,
// row by row: what the blocked one is compared with.
type reference struct {
	n    *Network
	w    []float64
	w0   *Workspace // for the inputs and the dropout masks
	loss Loss
}

// value returns element (k, j) of a matrix: from input k to output j.
func (r *reference) value(m Matrix, k, j int) float64 {
	return r.w[m.At+(j/16*m.In+k)*16+j%16]
}

func sigmoid64(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// element returns feature f of a row of activations with so many rows.
func element(x []float32, rows, row, f int) float64 {
	return float64(x[(f/16*rows+row)*16+f%16])
}

// outputs returns the raw outputs of a row: by horizon and level.
func (r *reference) outputs(row int, p float64) [][]float64 {
	s := &r.n.shape
	rows := r.w0.rows
	u16 := s.units() * 16
	xs := make([][]float64, s.Steps)
	for t := range xs {
		xs[t] = make([]float64, s.Inputs)
		for f := range xs[t] {
			xs[t][f] = element(r.w0.Input[t*kernel.Blocks(s.Inputs)*rows*16:], rows, row, f)
		}
	}
	for l, cells := range r.n.layout.Cells {
		next := make([][]float64, s.Steps)
		for t := range next {
			next[t] = make([]float64, len(cells)*u16)
		}
		for d, c := range cells {
			h, cc := make([]float64, s.Hidden), make([]float64, s.Hidden)
			for i := range s.Steps {
				t := i
				if d == 1 {
					t = s.Steps - 1 - i
				}
				nh := make([]float64, s.Hidden)
				for j := range s.Hidden {
					var sum [4]float64
					for q := range 4 {
						out := (j/16*4+q)*16 + j%16
						sum[q] = r.value(c.Bias, 0, out)
						for k, x := range xs[t] {
							sum[q] += x * r.value(c.Input, k, out)
						}
						for k, x := range h {
							sum[q] += x * r.value(c.State, k, out)
						}
					}
					cc[j] = sigmoid64(sum[1])*cc[j] + sigmoid64(sum[0])*math.Tanh(sum[2])
					nh[j] = sigmoid64(sum[3]) * math.Tanh(cc[j])
				}
				h = nh
				copy(next[t][d*u16:], h)
			}
		}
		if l < s.Layers-1 && p > 0 {
			for t := range next {
				for f := range next[t] {
					next[t][f] *= element(r.w0.masks[l][t*s.stateBlocks()*rows*16:], rows, row, f)
				}
			}
		}
		xs = next
	}
	out := make([][]float64, s.Horizons)
	for k := range out {
		out[k] = r.head(k, row, p, xs[s.Steps-1])
	}
	return out
}

func (r *reference) head(k, row int, p float64, last []float64) []float64 {
	s := &r.n.shape
	rows := r.w0.rows
	m := &r.n.layout.Heads[k]
	in := append([]float64(nil), last...)
	for f := range s.Features {
		in = append(in, element(part(r.w0.Features, k, s.Horizons), rows, row, f))
	}
	apply := func(m, bias Matrix, x []float64, n int) []float64 {
		y := make([]float64, n)
		for j := range y {
			y[j] = r.value(bias, 0, j)
			for i, v := range x {
				y[j] += v * r.value(m, i, j)
			}
		}
		return y
	}
	if s.Width > 0 {
		a := apply(m.First, m.FirstBias, in, s.Width)
		for j, x := range a {
			a[j] = x * sigmoid64(x)
			if p > 0 {
				a[j] *= element(r.w0.heads[k].da1, rows, row, j)
			}
		}
		b := apply(m.Second, m.SecondBias, a, s.Width)
		for j, x := range b {
			b[j] = a[j] + x*sigmoid64(x)
		}
		in = b
	}
	y := apply(m.Out, m.OutBias, in, s.Levels)
	for j := range y {
		for i := range s.Skip {
			y[j] += element(part(r.w0.Skip, k, s.Horizons), rows, row, i) * r.value(m.Skip, i, j)
		}
	}
	return y
}

// total returns the loss of the batch.
func (r *reference) total(target, weight []float32, p float64) float64 {
	s := &r.n.shape
	sum := 0.0
	for row := range r.w0.rows {
		for k, q := range r.outputs(row, p) {
			for j := s.Median + 1; j < len(q); j++ {
				q[j] = q[j-1] + math.Log1p(math.Exp(q[j]))
			}
			for j := s.Median - 1; j >= 0; j-- {
				q[j] = q[j+1] - math.Log1p(math.Exp(q[j]))
			}
			for j, lv := range r.loss.Levels {
				i := row*s.Horizons + k
				if weight[i] != 0 {
					e := float64(target[i]) - q[j]
					sum += float64(weight[i]) * r.loss.Weights[j] * max(lv*e, (lv-1)*e)
				}
			}
		}
	}
	return sum
}

func testShape(layers int, both bool, width int) Shape {
	return Shape{Inputs: 5, Steps: 7, Hidden: 9, Layers: layers, Bidirectional: both,
		Horizons: 2, Features: 18, Skip: 3, Width: width, Levels: 5, Median: 2}
}

// fillBatch fills a workspace and targets at random; missing says how often a
// target is.
func fillBatch(w *Workspace, r *rand.Rand, missing float64) (target, weight []float32) {
	s := &w.shape
	rows := w.rows
	set := func(x []float32, blocks, features int) {
		for g := range len(x) / max(blocks*rows*16, 1) {
			for row := range rows {
				for f := range features {
					x[((g*blocks+f/16)*rows+row)*16+f%16] = float32(r.NormFloat64())
				}
			}
		}
	}
	set(w.Input, kernel.Blocks(s.Inputs), s.Inputs)
	set(w.Features, kernel.Blocks(s.Features), s.Features)
	set(w.Skip, kernel.Blocks(s.Skip), s.Skip)
	for range rows * s.Horizons {
		target = append(target, float32(2*r.NormFloat64()))
		wt := float32(0.5 + r.Float64())
		if r.Float64() < missing {
			wt, target[len(target)-1] = 0, float32(math.NaN())
		}
		weight = append(weight, wt)
	}
	return target, weight
}

// TestGradient compares loss and gradient with those of the reference, by
// central differences, over kinds of layers, batches, dropout and missing
// targets.
func TestGradient(t *testing.T) {
	levels := []float64{0.05, 0.25, 0.5, 0.75, 0.9}
	for _, c := range []struct {
		layers, width, rows int
		both                bool
		p, missing          float64
	}{
		{1, 0, 1, false, 0, 0}, {1, 11, 3, true, 0, 0}, {2, 11, 7, true, 0.3, 0.2},
		{2, 0, 32, true, 0, 0}, {3, 20, 3, false, 0.4, 0}, {4, 11, 1, true, 0.2, 0},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(c.layers), uint64(c.rows)))
			shape := testShape(c.layers, c.both, c.width)
			n := New(shape)
			n.Initialise(7, levels)
			for _, h := range n.layout.Heads { // away from zero, where half of the gradients vanish
				real, state := shape.real(shape.Width), shape.stateBlocks()*kernel.Block
				if shape.Width == 0 {
					real = func(k int) bool { return k >= state || n.realInputs(1)(k) }
				}
				n.fill(r, h.Out, shape.Levels, real, 0.3)
				n.fill(r, h.Skip, shape.Levels, shape.real(shape.Skip), 0.3)
			}
			w := NewWorkspace(shape, c.rows, true)
			target, weight := fillBatch(w, r, c.missing)
			loss := Loss{Levels: levels, Weights: []float64{1, 0.5, 2, 0.5, 1}}
			pcg := rand.NewPCG(3, 4)
			n.ForwardTraining(w, c.p, pcg)
			got := loss.Gradient(w, target, weight)
			grad := make([]float32, len(n.Weights))
			b := NewBack(shape)
			b.Prepare(n)
			n.Backward(w, b, grad, c.p)

			ref := reference{n: n, w: make([]float64, len(n.Weights)), w0: w, loss: loss}
			for i, x := range n.Weights {
				ref.w[i] = float64(x)
			}
			want := ref.total(target, weight, c.p)
			if math.Abs(got-want) > 1e-5*math.Abs(want) {
				t.Fatalf("loss %v, want %v", got, want)
			}
			scale := 0.0
			for _, g := range grad {
				scale = max(scale, math.Abs(float64(g)))
			}
			checked := 0
			for range 150 {
				i := r.IntN(len(grad))
				if n.Weights[i] == 0 && r.Float64() < 0.8 {
					continue // mostly padding
				}
				const e = 1e-6
				keep := ref.w[i]
				ref.w[i] = keep + e
				up := ref.total(target, weight, c.p)
				ref.w[i] = keep - e
				down := ref.total(target, weight, c.p)
				ref.w[i] = keep
				d := (up - down) / (2 * e)
				if n.Weights[i] == 0 && grad[i] == 0 && d == 0 {
					continue // padding, which stays zero
				}
				checked++
				if math.Abs(d-float64(grad[i])) > 3e-5*scale {
					t.Errorf("weight %d: gradient %v, want %v (largest %v)", i, grad[i], d, scale)
				}
			}
			if checked < 20 {
				t.Errorf("only %d weights were checked", checked)
			}
		})
	}
}
