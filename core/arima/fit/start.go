package fit

import (
	"math"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/internal/stat"
)

// Lags of the long autoregression beyond the model's own.
const (
	fewLags  = 4
	manyLags = 20
)

// hannanRissanen writes starting values of the ARMA coefficients of w to
// dst by Hannan and Rissanen's (1982) two regressions: a long autoregression
// gives innovations, and w on its own lags and theirs the coefficients. The
// products of a seasonal model's polynomials are left out; false where the
// regressions fail. more is the lags of the autoregression beyond the model's:
// a few are quick, many see a moving average whose roots are near the circle.
func hannanRissanen(dst, w []float64, o sarima.Order, more int) bool {
	long := longLags(o, more)
	reach := 0
	for _, l := range long {
		reach = max(reach, l)
	}
	n := len(w)
	if n-reach < 2*len(long)+10 {
		return false
	}
	b := make([]float64, len(long))
	cols := make([]lagged, len(long))
	for i, l := range long {
		cols[i] = lagged{w, l}
	}
	if !regress(b, w, cols, reach) {
		return false
	}
	e := make([]float64, n)
	for t := reach; t < n; t++ {
		s := w[t]
		for i, l := range long {
			s -= b[i] * w[t-l]
		}
		e[t] = s
	}
	return secondStage(dst, w, e, o, reach)
}

// longLags are the lags of the first autoregression, more of the near ones
// than the model has.
func longLags(o sarima.Order, more int) []int {
	var lags []int
	short := max(o.P, o.Q) + more
	if o.SP+o.SQ > 0 {
		short = min(short, o.Period-2)
	}
	for i := 1; i <= short; i++ {
		lags = append(lags, i)
	}
	for k := 1; k <= max(o.SP, o.SQ) && o.SP+o.SQ > 0; k++ {
		lags = append(lags, k*o.Period-1, k*o.Period, k*o.Period+1)
	}
	return lags
}

func secondStage(dst, w, e []float64, o sarima.Order, reach int) bool {
	var cols []lagged
	for i := 1; i <= o.P; i++ {
		cols = append(cols, lagged{w, i})
	}
	for i := 1; i <= o.Q; i++ {
		cols = append(cols, lagged{e, i})
	}
	for i := 1; i <= o.SP; i++ {
		cols = append(cols, lagged{w, i * o.Period})
	}
	for i := 1; i <= o.SQ; i++ {
		cols = append(cols, lagged{e, i * o.Period})
	}
	from := reach
	for _, c := range cols {
		from = max(from, c.lag)
	}
	if len(w)-from < 2*len(cols)+5 {
		return false
	}
	return regress(dst, w, cols, from)
}

// lagged is a series seen some steps back.
type lagged struct {
	v   []float64
	lag int
}

// regress writes the least squares coefficients of y[from:] on the columns.
func regress(dst, y []float64, cols []lagged, from int) bool {
	k, n := len(cols), len(y)-from
	g := make([]float64, k*k)
	c := make([]float64, k)
	view := func(i int) []float64 { return cols[i].v[from-cols[i].lag:][:n] }
	for i := range k {
		a := view(i)
		c[i] = stat.Dot(a, y[from:])
		for j := 0; j <= i; j++ {
			g[i*k+j] = stat.Dot(a, view(j))
		}
	}
	return cholesky(dst, g, c, k)
}

// cholesky solves g·dst = c for a positive definite g (k×k, lower triangle),
// which it overwrites.
func cholesky(dst, g, c []float64, k int) bool {
	for i := range k {
		for j := 0; j <= i; j++ {
			s := g[i*k+j]
			for l := range j {
				s -= g[i*k+l] * g[j*k+l]
			}
			if i > j {
				g[i*k+j] = s / g[j*k+j]
				continue
			}
			if !(s > 1e-13*math.Abs(g[i*k+i])) || math.IsInf(s, 0) {
				return false
			}
			g[i*k+i] = math.Sqrt(s)
		}
	}
	for i := range k {
		s := c[i]
		for l := range i {
			s -= g[i*k+l] * dst[l]
		}
		dst[i] = s / g[i*k+i]
	}
	for i := k - 1; i >= 0; i-- {
		s := dst[i]
		for l := i + 1; l < k; l++ {
			s -= g[l*k+i] * dst[l]
		}
		dst[i] = s / g[i*k+i]
	}
	return true
}
