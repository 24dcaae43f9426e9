package sarima

import (
	"math"
	"testing"
)

// TestPulsesAgreeWithTheFilter compares the likelihood with missing values
// integrated out to that of the Kalman filter in levels, at the best and at
// other regression coefficients.
func TestPulsesAgreeWithTheFilter(t *testing.T) {
	full := wandering(160, 11)
	for _, holes := range [][]int{{60}, {40, 41, 42, 80, 159}, {14, 30, 31, 45, 46, 47, 48, 100, 140}} {
		y := append([]float64(nil), full...)
		for i := range y {
			y[i] -= full[0]
		}
		for _, t := range holes {
			y[t] = math.NaN()
		}
		x := [][]float64{make([]float64, len(y))}
		for i := range y {
			x[0][i] = math.Cos(float64(i) / 3)
		}
		for _, c := range likelihoodCases {
			fast, err := NewLikelihood(y, x, c.order)
			if err != nil {
				t.Fatal(err)
			}
			if fast.Levels() != (holes[0] < c.order.DiffLags()) {
				t.Errorf("%v, missing %v: filtered in levels: %v", c.order, holes, fast.Levels())
			}
			slow, err := NewLevelsLikelihood(y, x, c.order)
			if err != nil {
				t.Fatal(err)
			}
			tol := 1e-7
			if c.order.DiffLags() > 0 {
				tol = 5e-3 // the start with a variance of 1e6
			}
			a, ok1 := fast.Profile(c.coefs)
			b, ok2 := slow.Profile(c.coefs)
			if !ok1 || !ok2 || a.N != b.N || math.Abs(a.LogLik-b.LogLik) > tol {
				t.Errorf("%v, missing %v: %+v by pulses, %+v in levels", c.order, holes, a, b)
			}
			beta := make([]float64, 1)
			fast.Beta(beta)
			if v, ok := fast.At(c.coefs, beta); !ok || math.Abs(v.LogLik-a.LogLik) > 1e-8 {
				t.Errorf("%v: %+v at the best coefficient, %+v by profile", c.order, v, a)
			}
			beta[0] += 0.3
			a, _ = fast.At(c.coefs, beta)
			b, _ = slow.At(c.coefs, beta)
			if math.Abs(a.LogLik-b.LogLik) > tol {
				t.Errorf("%v, missing %v, another coefficient: %+v by pulses, %+v in levels", c.order, holes, a, b)
			}
		}
	}
}

// BenchmarkLikelihoodMissing: six values of 2,000 are missing.
func BenchmarkLikelihoodMissing(b *testing.B) {
	y := wandering(2000, 1)
	for i := range 6 {
		y[300*i+100] = math.NaN()
	}
	l, err := NewLikelihood(y, nil, Order{P: 2, D: 1, Q: 2})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Profile([]float64{0.5, 0.2, 0.4, 0.2})
	}
}
