package fit

import (
	"math"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/internal/stat"
)

// exact is the exact likelihood as a sum of squares: minus twice the
// logarithm of the likelihood, σ² and β at their maximum, is n log Σ r_t² up
// to a constant, with r_t = e_t/√F_t · (Π F)^(1/2n). The Jacobian is by
// forward differences of the residuals.
type exact struct {
	like   *sarima.Likelihood
	radius float64
	coefs  []float64
	base   []float64
	cols   [][]float64
	bump   []float64
	value  sarima.Value
}

func newExact(l *sarima.Likelihood, radius float64) *exact {
	k := l.Order().Coefs()
	x := &exact{
		like: l, radius: radius, coefs: make([]float64, k), bump: make([]float64, k),
		base: make([]float64, l.Len()),
	}
	for range k {
		x.cols = append(x.cols, make([]float64, l.Len()))
	}
	return x
}

func (x *exact) eval(u []float64) (float64, bool) {
	sarima.Constrain(x.coefs, u, x.like.Order(), x.radius)
	v, ok := x.like.Profile(x.coefs)
	if !ok || math.IsNaN(v.LogLik) {
		return 0, false
	}
	x.value = v
	_, unit := x.like.Residuals()
	return v.SSQ / (unit * unit) * math.Exp(v.SumLog/float64(v.N)), true
}

// residuals writes the scaled residuals of the last evaluation.
func (x *exact) residuals(dst []float64) {
	e, _ := x.like.Residuals()
	f := math.Exp(x.value.SumLog / float64(2*x.value.N))
	for t, v := range e {
		dst[t] = v * f
	}
}

func (x *exact) normal(u, jtj, jtr []float64) {
	x.eval(u)
	x.residuals(x.base)
	k := len(u)
	for j := range k {
		h := 1e-6 * (1 + math.Abs(u[j]))
		if u[j] > 0 {
			h = -h // towards the inside, where the map is not flat
		}
		copy(x.bump, u)
		x.bump[j] += h
		if _, ok := x.eval(x.bump); !ok {
			clear(x.cols[j])
			continue
		}
		x.residuals(x.cols[j])
		for t, b := range x.base {
			x.cols[j][t] = (x.cols[j][t] - b) / h
		}
	}
	for i := range k {
		jtr[i] = stat.Dot(x.cols[i], x.base)
		for j := 0; j <= i; j++ {
			jtj[i*k+j] = stat.Dot(x.cols[i], x.cols[j])
		}
	}
}
