package sarima

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTransformInverts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	o := Order{P: 4, Q: 3, SP: 2, SQ: 1, Period: 12}
	for range 200 {
		u := make([]float64, o.Coefs())
		for i := range u {
			u[i] = 1.5 * rng.NormFloat64()
		}
		c, back := make([]float64, len(u)), make([]float64, len(u))
		Constrain(c, u, o, 1.01)
		ar, ma, sar, sma := split(c, o)
		for _, a := range [][]float64{ar, negated(ma), sar, negated(sma)} {
			if !Stationary(a, 1.01, make([]float64, len(a))) {
				t.Fatalf("constrained coefficients %v are not stationary", a)
			}
		}
		Unconstrain(back, c, o, 1.01)
		for i := range u {
			if math.Abs(back[i]-u[i]) > 1e-6*(1+math.Abs(u[i])) {
				t.Fatalf("%v came back as %v", u, back)
			}
		}
	}
}

func negated(a []float64) []float64 {
	out := append([]float64(nil), a...)
	negate(out)
	return out
}

// TestUnconstrainDrawsInside: coefficients outside the region, or not finite,
// still give a start.
func TestUnconstrainDrawsInside(t *testing.T) {
	for _, c := range [][]float64{{1.5, 0.3}, {1, -1}, {math.NaN(), 0}, {math.Inf(1), 1}} {
		u := make([]float64, 2)
		Unconstrain(u, c, Order{P: 2}, 1)
		if math.IsNaN(u[0]+u[1]) || math.Abs(u[0]) > maxAtanh || math.Abs(u[1]) > maxAtanh {
			t.Errorf("%v gave %v", c, u)
		}
	}
}

// TestStationaryAgreesWithRoots compares the recursion with the roots.
func TestStationaryAgreesWithRoots(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	seen := [2]int{}
	for range 500 {
		a := []float64{2 * rng.NormFloat64() * 0.5, rng.NormFloat64() * 0.5, rng.NormFloat64() * 0.4}
		least := math.Inf(1)
		for _, z := range roots([]complex128{1, complex(-a[0], 0), complex(-a[1], 0), complex(-a[2], 0)}) {
			least = min(least, cabs(z))
		}
		for _, radius := range []float64{1, 1.01} {
			if math.Abs(least-radius) < 1e-6 {
				continue
			}
			got := Stationary(a, radius, make([]float64, 3))
			if got != (least > radius) {
				t.Fatalf("%v at radius %v: %v, smallest root %v", a, radius, got, least)
			}
			if got {
				seen[1]++
			} else {
				seen[0]++
			}
		}
	}
	if min(seen[0], seen[1]) < 50 {
		t.Fatalf("one-sided sample: %v", seen)
	}
}

// roots returns the roots of Σ c_j z^j, c of degree at least 1 with a leading
// coefficient that is not zero, by Aberth's simultaneous iteration (1973).
func roots(c []complex128) []complex128 {
	n := len(c) - 1
	z := make([]complex128, n)
	radius := math.Pow(cabs(c[0]/c[n]), 1/float64(n))
	for i := range z {
		s, co := math.Sincos(2*math.Pi*float64(i)/float64(n) + 0.4)
		z[i] = complex(radius*co, radius*s)
	}
	for range 200 {
		moved := 0.0
		for i := range z {
			p, dp := c[n], complex128(0)
			for j := n - 1; j >= 0; j-- {
				dp = dp*z[i] + p
				p = p*z[i] + c[j]
			}
			if p == 0 {
				continue
			}
			sum := complex128(0)
			for j := range z {
				if j != i && z[i] != z[j] {
					sum += 1 / (z[i] - z[j])
				}
			}
			step := p / (dp - p*sum)
			z[i] -= step
			moved = max(moved, cabs(step)/(1e-300+cabs(z[i])))
		}
		if moved < 1e-15 {
			break
		}
	}
	return z
}

func cabs(z complex128) float64 { return math.Hypot(real(z), imag(z)) }
