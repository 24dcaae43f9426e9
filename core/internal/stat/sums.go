// Package stat has the inner loops of models and their estimation: medians, sums
// over long slices, and recursions over a series and its past. None of them
// allocates, except where its comment says so.
//
// Dot, Observed and Changes keep four sums side by side, because each addition to
// a single sum waits for the one before. The order of addition is fixed.
package stat

import "math"

// Dot returns the inner product of two slices of equal length.
func Dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// Observed returns the sum of the values that are not NaN, and their number.
func Observed(x []float64) (sum float64, n int) {
	var s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d := x[0], x[1], x[2], x[3]
		if t := a + b + c + d; t == t {
			sum, s1, s2, s3 = sum+a, s1+b, s2+c, s3+d
			n += 4
			continue
		}
		for _, v := range [4]float64{a, b, c, d} {
			if v == v {
				sum += v
				n++
			}
		}
	}
	for _, v := range x {
		if v == v {
			sum += v
			n++
		}
	}
	return sum + (s1 + s2 + s3), n
}

// Changes returns the sum of |x[i]-x[i-lag]| over the i where both are observed,
// and their number; none where lag is below 1.
func Changes(x []float64, lag int) (sum float64, n int) {
	if lag < 1 || lag >= len(x) {
		return 0, 0
	}
	before, after := x[:len(x)-lag], x[lag:]
	var s1, s2, s3 float64
	for len(after) >= 4 && len(before) >= 4 {
		a, b := math.Abs(after[0]-before[0]), math.Abs(after[1]-before[1])
		c, d := math.Abs(after[2]-before[2]), math.Abs(after[3]-before[3])
		after, before = after[4:], before[4:]
		if t := a + b + c + d; t == t {
			sum, s1, s2, s3 = sum+a, s1+b, s2+c, s3+d
			n += 4
			continue
		}
		for _, v := range [4]float64{a, b, c, d} {
			if v == v {
				sum += v
				n++
			}
		}
	}
	for i, v := range after {
		if d := math.Abs(v - before[i]); d == d {
			sum += d
			n++
		}
	}
	return sum + (s1 + s2 + s3), n
}
