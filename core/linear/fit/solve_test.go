package fit

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random(n, p int, seed uint64) *problem {
	r := rand.New(rand.NewPCG(seed, 1))
	q := &problem{p: p, tau: 0.5, ridge: make([]float64, p), towards: make([]float64, p)}
	for range n {
		sum := 0.0
		for j := range p {
			x := r.NormFloat64()
			if j == 0 {
				x = 1
			}
			q.x = append(q.x, x)
			sum += x / float64(j+1)
		}
		q.y = append(q.y, sum+r.NormFloat64()*math.Exp(r.NormFloat64()))
		q.w = append(q.w, 1)
	}
	return q
}

func BenchmarkSolve(b *testing.B) {
	q := random(10000, 25, 1)
	var s solver
	beta := make([]float64, q.p)
	n := 0
	for b.Loop() {
		clear(beta)
		if !s.solve(beta, q, 1e-4) {
			b.Fatal("no")
		}
		n++
	}
}

func TestX(t *testing.T) {
	q := random(2000, 25, 1)
	for _, sm := range []float64{1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8} {
		var s solver
		beta := make([]float64, q.p)
		ok := s.solve(beta, q, sm)
		t.Log(sm, ok, q.loss(s.residual, beta))
	}
}
