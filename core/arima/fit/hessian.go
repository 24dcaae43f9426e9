package fit

import (
	"errors"
	"math"
)

// errLikelihood reports that the likelihood could not be computed at any
// starting value.
var errLikelihood = errors.New("arima: likelihood cannot be computed from any starting value")

// standardErrors inverts the numerical Hessian of the log-likelihood, σ² at
// its maximum, in the coefficients and Beta: central differences with steps
// of a thousandth, a tenth of a standard error for Beta. NaN where the
// Hessian is not positive definite.
func (e *estimator) standardErrors(r *result) []float64 {
	coefs := r.Process.Coefs()
	k, n := len(coefs), len(coefs)+len(r.Beta)
	at := append(coefs, r.Beta...)
	h := make([]float64, n)
	for i := range h {
		h[i] = 1e-3
		if i >= k {
			h[i] = 0.1 * e.betaScale(r, at, i)
		}
	}
	f := func(p []float64) float64 {
		v, ok := e.like.At(p[:k], p[k:])
		if !ok {
			return math.NaN()
		}
		return -v.LogLik
	}
	hess := numericalHessian(f, at, h)
	se := make([]float64, n)
	inv := make([]float64, n)
	unit := make([]float64, n)
	for i := range n {
		clear(unit)
		unit[i] = 1
		if !cholesky(inv, append([]float64(nil), hess...), unit, n) {
			inv[i] = math.NaN()
		}
		se[i] = math.Sqrt(inv[i])
	}
	return se
}

// betaScale guesses the standard error of a regression coefficient from the
// curvature along it.
func (e *estimator) betaScale(r *result, at []float64, i int) float64 {
	k := r.Order.Coefs()
	p := append([]float64(nil), at...)
	step := 1e-4*math.Abs(at[i]) + 1e-12
	for range 60 {
		p[i] = at[i] + step
		v, ok := e.like.At(p[:k], p[k:])
		if !ok {
			return step
		}
		if drop := r.LogLik - v.LogLik; drop > 1e-6*(1+math.Abs(r.LogLik)) {
			return step / math.Sqrt(2*drop)
		}
		step *= 4
	}
	return step
}

// numericalHessian returns the lower triangle of the Hessian of f at p by
// central differences. Those of two parameters are of moves of both in the
// same direction and of each alone (Abramowitz and Stegun 1964, 25.3.27),
// which needs half the evaluations of moves in four directions.
func numericalHessian(f func([]float64) float64, p, h []float64) []float64 {
	n := len(p)
	q := append([]float64(nil), p...)
	both := func(i, j int) float64 { // f with i and j moved up, plus moved down
		sum := 0.0
		for _, sign := range [2]float64{1, -1} {
			q[i] += sign * h[i]
			if j != i {
				q[j] += sign * h[j]
			}
			sum += f(q)
			q[i], q[j] = p[i], p[j]
		}
		return sum
	}
	out := make([]float64, n*n)
	center := f(q)
	alone := make([]float64, n)
	for i := range n {
		alone[i] = both(i, i) - 2*center
		out[i*n+i] = alone[i] / (h[i] * h[i])
		for j := range i {
			out[i*n+j] = (both(i, j) - 2*center - alone[i] - alone[j]) / (2 * h[i] * h[j])
		}
	}
	return out
}
