package series

import (
	"math"
	"math/rand/v2"
	"testing"
)

// drawn returns n values, f of a standard normal number each.
func drawn(n int, f func(i int, z float64) float64) []float64 {
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]float64, n)
	for i := range out {
		out[i] = f(i, r.NormFloat64())
	}
	return out
}

func TestRobustScale(t *testing.T) {
	normal := drawn(1000, func(_ int, z float64) float64 { return 50 + 3*z })
	for _, c := range []struct {
		name   string
		values []float64
		center float64 // within 1/8 Unit
		unit   float64
	}{
		{"none", nil, 0, 1},
		{"all missing", []float64{nan, nan}, 0, 1},
		{"one", []float64{7}, 7, 8},
		{"normal", normal, 50, 4},
		{"a constant", []float64{5, 5, nan, 5}, 5, 8},
		{"a negative constant", []float64{-0.1, -0.1}, -0.1, 0.125},
		{"constant zero", []float64{0, 0, 0}, 0, 1},
		{"a constant and its rounding", drawn(1000, func(i int, _ float64) float64 { return 1 + float64(i%2)*0x1p-52 }), 1, 0x1p-26},
		{"two levels", drawn(1000, func(i int, _ float64) float64 { return float64(i % 2) }), 0.5, 1},
		{"a spike", append([]float64{1e12}, normal...), 50, 4},
		{"spikes of 4 %", drawn(1000, func(i int, z float64) float64 {
			if i%25 == 0 {
				return 1e9
			}
			return 50 + 3*z
		}), 50, 4},
		{"a spike in a constant", drawn(1000, func(i int, _ float64) float64 {
			if i == 500 {
				return 2005
			}
			return 5
		}), 5, 4},
		{"the largest values", []float64{-1e150, 1e150, 0}, 0, 0x1p+498},
		{"the least values", []float64{0, 5e-324}, 0, 0x1p-500},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := RobustScale(c.values)
			if s.Unit != c.unit || !(math.Abs(s.Center-c.center) <= c.unit/8) {
				t.Errorf("got %+v, want center %v and unit %v", s, c.center, c.unit)
			}
			for _, x := range c.values {
				z := s.Apply(x)
				if math.IsInf(z, 0) || math.IsNaN(z) != math.IsNaN(x) {
					t.Fatalf("Apply(%v) = %v", x, z)
				}
			}
		})
	}
}

// TestRobustScaleLevelShift: both levels are of the order of one, wherever the
// shift is, as long as a twentieth of the values lies on each side of it.
func TestRobustScaleLevelShift(t *testing.T) {
	for _, at := range []int{60, 100, 250, 500, 900, 940} {
		values := drawn(1000, func(i int, z float64) float64 {
			if i >= at {
				return 1e6 + z
			}
			return 10 + z
		})
		s := RobustScale(values)
		for _, x := range values {
			if z := s.Apply(x); math.Abs(z) > 3.4 {
				t.Fatalf("shift at %d: %v is scaled to %v by %+v", at, x, z, s)
			}
		}
	}
}

// TestScaleInverts: what Scale promises about bits, on the values that it was
// made from and on others.
func TestScaleInverts(t *testing.T) {
	sets := map[string][]float64{
		"cores":       drawn(500, func(_ int, z float64) float64 { return math.Exp(z - 1) }),
		"bytes":       drawn(500, func(_ int, z float64) float64 { return math.Floor(3e9 + 2e8*z) }),
		"negative":    drawn(500, func(_ int, z float64) float64 { return -40 + z }),
		"constant":    {0.1, 0.1, 0.1},
		"zeros":       {0, 0, 0, 0},
		"spike":       append(make([]float64, 100), 1e15),
		"level shift": drawn(500, func(i int, z float64) float64 { return float64(i/250)*1e5 + 3 + z/9 }),
	}
	r := rand.New(rand.NewPCG(5, 6))
	for name, values := range sets {
		s := RobustScale(values)
		check := func(x float64, exact bool) {
			t.Helper()
			got := s.Invert(s.Apply(x))
			if exact && got != x || !(math.Abs(got-x) <= 0x1p-52*math.Abs(x-s.Center)) {
				t.Fatalf("%s %+v: %v comes back as %v", name, s, x, got)
			}
		}
		check(0, true)
		constant := values[0] == values[len(values)-1]
		for _, x := range values {
			check(x, math.Abs(x) >= math.Abs(s.Center)/2 && x*s.Center >= 0)
		}
		for range 10_000 {
			x := s.Center * (0.5 + 1.5*r.Float64())
			check(x, true)
			x = math.Copysign(s.Center/2+s.Unit*math.Ldexp(r.Float64(), r.IntN(42)), s.Center)
			check(x, !constant && math.Abs(x) >= math.Abs(s.Center)/2)
			check(s.Unit*math.Ldexp(r.NormFloat64(), r.IntN(80)-40), false)
			if s.Unit >= 1024 {
				check(float64(r.Int64N(1<<53)-1<<52), true)
			}
		}
		if !math.IsNaN(s.Apply(nan)) || !math.IsNaN(s.Invert(nan)) {
			t.Errorf("%s: NaN is not kept", name)
		}
	}
}

// TestRobustScaleEquivariance: a power of two times the values has it times
// the scale; a missing value changes nothing, and neither does the order.
func TestRobustScaleEquivariance(t *testing.T) {
	values := drawn(301, func(_ int, z float64) float64 { return 7 + 2*z })
	s := RobustScale(values)
	larger := make([]float64, len(values))
	for i, v := range values {
		larger[len(values)-1-i] = 1024 * v
	}
	if got := RobustScale(append(larger, nan)); got != (Scale{1024 * s.Center, 1024 * s.Unit}) {
		t.Errorf("got %+v, want 1024 times %+v", got, s)
	}
	dst := make([]float64, len(values))
	s.ApplyTo(dst, values)
	s.InvertTo(dst, dst)
	if !equal(dst, values) {
		t.Error("ApplyTo and InvertTo do not give the values back")
	}
	defer func() {
		if recover() == nil {
			t.Error("lengths that differ do not panic")
		}
	}()
	s.ApplyTo(dst[1:], values)
}
