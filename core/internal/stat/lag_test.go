package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// small are coefficients of a polynomial whose inverse stays bounded.
func small(n int) []float64 {
	c := random(n, 9)
	for i := range c {
		c[i] *= 0.7 / float64(n)
	}
	return c
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestDivide: multiplying by the polynomial gives the series back.
func TestDivide(t *testing.T) {
	for _, m := range []int{1, 2, 24} {
		for k := range 8 {
			for _, from := range []int{0, 1, 3, 30} {
				coefs, want := small(k), random(80, 3)
				e := append([]float64(nil), want...)
				Divide(e, coefs, m, from)
				back := append([]float64(nil), e...)
				for s := from; s < len(e); s++ {
					for j, c := range coefs {
						if i := s - (j+1)*m; i >= 0 {
							back[s] += c * e[i]
						}
					}
				}
				near(t, "Divide", back, want)
			}
		}
	}
}

// TestRecurse: short and long lags alike satisfy the equation.
func TestRecurse(t *testing.T) {
	for _, c := range []struct{ ar, ma int }{{0, 0}, {1, 0}, {0, 1}, {2, 3}, {5, 5}, {6, 2}, {2, 7}, {24, 25}} {
		for _, from := range []int{c.ar, c.ar + 1, 40} {
			w, e := random(90, 4), random(90, 5)
			var ar, ma Filter
			phi, theta := small(c.ar), small(c.ma)
			if c.ar > 2 {
				phi[1] = 0
			}
			ar.Set(phi)
			ma.Set(theta)
			before := append([]float64(nil), e...)
			Recurse(e, w, &ar, &ma, from)
			near(t, "before from", e[:from], before[:from])
			want := make([]float64, len(e))
			for s := range want {
				want[s] = w[s]
				for i, f := range phi {
					if s-1-i >= 0 {
						want[s] -= f * w[s-1-i]
					}
				}
				for i, f := range theta {
					if s-1-i >= 0 {
						want[s] -= f * e[s-1-i]
					}
				}
			}
			near(t, "Recurse", e[from:], want[from:])
		}
	}
}

func BenchmarkRecurse(b *testing.B) {
	w, e := random(2000, 4), random(2000, 5)
	var ar, ma Filter
	ar.Set(small(5))
	ma.Set(small(5))
	b.SetBytes(int64(8 * len(w)))
	for b.Loop() {
		Recurse(e, w, &ar, &ma, 5)
	}
}
