package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAgainstSorting compares with sorted copies: random numbers, ties, runs
// that are sorted either way.
func TestAgainstSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 70; n++ {
		for kind := range 4 {
			x := make([]float64, n)
			for i := range x {
				switch kind {
				case 0:
					x[i] = r.NormFloat64()
				case 1:
					x[i] = float64(r.IntN(4))
				case 2:
					x[i] = float64(i)
				case 3:
					x[i] = float64(-i)
				}
			}
			sorted := slices.Sorted(slices.Values(x))
			for k := range x {
				y := slices.Clone(x)
				if got := Select(y, k); got != sorted[k] || y[k] != got {
					t.Fatalf("%v: element %d is %v, want %v", x, k, got, sorted[k])
				}
				if slices.Max(y[:k+1]) > y[k] || slices.Min(y[k:]) < y[k] {
					t.Fatalf("%v: element %d does not part %v", x, k, y)
				}
			}
			want := (sorted[(n-1)/2] + sorted[n/2]) / 2
			if got := Median(slices.Clone(x)); math.Abs(got-want) > 1e-15 {
				t.Fatalf("%v: median %v, want %v", x, got, want)
			}
		}
	}
	if x := Median(nil); x == x {
		t.Errorf("median of nothing is %v", x)
	}
}

// TestExtremes: the middle of two huge numbers does not overflow.
func TestExtremes(t *testing.T) {
	if got := Median([]float64{math.MaxFloat64, math.MaxFloat64}); got != math.MaxFloat64 {
		t.Errorf("median %v", got)
	}
}
