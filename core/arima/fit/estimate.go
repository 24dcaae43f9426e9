// Package fit estimates ARIMA models and chooses their orders.
package fit

import (
	"math"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
)

// method says what is maximised.
type method uint8

// The methods.
const (
	methodML  method = iota // the exact likelihood, from the conditional sum of squares
	methodCSS               // the conditional sum of squares alone
)

// settings of one estimation.
type settings struct {
	Method     method
	Iterations int     // of each minimisation, at most
	Tolerance  float64 // relative change of the sum of squares at which it ends
	Radius     float64 // all roots are outside this circle: 1 for stationary and invertible, more to keep away from unit roots
	// Start are coefficients to begin from beside the method's own; may be nil.
	Start []float64
	// OnlyStart begins from Start alone, without the conditional sum of
	// squares.
	OnlyStart bool
	// onBoundary leaves Start where it is, however near the boundary.
	onBoundary bool
	// Errors asks for standard errors.
	Errors bool
	// Levels computes the likelihood as R's arima does, see
	// sarima.NewLevelsLikelihood: slow, for comparisons.
	Levels bool
}

// defaultSettings estimates by exact likelihood.
func defaultSettings() settings {
	return settings{Method: methodML, Iterations: 100, Tolerance: 1e-10, Radius: 1, Errors: true}
}

// A result is an estimated model.
type result struct {
	sarima.Process
	LogLik     float64 // NaN for methodCSS
	AIC        float64
	AICc, BIC  float64
	MaxSigma2  float64   // the maximum likelihood estimate of σ²; Process.Sigma2 has the degrees of freedom taken off
	SE         []float64 // standard errors: coefficients as Process.Coefs, then Beta; NaN where not identified
	N          int       // values that count
	Status     forecast.Status
	Evaluation int // evaluations of the likelihood or the sum of squares
}

// estimate fits the order to y, NaN for missing, by maximum likelihood.
// Where constant is true and d+D is 0 or 1, a mean or drift is estimated
// beside the regressors x.
func estimate(y []float64, x [][]float64, o sarima.Order, constant bool, s settings) (*result, error) {
	e, err := newEstimator(y, x, o, constant, s.Levels)
	if err != nil {
		return nil, err
	}
	return e.estimate(s)
}

// An estimator holds the workspace to estimate one order on one series.
type estimator struct {
	like     *sarima.Likelihood
	constant bool
	solver   solver
}

// newEstimator prepares the estimation by the likelihood of the differences,
// or by that of the levels.
func newEstimator(y []float64, x [][]float64, o sarima.Order, constant, levels bool) (*estimator, error) {
	constant = constant && o.D+o.SD <= 1
	if constant {
		x = append([][]float64{constantColumn(len(y), o)}, x...)
	}
	prepare := sarima.NewLikelihood
	if levels {
		prepare = sarima.NewLevelsLikelihood
	}
	l, err := prepare(y, x, o)
	if err != nil {
		return nil, err
	}
	return &estimator{like: l, constant: constant}, nil
}

// constantColumn returns the regressor whose coefficient is the mean, where
// the order does not difference, or the drift, where it does.
func constantColumn(n int, o sarima.Order) []float64 {
	c := make([]float64, n)
	for t := range c {
		c[t] = 1
		if o.D+o.SD > 0 {
			c[t] = float64(t + 1)
		}
	}
	return c
}

// estimate runs the estimation.
func (e *estimator) estimate(s settings) (*result, error) {
	o := e.like.Order()
	k := o.Coefs()
	u := make([]float64, k)
	r := &result{N: e.like.N(), Status: forecast.Converged}
	switch {
	case k > 0 && s.OnlyStart && s.Start != nil:
		sarima.Unconstrain(u, s.Start, o, s.Radius)
		if !s.onBoundary {
			shrinkInside(u)
		}
	case k > 0:
		e.conditional(u, s)
	}
	x := newExact(e.like, s.Radius)
	_, converged, ok := e.solver.minimize(x, u, limits{s.Iterations, s.Tolerance})
	if !ok {
		clear(u)
		_, converged, ok = e.solver.minimize(x, u, limits{s.Iterations, s.Tolerance})
	}
	if !ok {
		return nil, errLikelihood
	}
	if !converged {
		r.Status = forecast.NotConverged
	}
	x.eval(u)
	r.Process = *sarima.NewProcess(o, x.coefs)
	r.Constant = e.constant
	r.Beta = make([]float64, e.like.Regressors())
	e.like.Beta(r.Beta)
	e.criteria(r, x.value)
	r.Evaluation = e.solver.evals
	if s.Errors {
		r.SE = e.standardErrors(r)
	}
	return r, nil
}

// criteria fills the information criteria as R's forecast package does: the
// number of parameters includes σ².
func (e *estimator) criteria(r *result, v sarima.Value) {
	n := float64(v.N)
	k := float64(r.Order.Coefs() + len(r.Beta) + 1)
	r.LogLik = v.LogLik
	r.AIC = -2*v.LogLik + 2*k
	r.BIC = r.AIC + k*(math.Log(n)-2)
	r.AICc = math.Inf(1)
	if n > k+1 {
		r.AICc = r.AIC + 2*k*(k+1)/(n-k-1)
	}
	r.MaxSigma2 = v.Sigma2
	r.Sigma2 = v.SSQ / math.Max(1, n-k+1)
}

// conditional brings u to the minimum of the conditional sum of squares, the
// best of several starts.
func (e *estimator) conditional(u []float64, s settings) {
	o := e.like.Order()
	w, x := e.differenced()
	c := newCSS(w, x, o, s.Radius)
	if c.used() < o.Coefs()+len(x)+3 {
		if s.Start != nil {
			sarima.Unconstrain(u, s.Start, o, s.Radius)
		}
		return
	}
	k := len(u)
	best := math.Inf(1)
	try := func(coefs []float64) {
		v := make([]float64, k+len(x))
		if coefs != nil {
			sarima.Unconstrain(v[:k], coefs, o, s.Radius)
			shrinkInside(v[:k])
		}
		ssq, _, ok := e.solver.minimize(c, v, limits{s.Iterations / 2, 1e-7})
		if ok && ssq < best {
			best = ssq
			copy(u, v)
		}
	}
	start := make([]float64, k)
	for _, more := range [...]int{fewLags, manyLags} {
		if hannanRissanen(start, w, o, more) {
			try(start)
		}
	}
	try(nil)
	if s.Start != nil {
		try(s.Start)
	}
	// The conditional sum often has its minimum on the boundary, where the
	// exact likelihood is flat in these parameters.
	shrinkInside(u)
}

// shrinkInside keeps starting values where the map to coefficients still
// moves.
func shrinkInside(u []float64) {
	for i, v := range u {
		u[i] = min(max(v, -2.5), 2.5)
	}
}

// differenced returns the differenced data; missing values are interpolated,
// which is good enough to start from.
func (e *estimator) differenced() (w []float64, x [][]float64) {
	o := e.like.Order()
	cols := e.like.Columns()
	if !e.like.Levels() {
		return cols[0], cols[1:]
	}
	filled := append([]float64(nil), cols[0]...)
	interpolate(filled)
	w = sarima.Difference(filled, filled, o)
	for _, c := range cols[1:] {
		d := append([]float64(nil), c...)
		x = append(x, sarima.Difference(d, d, o))
	}
	return w, x
}

// interpolate fills missing values linearly, those at the ends with the
// nearest.
func interpolate(y []float64) {
	last := -1
	for t, v := range y {
		if math.IsNaN(v) {
			continue
		}
		for i := last + 1; i < t; i++ {
			if last < 0 {
				y[i] = v
			} else {
				y[i] = y[last] + (v-y[last])*float64(i-last)/float64(t-last)
			}
		}
		last = t
	}
	for i := last + 1; i < len(y) && last >= 0; i++ {
		y[i] = y[last]
	}
}
