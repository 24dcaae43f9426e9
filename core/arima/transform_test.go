package arima

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

// TestInvertMA: the inverted polynomial has the same autocorrelations and its
// roots outside the unit circle.
func TestInvertMA(t *testing.T) {
	for _, theta := range [][]float64{{2}, {-0.5}, {0.5, 3}, {2.5, 1, -3}, {0.4, 0.3, 0}, {0, 0}} {
		inv, variance := InvertMA(theta)
		if !Stationary(negated(inv), 1+1e-12, make([]float64, len(inv))) {
			t.Errorf("%v inverted to %v, not invertible", theta, inv)
		}
		for lag := range len(theta) + 1 {
			if a, b := maCov(theta, lag), variance*maCov(inv, lag); math.Abs(a-b) > 1e-9*(1+math.Abs(a)) {
				t.Errorf("%v: autocovariance %d is %v, after inversion %v", theta, lag, a, b)
			}
		}
	}
}

func maCov(theta []float64, lag int) float64 {
	full := append([]float64{1}, theta...)
	s := 0.0
	for j := 0; j+lag < len(full); j++ {
		s += full[j] * full[j+lag]
	}
	return s
}
