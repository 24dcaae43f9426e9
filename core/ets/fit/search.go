// Package fit estimates ETS models and chooses their form by AICc.
//
// Initial states and smoothing parameters are estimated together by maximum
// likelihood, as R's ets does, but with an exact gradient instead of a simplex. Nothing
// in it runs in the WebAssembly guest.
package fit

import (
	"errors"
	"math"

	"github.com/foretide/foretide/core/ets"
)

// ErrShort reports too few values to estimate any form.
var ErrShort = errors.New("ets: too few observed values")

// Result is an estimated model.
type Result struct {
	ets.Process
	Start     ets.State // before the first value
	End       ets.State // after the last
	LogLik    float64   // as R has it: up to a constant
	AICc      float64
	Converged bool
}

// clone returns a copy that shares nothing with the searcher.
func cloneState(s ets.State) ets.State {
	s.Seasons = append([]float64(nil), s.Seasons...)
	return s
}

// mostPeriod is the longest season that a form may have, as in R: the initial
// seasons are all estimated.
const mostPeriod = 24

// A searcher estimates forms of one series, each from what it found for those
// before.
type searcher struct {
	l      *likelihood
	m      *minimizer
	seed   [3]seed // by season
	starts [2]start
	best   []float64
	y      []float64
	found  map[ets.Form]*Result
	size   int
}

// Auto chooses the form with the lowest AICc and estimates it. y is NaN where
// missing; period the number of values in a season, 1 for none. Multiplicative
// errors and seasons are tried where all values are positive.
//
// Unlike R's ets it decides among the forms without a trend whether there is a
// season. A trend that changes with every value passes for one a step ahead, and
// once it is well estimated has the lower AICc, but is of no use further ahead.
func Auto(y []float64, period int) (*Result, error) {
	s := newSearcher(y, period)
	var best *Result
	try := func(trend ets.Trend, season ets.Season) {
		if season != ets.NoSeason && !s.seasonal(period) {
			return
		}
		for _, relative := range [...]bool{false, true} {
			f := ets.Form{Relative: relative, Trend: trend, Season: season}
			if !f.Valid() || !s.positive() && (relative || season == ets.Multiplies) {
				continue
			}
			if r := s.estimate(f); r != nil && (best == nil || r.AICc < best.AICc) {
				best = r
			}
		}
	}
	for season := ets.NoSeason; season <= ets.Multiplies; season++ {
		try(ets.NoTrend, season)
	}
	if best == nil {
		return nil, ErrShort
	}
	seasons := []ets.Season{ets.NoSeason}
	if best.Season != ets.NoSeason {
		seasons = []ets.Season{ets.Adds, ets.Multiplies}
	}
	for _, season := range seasons {
		try(ets.Additive, season)
		try(ets.Damped, season)
	}
	return best, nil
}

// Estimate estimates one form. The error is ErrShort, also for a form that the
// values do not admit.
func Estimate(y []float64, period int, f ets.Form) (*Result, error) {
	s := newSearcher(y, period)
	if !f.Valid() || f.Season != ets.NoSeason && !s.seasonal(period) || f.Relative && !s.positive() {
		return nil, ErrShort
	}
	if r := s.estimate(f); r != nil {
		return r, nil
	}
	return nil, ErrShort
}

func newSearcher(y []float64, period int) *searcher {
	period = max(period, 1)
	if period > mostPeriod {
		period = 1
	}
	s := &searcher{l: newLikelihood(y, period), m: newMinimizer(period + 5), y: y, size: period, found: map[ets.Form]*Result{}}
	for i := range s.starts {
		s.starts[i].x = make([]float64, len(s.m.x))
	}
	s.best = make([]float64, len(s.m.x))
	s.seeds()
	return s
}

// positive reports whether all values are above zero.
func (s *searcher) positive() bool { return s.seed[ets.NoSeason].least > 0 }

// seasonal reports whether the values show a season of the period.
func (s *searcher) seasonal(period int) bool {
	return period > 1 && s.size == period && s.seed[ets.Adds].ok
}

// estimate estimates a form; nil where there are too few values.
func (s *searcher) estimate(f ets.Form) *Result {
	if r, ok := s.found[f]; ok {
		return r
	}
	near := s.relatives(f)
	s.found[f] = nil
	l := s.l
	l.use(f, s.size)
	n := l.count()
	k := float64(n + 1)
	if l.n < k+2 {
		return nil
	}
	d := &s.seed[f.Season]
	l.scale, l.ratio = d.scale, d.scale/max(math.Abs(d.level), d.scale)
	s.begin(f, near)
	best, converged := math.Inf(1), false
	for i := range s.starts {
		t := &s.starts[i]
		if math.IsInf(t.value, 1) {
			continue
		}
		copy(s.m.x, t.x)
		if ok := s.m.run(l); s.m.value < best {
			best, converged = s.m.value, ok
			copy(s.best, s.m.x)
		}
	}
	if math.IsInf(best, 1) {
		return nil
	}
	value := l.value(s.best[:n])
	r := &Result{Process: l.p, Start: cloneState(l.start), LogLik: -value / 2, Converged: converged}
	r.AICc = value + 2*k + 2*k*(k+1)/(l.n-k-1)
	r.Sigma2 = l.sigma2()
	r.End = cloneState(l.start)
	for _, v := range s.y {
		r.Step(&r.End, v)
	}
	s.found[f] = r
	return r
}

// A start is a point that a form is estimated from.
type start struct {
	x     []float64
	value float64
}

// begin sets the two starts of a form to the best guesses with a slope or, where
// there is none, a season that changes slowly, and with one that changes fast:
// the likelihood often has a minimum for either. near are estimates to guess
// from.
func (s *searcher) begin(f ets.Form, near []*Result) {
	l, d := s.l, &s.seed[f.Season]
	for i := range s.starts {
		s.starts[i].value = math.Inf(1)
	}
	n := l.count()
	try := func(p ets.Process, state *ets.State) {
		fast := p.Beta > 0.15*p.Alpha
		if f.Trend == ets.NoTrend {
			fast = p.Gamma > 0.15*(1-p.Alpha)
		}
		t := &s.starts[0]
		if fast {
			t = &s.starts[1]
		}
		x := s.m.next[:n]
		l.pack(x, &p, state)
		if v := l.value(x); v < t.value {
			t.value = v
			copy(t.x, x)
		}
	}
	plain := ets.State{Level: d.level, Seasons: d.seasons}
	if f.Trend == ets.Additive {
		plain.Slope = d.slope
	}
	p := ets.Process{Form: f, Period: l.p.Period, Phi: 1}
	if f.Trend == ets.Damped {
		p.Phi = 0.95
	}
	for _, r := range near {
		p.Alpha, p.Gamma = r.Alpha, max(r.Gamma, least)
		state := r.Start
		if r.Season != f.Season {
			state = plain
		}
		state.Slope = plain.Slope
		if r.Trend != ets.NoTrend && f.Trend != ets.NoTrend {
			q := p
			q.Beta, state.Slope = r.Beta, r.Start.Slope
			if r.Trend == f.Trend {
				q.Phi = r.Phi
			}
			try(q, &state)
		}
		s.spread(p, &state, try, p.Alpha)
	}
	if len(near) == 0 || f.Trend == ets.NoTrend && !f.Relative {
		s.spread(p, &plain, try, 0.1, 0.35, 0.7, 0.95)
	}
}

// spread tries a process with each of the level gains and slow and fast changes
// of slope and season.
func (s *searcher) spread(p ets.Process, state *ets.State, try func(ets.Process, *ets.State), alphas ...float64) {
	for _, p.Alpha = range alphas {
		if p.Trend != ets.NoTrend {
			for _, share := range [...]float64{0.01, 0.05, 0.4} {
				p.Beta = share * p.Alpha
				try(p, state)
			}
			continue
		}
		for _, share := range [...]float64{0.02, 0.3} {
			p.Gamma = share * (1 - p.Alpha)
			try(p, state)
			if p.Season == ets.NoSeason {
				break
			}
		}
	}
}

// relatives are the estimates of the forms that a form can be guessed from.
func (s *searcher) relatives(f ets.Form) []*Result {
	var out []*Result
	add := func(f ets.Form) {
		if !f.Valid() {
			return
		}
		if r := s.estimate(f); r != nil {
			out = append(out, r)
		}
	}
	if f.Trend == ets.Damped {
		add(ets.Form{Relative: f.Relative, Trend: ets.Additive, Season: f.Season})
	}
	if f.Trend != ets.NoTrend {
		add(ets.Form{Relative: f.Relative, Season: f.Season})
	}
	if f.Relative {
		add(ets.Form{Trend: f.Trend, Season: f.Season})
	}
	return out
}
