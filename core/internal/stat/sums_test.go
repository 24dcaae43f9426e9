package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAgainstLoops compares with the plain loops over every short length, with
// values missing.
func TestAgainstLoops(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-13*(1+math.Abs(b)) }
	for n := range 40 {
		for _, missing := range []float64{0, 0.3, 1} {
			x, y := make([]float64, n), make([]float64, n)
			dot, sum, count := 0.0, 0.0, 0
			for i := range x {
				x[i], y[i] = r.NormFloat64(), r.NormFloat64()
				dot += x[i] * y[i]
			}
			if got := Dot(x, y); !near(got, dot) {
				t.Errorf("dot of %d: %v, want %v", n, got, dot)
			}
			for i := range x {
				if r.Float64() < missing {
					x[i] = math.NaN()
				} else {
					sum += x[i]
					count++
				}
			}
			if got, m := Observed(x); !near(got, sum) || m != count {
				t.Errorf("sum of %v: %v of %d, want %v of %d", x, got, m, sum, count)
			}
			for lag := -1; lag <= n+1; lag++ {
				sum, count := 0.0, 0
				for i := lag; lag > 0 && i < n; i++ {
					if d := math.Abs(x[i] - x[i-lag]); d == d {
						sum += d
						count++
					}
				}
				if got, m := Changes(x, lag); !near(got, sum) || m != count {
					t.Errorf("changes of %v over %d: %v of %d, want %v of %d", x, lag, got, m, sum, count)
				}
			}
		}
	}
}

// TestInfinities: an infinite value is observed; a change from one infinity to
// the same is not.
func TestInfinities(t *testing.T) {
	inf := math.Inf(1)
	if sum, n := Observed([]float64{1, inf, 2, 3, 4}); sum != inf || n != 5 {
		t.Errorf("sum %v of %d", sum, n)
	}
	if sum, n := Changes([]float64{1, inf, inf, 3, 3, 3}, 1); sum != inf || n != 4 {
		t.Errorf("changes %v of %d", sum, n)
	}
}
