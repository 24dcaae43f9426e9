package sarima

import "math"

// maxAtanh bounds the unconstrained parameters: tanh(9) is 1 - 3e-8, beyond
// which the coefficients are on the boundary for every purpose.
const maxAtanh = 9

// Constrain maps unconstrained values u to ARMA coefficients of the order, in
// the sequence AR, MA, SAR, SMA, such that the roots of every polynomial (the
// seasonal ones in B^m) are outside the circle of the given radius: 1 for
// stationary and invertible processes. The hyperbolic tangents of u are
// partial autocorrelations (Monahan 1984; Jones 1980), whose coefficients are
// divided by powers of the radius. R's arima does this for the AR parts only,
// with radius 1, and inverts the roots of the MA parts afterwards; here the MA
// parts are kept inside from the start. dst may be u.
func Constrain(dst, u []float64, o Order, radius float64) {
	for i, v := range u {
		dst[i] = math.Tanh(min(max(v, -maxAtanh), maxAtanh))
	}
	ar, ma, sar, sma := split(dst, o)
	stepUp(ar)
	stepUp(sar)
	negatedStepUp(ma)
	negatedStepUp(sma)
	if radius != 1 {
		for _, a := range [4][]float64{ar, ma, sar, sma} {
			powers(a, 1/radius)
		}
	}
}

// powers multiplies a_j, j from 1, by f^j.
func powers(a []float64, f float64) {
	p := 1.0
	for j := range a {
		p *= f
		a[j] *= p
	}
}

// Unconstrain is the inverse of Constrain. Coefficients on or outside the
// boundary are first drawn inside it. dst may be coefs.
func Unconstrain(dst, coefs []float64, o Order, radius float64) {
	copy(dst, coefs)
	ar, ma, sar, sma := split(dst, o)
	negate(ma)
	negate(sma)
	for _, a := range [4][]float64{ar, ma, sar, sma} {
		powers(a, radius)
		drawInside(a)
		for i, r := range a {
			a[i] = math.Atanh(r)
		}
	}
}

// split cuts coefficients of an order into their four parts.
func split(c []float64, o Order) (ar, ma, sar, sma []float64) {
	ar, c = c[:o.P], c[o.P:]
	ma, c = c[:o.Q], c[o.Q:]
	sar, c = c[:o.SP], c[o.SP:]
	return ar, ma, sar, c[:o.SQ]
}

func negatedStepUp(a []float64) {
	// θ has the opposite sign of φ.
	stepUp(a)
	negate(a)
}

func negate(a []float64) {
	for i := range a {
		a[i] = -a[i]
	}
}

// drawInside replaces a, coefficients of 1 - Σ a_j z^j, by the partial
// autocorrelations of the polynomial, its roots moved outwards until it is
// stationary.
func drawInside(a []float64) {
	var small [16]float64
	work := small[:0]
	if len(a) > len(small) {
		work = make([]float64, len(a))
	}
	work = work[:len(a)]
	for shrink := 1.0; shrink > 1e-6; shrink *= 0.98 {
		s := 1.0
		for i := range a {
			s *= shrink
			work[i] = a[i] * s
		}
		if stepDown(work) && inside(work) {
			copy(a, work)
			return
		}
	}
	clear(a) // not finite
}

// inside reports whether partial autocorrelations stay clear of the boundary.
func inside(r []float64) bool {
	for _, v := range r {
		if math.Abs(v) > 1-1e-7 {
			return false
		}
	}
	return true
}
