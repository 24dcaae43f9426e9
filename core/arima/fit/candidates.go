package fit

import (
	"math"

	"github.com/foretide/foretide/core/arima/internal/sarima"
)

// minRoot is the smallest modulus that a root of a chosen model may have.
// R's auto.arima refuses models with a root of less than 1.01, counting those
// of a seasonal polynomial as 24th roots where m is 24; here every model is
// estimated under that restriction, seasonal roots counted in B^m.
const minRoot = 1.01

// rough is what the conditional sum of squares says of a candidate.
type rough struct {
	score float64
	coefs []float64
}

// base is the data that all candidates with the same regressors share.
type base struct {
	w    []float64
	x    [][]float64
	unit float64
}

// base returns the differenced data, missing values interpolated.
func (a *auto) base(constant bool) (*base, error) {
	i := 0
	if constant {
		i = 1
	}
	if a.bases[i] != nil {
		return a.bases[i], nil
	}
	e, err := newEstimator(a.y, a.x, a.order(key{}), constant, false)
	if err != nil {
		return nil, err
	}
	b := &base{}
	b.w, b.x = e.differenced()
	_, b.unit = e.like.Residuals()
	a.bases[i] = b
	return b, nil
}

// roughScore estimates a candidate by the conditional sum of squares and
// returns an approximation of its criterion, n log σ² in place of minus twice
// the log-likelihood.
func (a *auto) roughScore(k key) float64 {
	if r := a.approx[k]; r != nil {
		return r.score
	}
	r := &rough{score: math.Inf(1)}
	a.approx[k] = r
	o := a.order(k)
	b, err := a.base(k.constant)
	if err != nil {
		return r.score
	}
	c := newCSS(b.w, b.x, o, minRoot)
	n, params := float64(len(b.w)), float64(o.Coefs()+len(b.x)+1)
	if c.used() < 2*int(params) || n <= params+1 {
		return r.score
	}
	var s solver
	ssq, u := a.conditional(&s, c, k)
	if math.IsInf(ssq, 1) {
		return r.score
	}
	c.eval(u)
	r.coefs = append([]float64(nil), c.coefs...)
	s2 := ssq / float64(c.used()) * b.unit * b.unit
	r.score = a.penalised(n*math.Log(s2), n, params)
	a.tried = append(a.tried, candidate{Order: o, Constant: k.constant, Score: r.score})
	return r.score
}

// penalised adds the criterion's penalty to minus twice a log-likelihood.
func (a *auto) penalised(v, n, params float64) float64 {
	switch a.s.Criterion {
	case bic:
		return v + params*math.Log(n)
	case aic:
		return v + 2*params
	}
	return v + 2*params + 2*params*(params+1)/(n-params-1)
}

// conditional minimises the conditional sum of squares from the neighbours'
// estimates and from Hannan and Rissanen's.
func (a *auto) conditional(s *solver, c *css, k key) (best float64, u []float64) {
	n := c.order.Coefs()
	best = math.Inf(1)
	try := func(coefs []float64) {
		v := make([]float64, n+len(c.x))
		sarima.Unconstrain(v[:n], coefs, c.order, minRoot)
		shrinkInside(v[:n])
		ssq, _, ok := s.minimize(c, v, limits{40, 1e-6})
		if ok && ssq < best {
			best, u = ssq, v
		}
	}
	start := make([]float64, n)
	if hannanRissanen(start, c.w, c.order, fewLags) {
		try(start)
	}
	if near := a.nearest(k); near != nil {
		try(near)
	}
	if u == nil {
		try(make([]float64, n))
	}
	return best, u
}

// nearest returns starting coefficients for k from the best neighbour that
// has been estimated, padded with zeros; nil where there is none.
func (a *auto) nearest(k key) []float64 {
	var from key
	var coefs []float64
	score := math.Inf(1)
	look := func(l key) {
		if r := a.approx[l]; r != nil && r.coefs != nil && (coefs == nil || r.score < score) {
			from, coefs, score = l, r.coefs, r.score
		}
	}
	for _, d := range moves {
		look(k.plus(d))
	}
	if coefs == nil {
		return nil
	}
	return a.pad(k, from, coefs)
}

// pad brings the coefficients of one order to the places of another.
func (a *auto) pad(to, from key, coefs []float64) []float64 {
	out := make([]float64, a.order(to).Coefs())
	i, j := 0, 0
	for _, n := range [4][2]int{{from.p, to.p}, {from.q, to.q}, {from.sp, to.sp}, {from.sq, to.sq}} {
		copy(out[j:j+min(n[0], n[1])], coefs[i:i+n[0]])
		i, j = i+n[0], j+n[1]
	}
	return out
}

// searchTol tells orders apart: it leaves some 1e-4 in a log-likelihood. The
// chosen model is estimated to the end.
const searchTol = 1e-7

// searchSettings are those of an exact estimation within a search.
func searchSettings() settings {
	s := defaultSettings()
	s.Errors, s.Tolerance, s.Iterations, s.Radius = false, searchTol, 60, minRoot
	return s
}

// exactScore estimates a candidate by exact likelihood and returns its
// criterion.
func (a *auto) exactScore(k key) float64 {
	if r, ok := a.results[k]; ok {
		if r == nil {
			return math.Inf(1)
		}
		return a.criterion(r)
	}
	a.results[k] = nil
	o := a.order(k)
	e, err := newEstimator(a.y, a.x, o, k.constant, false)
	if err != nil {
		return math.Inf(1)
	}
	s := searchSettings()
	if r := a.approx[k]; r != nil {
		s.Start, s.OnlyStart = r.coefs, true
	}
	r, err := e.estimate(s)
	score := math.Inf(1)
	if err == nil {
		a.results[k] = r
		score = a.criterion(r)
	}
	a.tried = append(a.tried, candidate{Order: o, Constant: k.constant, Score: score, Exact: true})
	return score
}
