package series

import (
	"math"
	"slices"
)

// A LinkKind names a transformation of the values before a model. The numbers
// are part of the checkpoint format.
type LinkKind uint8

// The transformations.
const (
	Identity LinkKind = iota // none
	Asinh                    // asinh(y/Scale): linear near zero, logarithmic far above Scale
)

// A Link maps values to the scale that a model works on, and back. It is
// increasing, so quantiles, the median among them, map to quantiles.
//
// The inverse hyperbolic sine is the log-like transform for metrics that
// cannot be negative: unlike a logarithm it has a value at zero and needs no
// constant added, and a mean in it is not driven by a spike (Burbidge, Magee
// and Robb 1988, "Alternative transformations to handle extreme values of the
// dependent variable").
type Link struct {
	Kind  LinkKind
	Scale float64 // > 0, in the metric's unit
}

// LinkFor returns the transformation that fits the values (NaN where missing)
// of a metric with the given bounds: Asinh with the median as its scale where
// the metric cannot be negative and the median is above zero, and Identity
// otherwise. A metric that is zero most of the time has no scale of its own
// that a logarithm could count from.
func LinkFor(values []float64, b Bounds) Link {
	if scale := medianOf(observed(values)); b.Lower >= 0 && scale > 0 {
		return Link{Kind: Asinh, Scale: scale}
	}
	return Link{Kind: Identity, Scale: 1}
}

// Apply returns the transformed value; NaN stays NaN.
func (l Link) Apply(y float64) float64 {
	if l.Kind == Asinh {
		return math.Asinh(y / l.Scale)
	}
	return y
}

// Invert returns the value whose transform is z; NaN stays NaN. It is finite
// for any z that is not NaN: beyond 600 the hyperbolic sine is cut, and a scale
// of more than 1e48 at what a float64 can hold. Of the
// transform of y it is y to a relative error of 1e-13; more digits are not in
// a logarithm of y.
func (l Link) Invert(z float64) float64 {
	if l.Kind == Asinh {
		const limit = math.MaxFloat64
		return min(max(l.Scale*math.Sinh(min(max(z, -600), 600)), -limit), limit)
	}
	return z
}

// hermite are the nodes, in standard deviations, and weights of the
// Gauss-Hermite rule with seven points.
var hermite = [...][2]float64{
	{-3.750439717725742, 0.0005482688559722}, {-2.366759410734541, 0.0307571239675865},
	{-1.154405394739968, 0.2401231786050127}, {0, 0.4571428571428571},
	{1.154405394739968, 0.2401231786050127}, {2.366759410734541, 0.0307571239675865},
	{3.750439717725742, 0.0005482688559722},
}

// Mean returns the mean of a value whose transform is normal with the given
// mean and standard deviation, by quadrature.
func (l Link) Mean(center, sd float64) float64 {
	if l.Kind == Identity {
		return center
	}
	s := 0.0
	for _, n := range hermite {
		s += n[1] * l.Invert(center+sd*n[0])
	}
	return s
}

// observed returns the values that are not NaN, sorted.
func observed(values []float64) []float64 {
	v := make([]float64, 0, len(values))
	for _, x := range values {
		if x == x {
			v = append(v, x)
		}
	}
	slices.Sort(v)
	return v
}

// medianOf returns the median of sorted values; NaN of none.
func medianOf(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
