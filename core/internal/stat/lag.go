package stat

// short is the number of lags that are kept in registers.
const short = 5

// Divide replaces e[from:] by e / (1 + Σ_j coefs_j B^(j·m)), j from 1, that is
// by e_t - Σ_j coefs_j e_{t-jm}. Values before from are taken as they are,
// those before the first as zero.
func Divide(e, coefs []float64, m, from int) {
	if len(coefs) == 0 {
		return
	}
	if m == 1 && len(coefs) <= short {
		var c [short]float64
		copy(c[:], coefs)
		divideShort(e, &c, from)
		return
	}
	head := max(from, min(len(coefs)*m, len(e)))
	for t := from; t < head; t++ {
		for j, c := range coefs {
			if i := t - (j+1)*m; i >= 0 {
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

func divideShort(e []float64, c *[short]float64, from int) {
	p := past(e, from)
	p1, p2, p3, p4, p5 := p[0], p[1], p[2], p[3], p[4]
	c1, c2, c3, c4, c5 := c[0], c[1], c[2], c[3], c[4]
	e = e[from:]
	for t, v := range e {
		v = ((v - c5*p5) - (c4*p4 + c3*p3)) - c2*p2
		v -= c1 * p1
		e[t] = v
		p5, p4, p3, p2, p1 = p4, p3, p2, p1, v
	}
}

// past returns the values before from, nearest first.
func past(e []float64, from int) (p [short]float64) {
	for i := range p {
		if from-1-i >= 0 {
			p[i] = e[from-1-i]
		}
	}
	return p
}

// Filter is a polynomial by its lags, which may be far apart, and their
// coefficients.
type Filter struct {
	Lags  []int
	Coefs []float64
}

// Set makes f the non-zero coefficients of Σ_j coefs_j B^j, j from 1. It
// allocates where f has less room than there are.
func (f *Filter) Set(coefs []float64) {
	f.Lags, f.Coefs = f.Lags[:0], f.Coefs[:0]
	for j, c := range coefs {
		if c != 0 {
			f.Lags, f.Coefs = append(f.Lags, j+1), append(f.Coefs, c)
		}
	}
}

// dense returns the coefficients of the first lags where there are no others.
func (f *Filter) dense() (c [short]float64, ok bool) {
	for i, l := range f.Lags {
		if l > short {
			return c, false
		}
		c[l-1] = f.Coefs[i]
	}
	return c, true
}

// Recurse computes e_t = w_t - Σ ar w_{t-i} - Σ ma e_{t-j} from from on, which
// no lag of ar reaches over. Values of e before from are taken as they are,
// those before the first as zero.
func Recurse(e, w []float64, ar, ma *Filter, from int) {
	if a, ok := ar.dense(); ok {
		if c, ok := ma.dense(); ok {
			recurseShort(e, w, &a, &c, from)
			return
		}
	}
	copy(e[from:], w[from:])
	for i, lag := range ar.Lags {
		c, src, dst := ar.Coefs[i], w[from-lag:], e[from:]
		src = src[:len(dst)]
		for t := range dst {
			dst[t] -= c * src[t]
		}
	}
	if len(ma.Lags) == 0 {
		return
	}
	for t := from; t < len(e); t++ {
		s := e[t]
		for i := len(ma.Lags) - 1; i >= 0; i-- {
			if j := t - ma.Lags[i]; j >= 0 {
				s -= ma.Coefs[i] * e[j]
			}
		}
		e[t] = s
	}
}

func recurseShort(e, w []float64, ar, ma *[short]float64, from int) {
	p, x := past(e, from), past(w, from)
	p1, p2, p3, p4, p5 := p[0], p[1], p[2], p[3], p[4]
	x1, x2, x3, x4, x5 := x[0], x[1], x[2], x[3], x[4]
	c1, c2, c3, c4, c5 := ma[0], ma[1], ma[2], ma[3], ma[4]
	a1, a2, a3, a4, a5 := ar[0], ar[1], ar[2], ar[3], ar[4]
	e, w = e[from:], w[from:]
	for t := range e {
		v := w[t]
		s := (v - a1*x1) - (a2*x2 + a3*x3) - (a4*x4 + a5*x5)
		s = (s - c5*p5) - (c4*p4 + c3*p3) - c2*p2
		s -= c1 * p1
		e[t] = s
		p5, p4, p3, p2, p1 = p4, p3, p2, p1, s
		x5, x4, x3, x2, x1 = x4, x3, x2, x1, v
	}
}
