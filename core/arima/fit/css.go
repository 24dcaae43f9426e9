package fit

import (
	"github.com/foretide/foretide/core/arima"
)

// css is the conditional sum of squares: innovations are zero for the first
// P + m·SP differenced values, and every later one follows from the model's
// equation (Box and Jenkins 1976, section 7.1.3). The parameters are the
// unconstrained ARMA coefficients followed by changes of the regression
// coefficients. The Jacobian is analytic: the derivatives by φ_1, φ_2 … are
// one series at different lags, as are those by θ, Φ and Θ.
type css struct {
	order   arima.Order
	radius  float64
	w       []float64
	x       [][]float64
	cond    int
	coefs   []float64 // constrained
	e       []float64
	z       []float64
	bases   [4][]float64 // by φ, θ, Φ, Θ
	filt    [][]float64  // filtered regressors
	pad     int          // zeros before each base
	columns [][]float64  // of the Jacobian, views of the above
	chain   *chain
}

func newCSS(w []float64, x [][]float64, o arima.Order, radius float64) *css {
	n, k := len(w), o.Coefs()
	c := &css{
		order: o, radius: radius, w: w, x: x, cond: o.ARLags(),
		coefs: make([]float64, k), e: make([]float64, n), z: make([]float64, n),
		pad:     max(o.ARLags(), o.MALags()),
		columns: make([][]float64, k+len(x)),
		chain:   newChain(k, k+len(x)),
	}
	for i := range c.bases {
		c.bases[i] = make([]float64, c.pad+n)
	}
	for range x {
		c.filt = append(c.filt, make([]float64, n))
	}
	return c
}

// used returns the number of innovations that are not set to zero.
func (c *css) used() int { return len(c.w) - c.cond }

// parts cuts the coefficients.
func (c *css) parts() (ar, ma, sar, sma []float64) {
	v := c.coefs
	o := c.order
	ar, v = v[:o.P], v[o.P:]
	ma, v = v[:o.Q], v[o.Q:]
	sar, v = v[:o.SP], v[o.SP:]
	return ar, ma, sar, v
}

func (c *css) eval(u []float64) (float64, bool) {
	k := c.order.Coefs()
	arima.Constrain(c.coefs, u[:k], c.order, c.radius)
	copy(c.z, c.w)
	for i, x := range c.x {
		b := u[k+i]
		for t, v := range x {
			c.z[t] -= b * v
		}
	}
	c.residuals(c.e, c.z)
	ssq := 0.0
	for _, v := range c.e[c.cond:] {
		ssq += v * v
	}
	return ssq, ssq < 1e300
}

// residuals computes φ(B)Φ(B^m) w / (θ(B)Θ(B^m)) from cond on, zero before.
func (c *css) residuals(dst, w []float64) {
	ar, ma, sar, sma := c.parts()
	m := c.order.Period
	apply(dst, w, ar, sar, m, c.cond)
	clear(dst[:c.cond])
	divide(dst, ma, 1, c.cond)
	divide(dst, sma, m, c.cond)
}

// apply computes dst[from:] = φ(B)Φ(B^m) w; from reaches back far enough.
func apply(dst, w, ar, sar []float64, m, from int) {
	copy(dst[from:], w[from:])
	sub := func(lag int, c float64) {
		d := dst[from:]
		s := w[from-lag:]
		s = s[:len(d)]
		for t := range d {
			d[t] -= c * s[t]
		}
	}
	for i, a := range ar {
		sub(i+1, a)
	}
	for k, s := range sar {
		sub((k+1)*m, s)
		for i, a := range ar {
			sub((k+1)*m+i+1, -s*a)
		}
	}
}

// divide replaces e[from:] by e / (1 + Σ c_j B^(j·m)), values before from
// being zero.
func divide(e, coefs []float64, m, from int) {
	if len(coefs) == 0 {
		return
	}
	if m == 1 && len(coefs) <= 2 {
		c1, c2 := coefs[0], 0.0
		if len(coefs) == 2 {
			c2 = coefs[1]
		}
		p1, p2 := 0.0, 0.0
		e = e[from:]
		for t, v := range e {
			v -= c2 * p2
			v -= c1 * p1
			e[t] = v
			p2, p1 = p1, v
		}
		return
	}
	head := min(from+len(coefs)*m, len(e))
	for t := from; t < head; t++ {
		for j, c := range coefs {
			if i := t - (j+1)*m; i >= from {
				e[t] -= c * e[i]
			}
		}
	}
	// The nearest lag comes last: only its product has to wait for the value
	// just before.
	for t := head; t < len(e); t++ {
		s := e[t]
		for j := len(coefs) - 1; j >= 0; j-- {
			s -= coefs[j] * e[t-(j+1)*m]
		}
		e[t] = s
	}
}

// normal implements problem.
func (c *css) normal(u, jtj, jtr []float64) {
	c.eval(u)
	c.jacobian()
	c.chain.at(u, c.order, c.radius)
	n := len(c.columns)
	e := c.e[c.cond:]
	for i, a := range c.columns {
		a = a[:len(e)]
		jtr[i] = dot(a, e)
		for j := 0; j <= i; j++ {
			jtj[i*n+j] = dot(a, c.columns[j][:len(e)])
		}
	}
	c.chain.apply(jtj, jtr, n)
}

// jacobian points columns at the derivatives of the innovations from cond on.
func (c *css) jacobian() {
	o, m, pad := c.order, c.order.Period, c.pad
	ar, ma, sar, sma := c.parts()
	byAR, byMA, bySAR, bySMA := c.bases[0][pad:], c.bases[1][pad:], c.bases[2][pad:], c.bases[3][pad:]
	over := func(dst []float64, from int) {
		clear(dst[:from])
		divide(dst, ma, 1, from)
		divide(dst, sma, m, from)
		negate(dst[from:])
	}
	if o.P > 0 {
		apply(byAR, c.z, nil, sar, m, m*o.SP)
		over(byAR, m*o.SP)
	}
	if o.SP > 0 {
		apply(bySAR, c.z, ar, nil, m, o.P)
		over(bySAR, o.P)
	}
	if o.Q > 0 {
		copy(byMA, c.e)
		divide(byMA, ma, 1, c.cond)
		negate(byMA)
	}
	if o.SQ > 0 {
		copy(bySMA, c.e)
		divide(bySMA, sma, m, c.cond)
		negate(bySMA)
	}
	for i, x := range c.x {
		apply(c.filt[i], x, ar, sar, m, c.cond)
		over(c.filt[i], c.cond)
	}
	col := c.columns[:0]
	n := len(c.w)
	for i, g := range [4]struct{ count, lag int }{{o.P, 1}, {o.Q, 1}, {o.SP, m}, {o.SQ, m}} {
		for j := 1; j <= g.count; j++ {
			shift := pad - j*g.lag
			col = append(col, c.bases[i][c.cond+shift:n+shift])
		}
	}
	for _, f := range c.filt {
		col = append(col, f[c.cond:])
	}
}

func negate(a []float64) {
	for i := range a {
		a[i] = -a[i]
	}
}

// dot returns the inner product of two slices of equal length. Four sums do
// not wait for one another.
func dot(a, b []float64) float64 {
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
