package fit

import "math"

// admissible reports whether the errors of a seasonal model's states die out,
// so that the past loses its weight (Hyndman, Akram and Archibald 2008, "The
// admissible parameter space for exponential smoothing models"): whether no root
// of the polynomial
//
//	(1-φB)(1-B^m) + (αB(1-φB) + φβB)(1+B+…+B^(m-1)) + γB^m(1-φB)
//
// of their one-step errors lies inside the unit circle. R has β in place of φβ.
func (l *likelihood) admissible() bool {
	p := &l.p
	phi, beta := p.Phi, p.Phi*p.Beta
	m := p.Period
	c := l.poly[:m+2] // c[k] is the coefficient of B^(m+1-k)
	c[0] = phi * (1 - p.Alpha - p.Gamma)
	c[1] = p.Alpha + beta - p.Alpha*phi + p.Gamma - 1
	for k := 2; k < m; k++ {
		c[k] = p.Alpha + beta - p.Alpha*phi
	}
	c[m] = p.Alpha + beta - phi
	c[m+1] = 1
	// Schur's step-down: the polynomial is stable where every last coefficient
	// on the way down is less than the first in size.
	for n := m + 1; n > 0; n-- {
		k := c[0]
		if math.Abs(k) > 1-1e-9 {
			return false
		}
		for i, j := 0, n; i <= j; i, j = i+1, j-1 {
			a, b := c[i], c[j]
			c[i], c[j] = a-k*b, b-k*a
		}
		// The lowest coefficient is now zero; divide by z and make it monic.
		copy(c, c[1:n+1])
		for i := range n {
			c[i] /= c[n-1]
		}
	}
	return true
}
