package report

import (
	"math"
	"slices"
)

// Numbers that are only drawn are packed into strings: two characters for each,
// 12 bits, so that a fleet's charts stay small. The alphabet needs no escaping
// in JSON or HTML. app.js unpacks them.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const (
	packed  = 4094 // the largest number that is packed
	missing = 4095 // stands for NaN
)

func pack(n int) string { return string([]byte{alphabet[n>>6&63], alphabet[n&63]}) }

// packInts packs numbers of 0 … packed.
func packInts(v []int) string {
	b := make([]byte, 0, 2*len(v))
	for _, n := range v {
		b = append(b, pack(n)...)
	}
	return string(b)
}

// A scale turns values into numbers of 0 … packed: evenly in asinh of the
// distance from a middle, so that a spike leaves the rest its digits. Values
// come back to within a thousandth or two of their distance from the middle.
type scale struct {
	middle, unit float64 // of the values
	lo, step     float64 // of asinh((v - middle) / unit)
}

// scaleOf returns the scale that fits all the values; NaN are left out.
func scaleOf(all ...[]float64) scale {
	var v []float64
	for _, a := range all {
		for _, x := range a {
			if finite(x) {
				v = append(v, x)
			}
		}
	}
	if len(v) == 0 {
		return scale{unit: 1, step: 1}
	}
	slices.Sort(v)
	s := scale{middle: v[len(v)/2], unit: (v[len(v)*3/4] - v[len(v)/4]) / 2}
	if span := v[len(v)-1] - v[0]; !(s.unit > span/1e6) {
		s.unit = span / 1e3 // most are alike
	}
	if !(s.unit > 0) {
		s.unit = 1
	}
	s.lo = math.Asinh((v[0] - s.middle) / s.unit)
	s.step = (math.Asinh((v[len(v)-1]-s.middle)/s.unit) - s.lo) / packed
	if !(s.step > 0) {
		s.step = 1
	}
	return s
}

func (s scale) pack(v []float64) string {
	n := make([]int, len(v))
	for i, x := range v {
		if n[i] = missing; finite(x) {
			n[i] = min(max(int(math.Round((math.Asinh((x-s.middle)/s.unit)-s.lo)/s.step)), 0), packed)
		}
	}
	return packInts(n)
}

// params are what a reader of the packed numbers needs.
func (s scale) params() [4]float64 { return [4]float64{s.middle, s.unit, s.lo, s.step} }

// packTimes packs ascending times as multiples of their common divisor after the
// first. What is too far after it is left out at the beginning: from tells how
// many.
func packTimes(t []int64) (text string, start, unit int64, from int) {
	if len(t) == 0 {
		return "", 0, 1, 0
	}
	for i := 1; i < len(t); i++ {
		unit = gcd(unit, t[i]-t[i-1])
	}
	unit = max(unit, 1)
	last := t[len(t)-1]
	for (last-t[from])/unit > packed {
		from++
	}
	start = t[from]
	var n []int
	for _, x := range t[from:] {
		n = append(n, int((x-start)/unit))
	}
	return packInts(n), start, unit, from
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
