package arima

import "math"

// A LinkKind names a transformation of the values before the model.
type LinkKind uint8

// The transformations.
const (
	Identity LinkKind = iota // none
	Asinh                    // asinh(y/Scale): linear near zero, logarithmic far above Scale
)

// A Link maps values to the scale that a model works on, and back. It is
// increasing, so quantiles, the median among them, map to quantiles.
type Link struct {
	Kind  LinkKind
	Scale float64 // > 0
}

// Apply returns the transformed value; NaN stays NaN.
func (l Link) Apply(y float64) float64 {
	if l.Kind == Asinh {
		return math.Asinh(y / l.Scale)
	}
	return y
}

// Invert returns the value whose transform is z. It is finite for any finite
// z: beyond 600 the hyperbolic sine is cut.
func (l Link) Invert(z float64) float64 {
	if l.Kind == Asinh {
		return l.Scale * math.Sinh(min(max(z, -600), 600))
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

// Mean returns the mean of a value whose transform is normal.
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

// normalQuantile returns the p-quantile of the standard normal distribution,
// p in (0,1); at most 38 from zero, beyond which p is not distinguished from 0
// and 1.
func normalQuantile(p float64) float64 {
	return min(max(math.Sqrt2*math.Erfinv(2*p-1), -38), 38)
}
