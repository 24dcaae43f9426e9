package fit

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// random is a problem with heavy-tailed errors and inputs that depend on one
// another.
func random(n, p int, seed uint64) *problem {
	r := rand.New(rand.NewPCG(seed, 1))
	q := &problem{p: p, tau: 0.5, ridge: make([]float64, p), towards: make([]float64, p)}
	for range n {
		sum, common := 0.0, r.NormFloat64()
		for j := range p {
			x := r.NormFloat64() + common
			if j == 0 {
				x = 1
			}
			q.x = append(q.x, x)
			sum += x / float64(j+1)
		}
		q.y = append(q.y, sum+r.NormFloat64()*math.Exp(1.5*r.NormFloat64()))
		q.w = append(q.w, 0.1+r.Float64())
	}
	return q
}

// golden reads the problem of testdata/golden.R.
func golden(t *testing.T) *problem {
	t.Helper()
	f, err := os.Open("testdata/golden.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	q := &problem{p: 4, ridge: make([]float64, 4), towards: make([]float64, 4)}
	for _, record := range records[1:] {
		var v [6]float64
		for k, text := range record {
			if v[k], err = strconv.ParseFloat(text, 64); err != nil {
				t.Fatal(err)
			}
		}
		q.w, q.x, q.y = append(q.w, v[0]), append(q.x, v[1:5]...), append(q.y, v[5])
	}
	return q
}

// TestSolveQuantreg compares with R's quantreg, whose simplex is exact. The
// losses agree to a relative 1e-6; at a vertex, so do the coefficients, less
// closely.
func TestSolveQuantreg(t *testing.T) {
	for _, g := range []struct {
		weighted bool
		tau      float64
		beta     []float64
		loss     float64
	}{
		{false, 0.5, []float64{1.183702494, 1.415173889, -0.4331684319, -0.5672254307}, 123.8777696},
		{false, 0.1, []float64{-0.5236592288, 1.379695933, -0.2286977329, -1.817636697}, 80.71001777},
		{false, 0.9, []float64{2.565430209, 2.353501868, -0.4140700109, 1.158578648}, 53.69761539},
		{true, 0.5, []float64{0.9611951738, 1.45432692, -0.4158332016, -0.350679634}, 126.5374597},
		{true, 0.1, []float64{-0.6035327829, 1.903569207, -0.2379487039, -1.880119634}, 73.15517416},
		{true, 0.9, []float64{1.655585375, 1.534427556, -0.3502707992, 1.725795187}, 58.58097589},
	} {
		q := golden(t)
		q.tau = g.tau
		if !g.weighted {
			for i := range q.w {
				q.w[i] = 1
			}
		}
		var s solver
		beta := make([]float64, q.p)
		if !s.solve(beta, q, 1, 1e-7) {
			t.Errorf("τ %v: not converged", g.tau)
		}
		q.residuals(s.residual, beta)
		if loss := q.loss(s.residual, beta); math.Abs(loss/g.loss-1) > 1e-6 {
			t.Errorf("τ %v, weighted %v: the loss is %v, quantreg's %v", g.tau, g.weighted, loss, g.loss)
		}
		for j, b := range g.beta {
			if math.Abs(beta[j]-b) > 1e-3 {
				t.Errorf("τ %v, weighted %v: coefficient %d is %v, quantreg's %v", g.tau, g.weighted, j, beta[j], b)
			}
		}
	}
}

// TestSolveRidge: at the solution no direction goes down, with a ridge towards
// a point of any strength.
func TestSolveRidge(t *testing.T) {
	for _, ridge := range []float64{0, 1e-3, 1, 100} {
		q := random(600, 12, 3)
		for j := range q.ridge {
			q.ridge[j], q.towards[j] = ridge*float64(1+j), 0.5
		}
		q.tau = 0.3
		var s solver
		beta := make([]float64, q.p)
		if !s.solve(beta, q, 1, 1e-7) {
			t.Errorf("ridge %v: not converged", ridge)
		}
		q.residuals(s.residual, beta)
		least := q.loss(s.residual, beta)
		r := rand.New(rand.NewPCG(5, 5))
		moved := make([]float64, q.p)
		for range 500 {
			size := math.Exp(-8 * r.Float64())
			for j := range moved {
				moved[j] = beta[j] + size*r.NormFloat64()
			}
			q.residuals(s.residual, moved)
			if loss := q.loss(s.residual, moved); loss < least*(1-1e-7) {
				t.Fatalf("ridge %v: %v, and %v elsewhere", ridge, least, loss)
			}
		}
	}
}

// TestSolveSmoothing: as it is used, the loss is within a few 1e-5 of the least.
func TestSolveSmoothing(t *testing.T) {
	for seed := range uint64(5) {
		q := random(1500, 25, seed)
		var s solver
		beta := make([]float64, q.p)
		if !s.solve(beta, q, 1, smoothing) {
			t.Error("not converged")
		}
		q.residuals(s.residual, beta)
		loss := q.loss(s.residual, beta)
		if !s.solve(beta, q, 1, 1e-8) {
			t.Error("not converged further")
		}
		q.residuals(s.residual, beta)
		if least := q.loss(s.residual, beta); loss > least*(1+5e-5) {
			t.Errorf("%v, and %v is the least", loss, least)
		}
	}
}

// TestSolveDegenerate: inputs that repeat others, are 0, or that explain
// everything, and no weight at all.
func TestSolveDegenerate(t *testing.T) {
	for name, change := range map[string]func(q *problem){
		"nothing changes": func(q *problem) { clear(q.y) },
		"no inputs":       func(q *problem) { clear(q.x) },
		"one for all":     func(q *problem) { fill(q.x, 1) },
		"no weight":       func(q *problem) { clear(q.w) },
		"exact":           func(q *problem) { q.residuals(q.y, []float64{-1, -2, 3, 0, 0, 1}) },
		"spikes":          func(q *problem) { q.y[3], q.y[70], q.x[50] = 1e6, -1e6, 1e6 },
		"one row":         func(q *problem) { q.y, q.w, q.x = q.y[:1], q.w[:1], q.x[:6] },
	} {
		q := random(100, 6, 2)
		if name == "exact" {
			clear(q.y)
		}
		change(q)
		for j := range q.ridge {
			q.ridge[j] = 1e-3
		}
		var s solver
		beta := make([]float64, q.p)
		s.solve(beta, q, 1, smoothing)
		for _, b := range beta {
			if !finite(b) {
				t.Errorf("%s: %v", name, beta)
				break
			}
		}
	}
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

func BenchmarkSolve(b *testing.B) {
	q := random(10000, 35, 1)
	var s solver
	beta := make([]float64, q.p)
	for b.Loop() {
		clear(beta)
		if !s.solve(beta, q, 1, smoothing) {
			b.Fatal("not converged")
		}
	}
}
