package series

import (
	"math"
	"testing"
)

func TestLinkFor(t *testing.T) {
	positive, any := DefaultBounds(CPU), DefaultBounds("temperature")
	for _, c := range []struct {
		name   string
		values []float64
		bounds Bounds
		want   Link
	}{
		{"the median", []float64{9, nan, 1, 3, 2}, positive, Link{Asinh, 2.5}},
		{"a spike", []float64{1, 2, 1e9}, positive, Link{Asinh, 2}},
		{"can be negative", []float64{1, 2, 3}, any, Link{Identity, 1}},
		{"mostly zero", []float64{0, 0, 0, 5}, positive, Link{Identity, 1}},
		{"all missing", []float64{nan}, positive, Link{Identity, 1}},
		{"none", nil, positive, Link{Identity, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := LinkFor(c.values, c.bounds); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestLinkInverts: over all magnitudes, for both kinds; order, zero, NaN and
// the ends are kept.
func TestLinkInverts(t *testing.T) {
	for _, l := range []Link{{Identity, 1}, {Asinh, 1}, {Asinh, 0.003}, {Asinh, 4e9}} {
		prev := math.Inf(-1)
		for e := -60; e <= 150; e++ {
			y := 1.7 * math.Pow(10, float64(e))
			for _, y := range []float64{y, -y} {
				if got := l.Invert(l.Apply(y)); !(math.Abs(got-y) <= 1e-13*math.Abs(y)) {
					t.Errorf("%+v: %v comes back as %v", l, y, got)
				}
			}
			if z := l.Apply(y); !(z > prev) {
				t.Errorf("%+v: not increasing at %v", l, y)
			} else {
				prev = z
			}
		}
		if l.Apply(0) != 0 || l.Invert(0) != 0 {
			t.Errorf("%+v: zero is not kept", l)
		}
		if !math.IsNaN(l.Apply(nan)) || !math.IsNaN(l.Invert(nan)) {
			t.Errorf("%+v: NaN is not kept", l)
		}
	}
	if v := (Link{Asinh, 1e300}).Invert(math.Inf(1)); math.IsInf(v, 0) || math.IsNaN(v) {
		t.Errorf("Invert(Inf) = %v, want a finite value", v)
	}
}

// TestLinkMean: a spread of zero gives the median; a small one the median and
// half the variance times the second derivative; Identity the center.
func TestLinkMean(t *testing.T) {
	l := Link{Asinh, 3}
	if got, want := l.Mean(1.2, 0), l.Invert(1.2); math.Abs(got-want) > 1e-12*want {
		t.Errorf("no spread: got %v, want %v", got, want)
	}
	// E sinh(N(m, s)) = sinh(m) exp(s²/2).
	if got, want := l.Mean(1.2, 0.7), 3*math.Sinh(1.2)*math.Exp(0.245); math.Abs(got-want) > 1e-6*want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := (Link{Identity, 1}).Mean(5, 2); got != 5 {
		t.Errorf("Identity: got %v, want 5", got)
	}
}
