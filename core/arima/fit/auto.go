package fit

import (
	"errors"
	"math"
	"slices"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
)

// errNoModel reports that the likelihood of no order of the search could be
// computed.
var errNoModel = errors.New("arima: no order gave a usable model")

// Auto chooses an order and estimates it. It follows Hyndman and Khandakar
// (2008) and R's auto.arima: D by seasonal strength, d by KPSS tests, then
// orders by the criterion. It differs in three things. R refuses models with a
// root within 1.01 of the origin; here all are estimated with their roots
// outside that circle. R's stepwise search begins from small orders only; here
// also from p = q = 3. And after an approximate search R computes the exact
// likelihood of the best order only; here the search goes on from there by
// exact likelihood among the neighbours that are near it by approximation.
func Auto(y []float64, x [][]float64, s search) (*result, []candidate, error) {
	a, err := newAuto(y, x, s)
	if err != nil {
		return nil, nil, err
	}
	if r := a.degenerate(); r != nil {
		return r, nil, nil
	}
	switch {
	case s.Full:
		a.full()
	default:
		a.stepwise()
	}
	r, err := a.finish()
	return r, a.tried, err
}

// key identifies a candidate.
type key struct {
	p, q, sp, sq int
	constant     bool
}

// auto is the state of one search.
type auto struct {
	s        search
	y        []float64
	x        [][]float64
	d, sd    int
	constant bool // may be estimated
	exactly  bool // no approximation
	approx   map[key]*rough
	results  map[key]*result
	tried    []candidate
	bases    [2]*base // without and with the constant
}

func newAuto(y []float64, x [][]float64, s search) (*auto, error) {
	a := &auto{s: s, x: x, approx: map[key]*rough{}, results: map[key]*result{}}
	first := 0
	for first < len(y) && math.IsNaN(y[first]) {
		first++
	}
	a.y = y[first:]
	for i, c := range x {
		if len(c) != len(y) {
			return nil, sarima.ErrRegressors
		}
		if i == 0 {
			a.x = nil
		}
		a.x = append(a.x, c[first:])
	}
	n := 0
	for _, v := range a.y {
		if !math.IsNaN(v) {
			n++
		}
	}
	if n == 0 {
		return nil, sarima.ErrShort
	}
	if err := a.differences(n); err != nil {
		return nil, err
	}
	a.limit(n)
	return a, nil
}

// differences settles d and D on the series less its regression.
func (a *auto) differences(n int) error {
	s := &a.s
	m := max(1, s.Period)
	rest := a.y
	if len(a.x) > 0 {
		var err error
		if rest, err = residualsOf(a.y, a.x); err != nil {
			return err
		}
	}
	a.sd = s.SD
	if m == 1 {
		a.sd = 0
	} else if a.sd < 0 {
		a.sd = seasonalDifferences(rest, m, s.MaxSD)
	}
	for range a.sd {
		rest = diff(nil, rest, m)
	}
	if a.d = s.D; a.d < 0 {
		a.d = differences(rest, kpssAlpha, s.MaxD)
	}
	if a.d*1+a.sd*m >= n {
		return sarima.ErrShort
	}
	a.constant = a.d+a.sd == 0 && s.Mean || a.d+a.sd == 1 && s.Drift
	return nil
}

// residualsOf returns y less its least squares regression on x and a mean.
func residualsOf(y []float64, x [][]float64) ([]float64, error) {
	l, err := sarima.NewLikelihood(y, append([][]float64{constantColumn(len(y), sarima.Order{})}, x...), sarima.Order{})
	if err != nil {
		return nil, err
	}
	rest := append([]float64(nil), l.Columns()[0]...)
	for t, v := range y {
		if math.IsNaN(v) {
			rest[t] = v
		}
	}
	return rest, nil
}

// limit brings the bounds of the orders within what the length allows.
func (a *auto) limit(n int) {
	s := &a.s
	m := max(1, s.Period)
	if n <= 3 {
		s.Criterion = aic // the correction of AICc has no value
	}
	s.MaxP, s.MaxQ = min(s.MaxP, n/3), min(s.MaxQ, n/3)
	s.MaxSP, s.MaxSQ = min(s.MaxSP, n/3/m), min(s.MaxSQ, n/3/m)
	if m == 1 {
		s.MaxSP, s.MaxSQ = 0, 0
		return
	}
	if s.MaxSP > 0 {
		s.MaxP = min(s.MaxP, m-1)
	}
	if s.MaxSQ > 0 {
		s.MaxQ = min(s.MaxQ, m-1)
	}
}

func (a *auto) order(k key) sarima.Order {
	o := sarima.Order{P: k.p, D: a.d, Q: k.q, SP: k.sp, SD: a.sd, SQ: k.sq, Period: a.s.Period}
	if a.s.Period < 2 {
		o.Period = 0
	}
	return o
}

// degenerate returns the model of a series that is constant after
// differencing, which has no likelihood; nil for any other.
func (a *auto) degenerate() *result {
	if len(a.x) > 0 {
		return nil
	}
	o := a.order(key{})
	w := sarima.Difference(append([]float64(nil), a.y...), a.y, o)
	if !isConstant(w) {
		return nil
	}
	r := &result{Status: forecast.NothingToFit, N: len(w)}
	r.Process = *sarima.NewProcess(o, nil)
	r.Sigma2 = 0
	if mean := meanOf(w); a.d+a.sd <= 1 && !math.IsNaN(mean) {
		r.Constant = true
		if a.sd > 0 {
			mean /= float64(a.s.Period)
		}
		r.Beta = []float64{mean}
	}
	return r
}

func meanOf(y []float64) float64 {
	s, n := 0.0, 0.0
	for _, v := range y {
		if !math.IsNaN(v) {
			s += v
			n++
		}
	}
	return s / n
}

// score evaluates a candidate once and returns the criterion.
func (a *auto) score(k key) float64 {
	if a.exactly || !a.s.Approximate {
		return a.exactScore(k)
	}
	return a.roughScore(k)
}

func (a *auto) seen(k key) bool {
	if a.exactly || !a.s.Approximate {
		_, ok := a.results[k]
		return ok
	}
	_, ok := a.approx[k]
	return ok
}

func (a *auto) inside(k key) bool {
	s := &a.s
	return min(k.p, k.q, k.sp, k.sq) >= 0 && k.p <= s.MaxP && k.q <= s.MaxQ &&
		k.sp <= s.MaxSP && k.sq <= s.MaxSQ && (!k.constant || a.constant)
}

// finish returns the best model or, where its Hessian is not positive
// definite, one hardly worse whose is.
func (a *auto) finish() (*result, error) {
	var keys []key
	for k, r := range a.results {
		if r != nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(k, l key) int {
		u, v := a.criterion(a.results[k]), a.criterion(a.results[l])
		switch {
		case u < v:
			return -1
		case u > v:
			return 1
		}
		return k.compare(l)
	})
	if len(keys) == 0 {
		return nil, errNoModel
	}
	best := a.criterion(a.results[keys[0]])
	for _, k := range keys {
		r := a.results[k]
		if a.criterion(r) > best+2 {
			break
		}
		e, err := newEstimator(a.y, a.x, r.Order, r.Constant, false)
		if err != nil {
			continue
		}
		r = a.polish(e, r)
		if r.SE = e.standardErrors(r); !slices.ContainsFunc(r.SE, math.IsNaN) {
			return r, nil
		}
	}
	return a.results[keys[0]], nil
}

// The chosen model is estimated to a smaller tolerance than those of the
// search, in few iterations: along a ridge there would be no end of them.
const (
	polishTol        = 1e-9
	polishIterations = 6
)

// polish goes on with the estimation of r.
func (a *auto) polish(e *estimator, r *result) *result {
	s := searchSettings()
	s.Start, s.OnlyStart, s.onBoundary = r.Coefs(), true, true
	s.Tolerance, s.Iterations = polishTol, polishIterations
	if end, err := e.estimate(s); err == nil && a.criterion(end) <= a.criterion(r) {
		end.Evaluation += r.Evaluation
		end.Status = r.Status // of the search's tolerance
		return end
	}
	return r
}

func (a *auto) criterion(r *result) float64 {
	switch a.s.Criterion {
	case aic:
		return r.AIC
	case bic:
		return r.BIC
	}
	return r.AICc
}
