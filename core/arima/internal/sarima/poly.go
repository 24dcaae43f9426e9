package sarima

import "math"

// expandAR writes the coefficients of φ(B)Φ(B^m) to dst, of length
// P + m·SP: dst[j-1] is the coefficient of the lag j with the sign of φ, so
// that x_t = Σ dst[j-1] x_{t-j} + e_t.
func expandAR(dst, ar, sar []float64, m int) {
	clear(dst)
	copy(dst, ar)
	for k, s := range sar {
		lag := (k + 1) * m
		dst[lag-1] += s
		for i, a := range ar {
			dst[lag+i] -= s * a
		}
	}
}

// expandMA writes the coefficients of θ(B)Θ(B^m) to dst, of length Q + m·SQ.
func expandMA(dst, ma, sma []float64, m int) {
	clear(dst)
	copy(dst, ma)
	for k, s := range sma {
		lag := (k + 1) * m
		dst[lag-1] += s
		for i, a := range ma {
			dst[lag+i] += s * a
		}
	}
}

// DiffPoly returns the coefficients δ of the differencing: with
// w_t = (1-B)^d (1-B^m)^D y_t, y_t = w_t + Σ δ[j-1] y_{t-j}.
func DiffPoly(o Order) []float64 {
	poly := []float64{1}
	for range o.D {
		poly = timesOneMinus(poly, 1)
	}
	for range o.SD {
		poly = timesOneMinus(poly, o.Period)
	}
	out := poly[1:]
	for i := range out {
		out[i] = -out[i]
	}
	return out
}

// timesOneMinus returns poly·(1 - B^lag).
func timesOneMinus(poly []float64, lag int) []float64 {
	out := make([]float64, len(poly)+lag)
	copy(out, poly)
	for i, c := range poly {
		out[i+lag] -= c
	}
	return out
}

// Difference applies (1-B)^d (1-B^m)^D to y and writes the result, shorter
// by DiffLags, to the front of dst, which is returned at that length. dst may
// be y. A missing value makes every difference that reaches it missing.
func Difference(dst, y []float64, o Order) []float64 {
	dst = dst[:copy(dst, y)]
	diff := func(lag int) {
		for i := 0; i+lag < len(dst); i++ {
			dst[i] = dst[i+lag] - dst[i]
		}
		dst = dst[:max(0, len(dst)-lag)]
	}
	for range o.SD {
		diff(o.Period)
	}
	for range o.D {
		diff(1)
	}
	return dst
}

// PsiWeights writes the weights ψ_0 = 1, ψ_1, … of the infinite moving
// average x_t = Σ ψ_j e_{t-j} of φ(B) x = θ(B) e to dst.
func PsiWeights(dst, phi, theta []float64) {
	for j := range dst {
		s := 0.0
		switch {
		case j == 0:
			s = 1
		case j <= len(theta):
			s = theta[j-1]
		}
		for i := 0; i < min(j, len(phi)); i++ {
			s += phi[i] * dst[j-1-i]
		}
		dst[j] = s
	}
}

// FullPsi writes the ψ weights of the whole process, differencing included,
// to dst: the weights by which an innovation moves the values after it.
func (p *Process) FullPsi(dst []float64) {
	phi, theta := p.Expand()
	delta := DiffPoly(p.Order)
	PsiWeights(dst, convolveAR(phi, delta), theta)
}

// Expand returns the coefficients of φ(B)Φ(B^m) and of θ(B)Θ(B^m).
func (p *Process) Expand() (phi, theta []float64) {
	phi = make([]float64, p.ARLags())
	theta = make([]float64, p.MALags())
	expandAR(phi, p.AR, p.SAR, p.Period)
	expandMA(theta, p.MA, p.SMA, p.Period)
	return phi, theta
}

// convolveAR multiplies two polynomials 1 - Σ a_i B^i that are given by their
// coefficients a.
func convolveAR(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b))
	copy(out, a)
	for j, s := range b {
		out[j] += s
		for i, v := range a {
			out[i+j+1] -= s * v
		}
	}
	return out
}

// Stationary reports whether all roots of 1 - Σ phi_j z^j are outside the
// circle of the given radius: 1 for stationarity, 1.01 to keep away from unit
// roots. work needs len(phi) values. The test is the backward Levinson
// recursion on phi_j·radius^j: the roots are outside exactly where all
// reflection coefficients are inside (-1, 1) (Barndorff-Nielsen and Schou
// 1973). For an MA polynomial give -θ.
func Stationary(phi []float64, radius float64, work []float64) bool {
	a := work[:len(phi)]
	scale := 1.0
	for i, v := range phi {
		scale *= radius
		a[i] = v * scale
	}
	return stepDown(a)
}

// stepDown replaces the coefficients a of 1 - Σ a_j z^j by its reflection
// coefficients, the partial autocorrelations. It reports whether all of them
// are inside (-1, 1); a is then unfinished where not.
func stepDown(a []float64) bool {
	for k := len(a) - 1; k >= 0; k-- {
		r := a[k]
		if !(math.Abs(r) < 1) {
			return false
		}
		inv := 1 / (1 - r*r)
		for i, j := 0, k-1; i <= j; i, j = i+1, j-1 {
			ai, aj := a[i], a[j]
			a[i] = (ai + r*aj) * inv
			a[j] = (aj + r*ai) * inv
		}
	}
	return true
}

// stepUp is the inverse of stepDown (Durbin's recursion): partial
// autocorrelations to coefficients, in place.
func stepUp(a []float64) {
	for k := 1; k < len(a); k++ {
		r := a[k]
		for i, j := 0, k-1; i <= j; i, j = i+1, j-1 {
			ai, aj := a[i], a[j]
			a[i] = ai - r*aj
			a[j] = aj - r*ai
		}
	}
}
