package series

import (
	"math"
	"slices"
)

// A Scale maps values to numbers of the order of one, and back:
// z = (x - Center) / Unit.
//
// Unit is a power of two and Center one of its thousandths (exactly: a multiple
// of Unit/1024), so that hardly anything is rounded. Invert(Apply(x)) is x, bit
// for bit, for zero; for every x of Center's sign from half of Center up to
// 2^42 Units; and for all whole numbers below 2^52 where Unit is at least 1024,
// as that of bytes is. Any other x comes back within 2^-52 |x - Center|.
type Scale struct {
	Center float64 // in the metric's unit
	Unit   float64 // > 0, in the metric's unit
}

// Limits of the exponent of Scale.Unit: what a magnitude up to MaxMagnitude is
// divided by, and multiplied by, stays far from the ends of float64.
const (
	minUnitExp = -500
	maxUnitExp = 500
)

// RobustScale returns a scale for the values; missing ones (NaN) are left out.
// Center is their median, rounded. Unit is the larger of the interquartile
// range and the range of the middle 90 %, each divided by that of a standard
// normal distribution (Rousseeuw and Croux 1993 discuss the choice), rounded
// up to a power of two:
//
//   - nine tenths of the values are within 3.3 of zero; a level that makes up a
//     twentieth of the values or more is among these, and a spike, however
//     high, changes nothing;
//   - where nine tenths of the values are equal, the mean distance from the
//     median takes the place of the ranges: no value is further from zero than
//     there are values;
//   - where all values are equal, Unit is of their magnitude, so that a later
//     change of a tenth is small and a tenfold value is not huge, and Center is
//     the value itself; 1 and 0 where all are zero, or there are none.
//
// Unit is at least 2^-26 of Center: what is smaller is rounding in the source.
func RobustScale(values []float64) Scale {
	v := observed(values)
	if len(v) == 0 {
		return Scale{Unit: 1}
	}
	center := medianOf(v)
	unit := max((quantileOf(v, 0.75)-quantileOf(v, 0.25))/1.349, (quantileOf(v, 0.95)-quantileOf(v, 0.05))/3.290)
	if !(unit > 0) {
		unit = 0
		for _, x := range v {
			unit += math.Abs(x-center) / float64(len(v))
		}
		unit *= 1.2533 // of a normal distribution, to its standard deviation
	}
	unit = max(unit, math.Abs(center)*0x1p-26)
	if v[0] == v[len(v)-1] {
		unit = math.Abs(center)
		if unit == 0 {
			unit = 1
		}
	}
	s := Scale{Unit: ceilPower(unit)}
	grid := s.Unit / 1024
	if s.Center = math.RoundToEven(center/grid) * grid; v[0] == v[len(v)-1] {
		s.Center = center // its transform is zero
	}
	return s
}

// Apply returns the scaled value; NaN stays NaN.
func (s Scale) Apply(x float64) float64 { return (x - s.Center) / s.Unit }

// Invert returns the value that is scaled to z; NaN stays NaN.
func (s Scale) Invert(z float64) float64 { return z*s.Unit + s.Center }

// ApplyTo sets dst to the scaled values. It panics where the lengths differ;
// dst may be values itself.
func (s Scale) ApplyTo(dst, values []float64) {
	if len(dst) != len(values) {
		panic("series: slice lengths do not match")
	}
	for i, x := range values {
		dst[i] = s.Apply(x)
	}
}

// InvertTo sets dst to the values that are scaled to z. It panics where the
// lengths differ; dst may be z itself.
func (s Scale) InvertTo(dst, z []float64) {
	if len(dst) != len(z) {
		panic("series: slice lengths do not match")
	}
	for i, x := range z {
		dst[i] = s.Invert(x)
	}
}

// ceilPower returns the least power of two that is not below x > 0, within the
// limits of Scale.Unit.
func ceilPower(x float64) float64 {
	f, e := math.Frexp(x)
	if f == 0.5 {
		e--
	}
	return math.Ldexp(1, min(max(e, minUnitExp), maxUnitExp))
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

// quantileOf returns the p-quantile of sorted values, interpolated between
// neighbours (Hyndman and Fan 1996, definition 7).
func quantileOf(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	q := sorted[i]
	if i+1 < len(sorted) {
		q += (at - float64(i)) * (sorted[i+1] - q)
	}
	return q
}
