package fit

import (
	"errors"
	"math"
	"slices"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/unitroot"
)

// ErrNoModel: the likelihood of no order of the search could be computed.
var ErrNoModel = errors.New("arima: no order gave a usable model")

// A Criterion ranks models; smaller is better.
type Criterion uint8

// The criteria.
const (
	AICc Criterion = iota
	AIC
	BIC
)

// Search says among which orders to choose. The defaults are those of R's
// auto.arima; bounds are inclusive.
type Search struct {
	Period     int // of the season in values; 1: none
	MaxP, MaxQ int
	// MaxSP and MaxSQ bound the seasonal orders.
	MaxSP, MaxSQ int
	// MaxOrder bounds p+q+P+Q in a full search only.
	MaxOrder int
	// D and SD are the differences; -1: by KPSS tests and seasonal strength,
	// up to MaxD and MaxSD.
	D, SD, MaxD, MaxSD int
	Mean, Drift        bool // may be estimated
	Criterion          Criterion
	Full               bool // every order instead of a stepwise search
	// Approximate ranks orders by the conditional sum of squares first and
	// computes the exact likelihood of the best only.
	Approximate bool
	Models      int // at most so many orders in each phase of a stepwise search
	Interrupt   func() bool
}

// DefaultSearch is the stepwise search of Hyndman and Khandakar (2008) for n
// values with a season of period values (1: none).
func DefaultSearch(n, period int) Search {
	return Search{
		Period: period,
		MaxP:   5, MaxQ: 5, MaxSP: 2, MaxSQ: 2, MaxOrder: 5,
		D: -1, SD: -1, MaxD: 2, MaxSD: 1,
		Mean: true, Drift: true,
		Approximate: n > 150 || period > 12,
		Models:      94,
	}
}

// A Candidate is an order that was looked at.
type Candidate struct {
	Order    arima.Order
	Constant bool
	Score    float64 // the criterion; +Inf where the model is refused
	Exact    bool    // by the exact likelihood; else approximate, and comparable only with its like
}

// Auto chooses an order and estimates it. It follows Hyndman and Khandakar
// (2008) and R's auto.arima: D by seasonal strength, d by KPSS tests, then
// orders by the criterion. It differs in two things. R refuses models with a
// root within 1.01 of the origin; here all are estimated with their roots
// outside that circle. And after an approximate search R computes the exact
// likelihood of the best order only; here the search goes on from there by
// exact likelihood among the neighbours that are near it by approximation.
func Auto(y []float64, x [][]float64, s Search) (*Result, []Candidate, error) {
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
	s        Search
	y        []float64
	x        [][]float64
	d, sd    int
	constant bool // may be estimated
	exactly  bool // no approximation
	approx   map[key]*rough
	results  map[key]*Result
	tried    []Candidate
	bases    [2]*base // without and with the constant
}

func newAuto(y []float64, x [][]float64, s Search) (*auto, error) {
	a := &auto{s: s, x: x, approx: map[key]*rough{}, results: map[key]*Result{}}
	first := 0
	for first < len(y) && math.IsNaN(y[first]) {
		first++
	}
	a.y = y[first:]
	for i, c := range x {
		if len(c) != len(y) {
			return nil, arima.ErrRegressors
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
		return nil, arima.ErrShort
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
		a.sd = unitroot.SeasonalDifferences(rest, m, s.MaxSD)
	}
	for range a.sd {
		rest = unitroot.Diff(nil, rest, m)
	}
	if a.d = s.D; a.d < 0 {
		a.d = unitroot.Differences(rest, unitroot.Alpha, s.MaxD)
	}
	if a.d*1+a.sd*m >= n {
		return arima.ErrShort
	}
	a.constant = a.d+a.sd == 0 && s.Mean || a.d+a.sd == 1 && s.Drift
	return nil
}

// residualsOf returns y less its least squares regression on x and a mean.
func residualsOf(y []float64, x [][]float64) ([]float64, error) {
	l, err := arima.NewLikelihood(y, append([][]float64{ConstantColumn(len(y), arima.Order{})}, x...), arima.Order{})
	if err != nil {
		return nil, err
	}
	return l.Columns()[0], nil
}

// limit brings the bounds of the orders within what the length allows.
func (a *auto) limit(n int) {
	s := &a.s
	m := max(1, s.Period)
	if n <= 3 {
		s.Criterion = AIC // the correction of AICc has no value
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

func (a *auto) order(k key) arima.Order {
	o := arima.Order{P: k.p, D: a.d, Q: k.q, SP: k.sp, SD: a.sd, SQ: k.sq, Period: a.s.Period}
	if a.s.Period < 2 {
		o.Period = 0
	}
	return o
}

// degenerate returns the model of a series that is constant after
// differencing, which has no likelihood; nil for any other.
func (a *auto) degenerate() *Result {
	if len(a.x) > 0 {
		return nil
	}
	o := a.order(key{})
	w := arima.Difference(append([]float64(nil), a.y...), a.y, o)
	if !unitroot.Constant(w) {
		return nil
	}
	r := &Result{Status: forecast.NothingToFit, N: len(w)}
	r.Process = *arima.NewProcess(o, nil)
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

// stepwise is the search of Hyndman and Khandakar: four starting orders, then
// moves to the first better neighbour.
func (a *auto) stepwise() {
	s := &a.s
	c := a.constant
	start := key{min(2, s.MaxP), min(2, s.MaxQ), min(1, s.MaxSP), min(1, s.MaxSQ), c}
	if len(a.y) < 10 {
		start = key{min(1, s.MaxP), min(1, s.MaxQ), 0, 0, c}
	}
	starts := []key{start, {constant: c},
		{p: min(1, s.MaxP), sp: min(1, s.MaxSP), constant: c},
		{q: min(1, s.MaxQ), sq: min(1, s.MaxSQ), constant: c}, {}}
	best, score := start, math.Inf(1)
	for _, k := range starts {
		if a.seen(k) {
			continue
		}
		if v := a.score(k); v < score {
			best, score = k, v
		}
	}
	a.climb(best, score)
	if s.Approximate {
		a.refine()
	}
}

// moves are the neighbours of an order in the sequence they are tried.
var moves = [...]key{
	{sp: -1}, {sq: -1}, {sp: 1}, {sq: 1},
	{sp: -1, sq: -1}, {sp: -1, sq: 1}, {sp: 1, sq: -1}, {sp: 1, sq: 1},
	{p: -1}, {q: -1}, {p: 1}, {q: 1},
	{p: -1, q: -1}, {p: -1, q: 1}, {p: 1, q: -1}, {p: 1, q: 1},
	{constant: true},
}

func (k key) plus(d key) key {
	return key{k.p + d.p, k.q + d.q, k.sp + d.sp, k.sq + d.sq, k.constant != d.constant}
}

// climb moves from best to the first better neighbour until there is none.
func (a *auto) climb(best key, score float64) {
	count := 0
	for moved := true; moved; {
		moved = false
		for _, d := range moves {
			k := best.plus(d)
			if !a.inside(k) || a.seen(k) {
				continue
			}
			if count++; count > a.s.Models || a.interrupted() {
				return
			}
			if v := a.score(k); v < score {
				best, score, moved = k, v, true
				break
			}
		}
	}
}

func (a *auto) interrupted() bool { return a.s.Interrupt != nil && a.s.Interrupt() }

// full tries every order within the bounds.
func (a *auto) full() {
	s := &a.s
	for p := 0; p <= s.MaxP; p++ {
		for q := 0; q <= s.MaxQ; q++ {
			for sp := 0; sp <= s.MaxSP; sp++ {
				for sq := 0; sq <= s.MaxSQ; sq++ {
					if p+q+sp+sq > s.MaxOrder || a.interrupted() {
						continue
					}
					a.score(key{p, q, sp, sq, false})
					if a.constant {
						a.score(key{p, q, sp, sq, true})
					}
				}
			}
		}
	}
	if s.Approximate {
		a.refine()
	}
}

// Exact likelihoods are computed for the first nearBest orders by
// approximation, then for neighbours of the best whose approximate criterion
// is within nearScore of it.
const (
	nearBest  = 3
	nearScore = 8
)

// refine goes on by exact likelihood from what the approximation found.
func (a *auto) refine() {
	ranked := a.ranked()
	a.exactly = true
	best, score := key{}, math.Inf(1)
	for i, k := range ranked {
		if i >= nearBest && !math.IsInf(score, 1) || a.interrupted() && i > 0 {
			break
		}
		if v := a.exactScore(k); v < score {
			best, score = k, v
		}
	}
	if math.IsInf(score, 1) || a.s.Full {
		return
	}
	for moved := true; moved; {
		moved = false
		for _, d := range moves {
			k := best.plus(d)
			if !a.inside(k) || a.seen(k) || a.interrupted() {
				continue
			}
			if a.roughScore(k) > a.roughScore(best)+nearScore {
				continue
			}
			if v := a.exactScore(k); v < score {
				best, score, moved = k, v, true
				break
			}
		}
	}
}

// ranked returns the approximated orders, best first, refused ones last.
func (a *auto) ranked() []key {
	keys := make([]key, 0, len(a.approx))
	for k := range a.approx {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(k, l key) int {
		u, v := a.approx[k].score, a.approx[l].score
		switch {
		case u < v:
			return -1
		case u > v:
			return 1
		}
		return k.compare(l)
	})
	return keys
}

// compare orders keys of the same score: the search must not depend on the
// order of a map.
func (k key) compare(l key) int {
	for _, d := range [4]int{k.p - l.p, k.q - l.q, k.sp - l.sp, k.sq - l.sq} {
		if d != 0 {
			return d
		}
	}
	if k.constant == l.constant {
		return 0
	}
	if l.constant {
		return -1
	}
	return 1
}

// finish returns the best model or, where its Hessian is not positive
// definite, one hardly worse whose is.
func (a *auto) finish() (*Result, error) {
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
		return nil, ErrNoModel
	}
	best := a.criterion(a.results[keys[0]])
	for _, k := range keys {
		r := a.results[k]
		if a.criterion(r) > best+2 {
			break
		}
		e, err := NewEstimator(a.y, a.x, r.Order, r.Constant)
		if err != nil {
			continue
		}
		r.SE = e.standardErrors(r)
		if !slices.ContainsFunc(r.SE, math.IsNaN) {
			return r, nil
		}
	}
	return a.results[keys[0]], nil
}

func (a *auto) criterion(r *Result) float64 {
	switch a.s.Criterion {
	case AIC:
		return r.AIC
	case BIC:
		return r.BIC
	}
	return r.AICc
}
