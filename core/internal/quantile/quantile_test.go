package quantile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var levels = []float64{0.05, 0.1, 0.25, 0.5, 0.75, 0.9}

const median = 3

func TestFromOutputs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		raw := make([]float64, len(levels))
		for j := range raw {
			raw[j] = 10 * r.NormFloat64()
		}
		q := slices.Clone(raw)
		FromOutputs(q, median)
		if !slices.IsSorted(q) || q[median] != raw[median] {
			t.Fatalf("%v gives %v", raw, q)
		}
		if got, want := q[median+1]-q[median], math.Log1p(math.Exp(raw[median+1])); math.Abs(got-want) > 1e-9*max(1, want) {
			t.Errorf("distance %v, want %v", got, want)
		}
	}
	q := []float64{0, 0, 0, math.NaN(), 1, 1}
	FromOutputs(q, median)
	for j, x := range q {
		if x == x {
			t.Errorf("quantile %d of a median that is not finite is %v", j, x)
		}
	}
}

// TestInitial: what it starts with are the quantiles of a Laplace distribution.
func TestInitial(t *testing.T) {
	q := make([]float64, len(levels))
	for j := range q {
		q[j] = Initial(levels, j, median)
	}
	FromOutputs(q, median)
	for j, p := range levels {
		if math.Abs(q[j]-laplace(p)) > 1e-12 {
			t.Errorf("at %v: %v, want %v", p, q[j], laplace(p))
		}
	}
}

// TestGradient compares the gradient with differences of the loss.
func TestGradient(t *testing.T) {
	loss := Loss{levels, []float64{0.1, 0.2, 0.3, 1, 0.3, 0.2}}
	r := rand.New(rand.NewPCG(3, 4))
	of := func(raw []float64, y float64) float64 {
		q := slices.Clone(raw)
		FromOutputs(q, median)
		return loss.Of(q, y)
	}
	for range 50 {
		raw := make([]float64, len(levels))
		for j := range raw {
			raw[j] = r.NormFloat64()
		}
		y := 3 * r.NormFloat64()
		q, by := slices.Clone(raw), make([]float64, len(levels))
		FromOutputs(q, median)
		loss.Slopes(by, q, y)
		Gradient(by, raw, median)
		const h = 1e-6
		for j := range raw {
			up, down := slices.Clone(raw), slices.Clone(raw)
			up[j] += h
			down[j] -= h
			if want := (of(up, y) - of(down, y)) / (2 * h); math.Abs(by[j]-want) > 1e-5 {
				t.Errorf("gradient %d is %v, by differences %v", j, by[j], want)
			}
		}
	}
}

// TestMap: quantiles of a normal distribution stay what they are at any level,
// and those at levels of both stay in all bits.
func TestMap(t *testing.T) {
	z := func(p float64) float64 { return 3 + 2*math.Sqrt2*math.Erfinv(2*p-1) }
	q := make([]float64, len(levels))
	for j, p := range levels {
		q[j] = z(p)
	}
	target := []float64{0.01, 0.1, 0.3, 0.5, 0.62, 0.99}
	dst := make([]float64, len(target))
	NewMap(levels, target).Apply(dst, q)
	for k, p := range target {
		if math.Abs(dst[k]-z(p)) > 1e-9 {
			t.Errorf("at %v: %v, want %v", p, dst[k], z(p))
		}
	}
	NewMap([]float64{0.5}, []float64{0.1, 0.5}).Apply(dst, []float64{7})
	if dst[0] != 7 || dst[1] != 7 {
		t.Errorf("of one level: %v", dst[:2])
	}
}
