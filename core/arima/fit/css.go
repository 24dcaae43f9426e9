package fit

import (
	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/internal/stat"
)

// css is the conditional sum of squares: innovations are zero for the first
// P + m·SP differenced values, and every later one follows from the model's
// equation (Box and Jenkins 1976, section 7.1.3). The parameters are the
// unconstrained ARMA coefficients followed by changes of the regression
// coefficients. The Jacobian is analytic: the derivatives by φ_1, φ_2 … are
// one series at different lags, as are those by θ, Φ and Θ.
type css struct {
	order   sarima.Order
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
	lag     []int        // of each column, in steps of its group; 0 for a regressor
	step    []int        // of each column's group
	chain   *chain
}

func newCSS(w []float64, x [][]float64, o sarima.Order, radius float64) *css {
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
	c.lag, c.step = make([]int, 0, k+len(x)), make([]int, 0, k+len(x))
	for _, g := range c.groups() {
		for j := range g.count {
			c.lag, c.step = append(c.lag, j+1), append(c.step, g.step)
		}
	}
	c.lag, c.step = c.lag[:k+len(x)], c.step[:k+len(x)]
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
	sarima.Constrain(c.coefs, u[:k], c.order, c.radius)
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
	stat.Divide(dst, ma, 1, c.cond)
	stat.Divide(dst, sma, m, c.cond)
}

// apply computes dst[from:] = φ(B)Φ(B^m) w; from reaches back far enough.
func apply(dst, w, ar, sar []float64, m, from int) {
	copy(dst[from:], w[from:])
	sub := func(back int, c float64) {
		d := dst[from:]
		s := w[from-back:]
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

// normal implements problem.
func (c *css) normal(u, jtj, jtr []float64) {
	c.eval(u)
	c.jacobian()
	c.chain.at(u, c.order, c.radius)
	c.products(jtj, jtr)
	c.chain.apply(jtj, jtr, len(c.columns))
}

// products computes JᵀJ (lower triangle) and Jᵀr by the coefficients. The
// columns of a group are one series at lags a fixed step apart, so that an
// inner product of two of them follows from that of the two a lag nearer, of
// the same groups, by the values that enter and leave.
func (c *css) products(jtj, jtr []float64) {
	n := len(c.columns)
	e := c.e[c.cond:]
	for i, a := range c.columns {
		jtr[i] = stat.Dot(a, e)
		for j, b := range c.columns[:i+1] {
			if c.lag[i] < 2 || c.lag[j] < 2 || c.step[i] != c.step[j] {
				jtj[i*n+j] = stat.Dot(a, b)
				continue
			}
			v := jtj[(i-1)*n+j-1]
			p, q := c.columns[i-1], c.columns[j-1]
			for k := range c.step[i] {
				v += a[k]*b[k] - p[len(p)-1-k]*q[len(q)-1-k]
			}
			jtj[i*n+j] = v
		}
	}
}

// jacobian points columns at the derivatives of the innovations from cond on.
func (c *css) jacobian() {
	o, m, pad := c.order, c.order.Period, c.pad
	ar, ma, sar, sma := c.parts()
	byAR, byMA, bySAR, bySMA := c.bases[0][pad:], c.bases[1][pad:], c.bases[2][pad:], c.bases[3][pad:]
	over := func(dst []float64, from int) {
		clear(dst[:from])
		stat.Divide(dst, ma, 1, from)
		stat.Divide(dst, sma, m, from)
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
		stat.Divide(byMA, ma, 1, c.cond)
		negate(byMA)
	}
	if o.SQ > 0 {
		copy(bySMA, c.e)
		stat.Divide(bySMA, sma, m, c.cond)
		negate(bySMA)
	}
	for i, x := range c.x {
		apply(c.filt[i], x, ar, sar, m, c.cond)
		over(c.filt[i], c.cond)
	}
	col := c.columns[:0]
	n := len(c.w)
	for i, g := range c.groups() {
		for j := 1; j <= g.count; j++ {
			shift := pad - j*g.step
			col = append(col, c.bases[i][c.cond+shift:n+shift])
		}
	}
	for _, f := range c.filt {
		col = append(col, f[c.cond:])
	}
}

// group is the coefficients of one polynomial: the lags step, 2·step ….
type group struct{ count, step int }

func (c *css) groups() [4]group {
	o := c.order
	return [4]group{{o.P, 1}, {o.Q, 1}, {o.SP, o.Period}, {o.SQ, o.Period}}
}

func negate(a []float64) {
	for i := range a {
		a[i] = -a[i]
	}
}
