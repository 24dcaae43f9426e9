package fit

import (
	"math"

	"github.com/foretide/foretide/core/ets"
)

// Bounds of the parameters, R's "usual" ones: 0 < α < 1, 0 < β < α, 0 < γ < 1-α
// and a damping that can be told from none and from no trend.
const (
	least       = 1e-4
	leastPhi    = 0.8
	greatestPhi = 0.98
)

// A likelihood is minus twice the log-likelihood of a form, up to a constant,
//
//	n log Σ e_t² + 2 Σ log |μ_t|
//
// where the second term is of multiplicative errors only, and its gradient by the
// adjoint of the recursions: about the work of two evaluations, whatever the
// number of parameters. Missing values are handled as in ets.Process.Step. It
// allocates only when it is made.
//
// The variables are, in this order, α, β, γ and φ as angles (see share)
// between their bounds, as many as the form has, then level, slope and all but the last of
// the initial seasons, in units of scale.
type likelihood struct {
	y     []float64 // NaN where missing
	n     float64   // observed values
	scale float64   // of level, slope and additive seasons
	ratio float64   // of multiplicative seasons

	p      ets.Process
	slope  bool      // the form has a trend
	start  ets.State // the initial state of the last evaluation
	smooth int       // number of smoothing parameters

	// Of the last evaluation: slope, season and spread before each cell, its
	// one-step error, and one over what a relative error is relative to.
	b, s, e, inverse, spread []float64
	season                   []float64
	sum                      float64
	adjoint                  []float64
	poly                     []float64
}

func newLikelihood(y []float64, period int) *likelihood {
	n := len(y)
	all := make([]float64, 5*n)
	l := &likelihood{y: y, scale: 1, ratio: 1}
	l.b, l.s, l.e, l.inverse, l.spread = all[:n], all[n:2*n], all[2*n:3*n], all[3*n:4*n], all[4*n:]
	l.season, l.adjoint = make([]float64, period), make([]float64, period)
	l.start.Seasons = make([]float64, period)
	l.poly = make([]float64, period+2)
	for _, v := range y {
		if v == v {
			l.n++
		}
	}
	return l
}

// use makes l the likelihood of a form.
func (l *likelihood) use(f ets.Form, period int) {
	l.p = ets.Process{Form: f, Period: 1}
	l.slope = f.Trend != ets.NoTrend
	l.smooth = 1
	if l.slope {
		l.smooth++
	}
	if f.Season != ets.NoSeason {
		l.p.Period = period
		l.smooth++
	}
	if f.Trend == ets.Damped {
		l.smooth++
	}
	l.season, l.adjoint = l.season[:l.p.Period], l.adjoint[:l.p.Period]
	l.start = ets.State{Seasons: l.start.Seasons[:l.p.Period]}
	clear(l.start.Seasons)
}

// count returns the number of variables.
func (l *likelihood) count() int {
	k := l.smooth + 1
	if l.slope {
		k++
	}
	return k + l.p.Period - 1
}

// share maps a variable to [0,1]. An optimum at a bound is then an ordinary
// minimum, which is reached in a few steps.
func share(u float64) float64 {
	s := math.Sin(u)
	return s * s
}

// slopeOf is the derivative of share.
func slopeOf(u float64) float64 { return math.Sin(2 * u) }

// angle is the inverse of share, of what is moved off the bounds, where the
// slope is zero.
func angle(v float64) float64 { return math.Asin(math.Sqrt(min(max(v, 1e-3), 1-1e-3))) }

// pack writes the variables of process p and state s to x.
func (l *likelihood) pack(x []float64, p *ets.Process, s *ets.State) {
	x[0] = angle((p.Alpha - least) / (1 - 2*least))
	k := 1
	if l.slope {
		x[k] = angle((p.Beta - least) / (p.Alpha - least))
		k++
	}
	if p.Season != ets.NoSeason {
		x[k] = angle((p.Gamma - least) / (1 - p.Alpha - least))
		k++
	}
	if p.Trend == ets.Damped {
		x[k] = angle((p.Phi - leastPhi) / (greatestPhi - leastPhi))
		k++
	}
	x[k] = s.Level / l.scale
	k++
	if l.slope {
		x[k] = s.Slope / l.scale
		k++
	}
	for i := range l.p.Period - 1 {
		x[k+i] = s.Seasons[i] / l.seasonScale()
	}
}

func (l *likelihood) seasonScale() float64 {
	if l.p.Season == ets.Multiplies {
		return l.ratio
	}
	return l.scale
}

// unpack sets process and initial state from x; false where no model can have
// them.
func (l *likelihood) unpack(x []float64) bool {
	p, s := &l.p, &l.start
	p.Alpha = least + (1-2*least)*share(x[0])
	k := 1
	if l.slope {
		p.Beta, p.Phi = least+(p.Alpha-least)*share(x[k]), 1
		k++
	}
	if p.Season != ets.NoSeason {
		p.Gamma = least + (1-p.Alpha-least)*share(x[k])
		k++
	}
	if p.Trend == ets.Damped {
		p.Phi = leastPhi + (greatestPhi-leastPhi)*share(x[k])
		k++
	}
	s.Level = x[k] * l.scale
	k++
	if l.slope {
		s.Slope = x[k] * l.scale
		k++
	}
	m := p.Period
	if p.Season == ets.NoSeason {
		return true
	}
	rest := 0.0
	if p.Season == ets.Multiplies {
		rest = float64(m)
	}
	for i := range m - 1 {
		v := x[k+i] * l.seasonScale()
		if p.Season == ets.Multiplies && v <= 0 {
			return false
		}
		s.Seasons[i] = v
		rest -= v
	}
	s.Seasons[m-1] = rest
	return (p.Season != ets.Multiplies || rest > 0) && l.admissible()
}

// value returns the likelihood at x, +Inf where no model can be there.
func (l *likelihood) value(x []float64) float64 {
	if !l.unpack(x) {
		return math.Inf(1)
	}
	copy(l.season, l.start.Seasons)
	logs, ok := 0.0, false
	if l.p.Season == ets.Multiplies {
		logs, ok = l.products()
	} else {
		logs, ok = l.sums()
	}
	if v := l.n*math.Log(l.sum) + logs; ok && v == v {
		return v
	}
	return math.Inf(1)
}

// sigma2 returns the variance of the one-step errors at the last evaluation, with
// R's divisor.
func (l *likelihood) sigma2() float64 { return l.sum / max(l.n-float64(l.count()), 1) }

// A logProduct sums logarithms of positive numbers by one logarithm for many.
type logProduct struct{ product, sum float64 }

func (g *logProduct) add(v float64) {
	if g.product *= v; g.product > 1e150 || g.product < 1e-150 {
		g.sum += math.Log(g.product)
		g.product = 1
	}
}

func (g *logProduct) value() float64 { return g.sum + math.Log(g.product) }

// sums runs the recursions of additive seasons, or none. It returns twice the
// sum of the logarithms.
//
// Each step waits for the one before: q, the level and drift that a cell is
// forecast by, is therefore written as a sum of which only one product does. With
// z the value less its season, q' = (1-α-φβ) q + (α+φβ) z + φ drift.
func (l *likelihood) sums() (logs float64, ok bool) {
	p := l.p
	seasonal := p.Season != ets.NoSeason
	slope, spread, phase := l.start.Slope, 0.0, 0
	drift := p.Phi * slope
	q := l.start.Level + drift
	moves := p.Alpha + p.Phi*p.Beta
	log := logProduct{product: 1}
	sum := 0.0
	n := len(l.y)
	bs, es, inverse, spreads := l.b[:n], l.e[:n], l.inverse[:n], l.spread[:n]
	for t, y := range l.y {
		s := 0.0
		if seasonal {
			s = l.season[phase]
		}
		z := y - s
		e := z - q
		bs[t], es[t], spreads[t] = slope, e, spread
		v := e
		if p.Relative {
			mu := q + s
			if mu <= 0 {
				return 0, false
			}
			in := 1 / mu
			inverse[t] = in
			v *= in
			if y == y {
				log.add(mu)
			}
		}
		if spread == 0 && y == y {
			sum += v * v
			next := (1-moves)*q + (moves*z + p.Phi*drift)
			slope = drift + p.Beta*e
			drift = p.Phi*drift + p.Phi*p.Beta*e
			q = next
			if seasonal {
				l.season[phase] = s + p.Gamma*e
			}
		} else if y == y {
			gain, trend, season := gains(&p, spread)
			sum += v * v / (1 + spread)
			log.add(math.Sqrt(1 + spread))
			spread = after(&p, spread)
			slope = drift + trend*e
			drift = p.Phi * slope
			q += gain*e + drift
			if seasonal {
				l.season[phase] = s + season*e
			}
		} else {
			slope = drift
			drift *= p.Phi
			q += drift
			spread += p.Alpha * p.Alpha
		}
		if phase++; phase >= p.Period {
			phase = 0
		}
	}
	l.sum = sum
	return 2 * log.value(), true
}

// products runs the recursions of multiplicative seasons. Level and slope follow
// the values divided by their season as those of sums follow the values less
// theirs; e is the error divided by the season.
func (l *likelihood) products() (logs float64, ok bool) {
	p := l.p
	slope, spread, phase := l.start.Slope, 0.0, 0
	drift := p.Phi * slope
	q := l.start.Level + drift
	moves := p.Alpha + p.Phi*p.Beta
	log := logProduct{product: 1}
	sum := 0.0
	n := len(l.y)
	bs, ss, es, inverse, spreads := l.b[:n], l.s[:n], l.e[:n], l.inverse[:n], l.spread[:n]
	for t, y := range l.y {
		s := l.season[phase]
		if q <= 0 || s <= 0 {
			return 0, false
		}
		z := y / s
		e, in := z-q, 1/q
		bs[t], ss[t], es[t], inverse[t], spreads[t] = slope, s, e, in, spread
		if spread == 0 && y == y {
			v := e * in
			sum += v * v
			log.add(q * s)
			next := (1-moves)*q + (moves*z + p.Phi*drift)
			slope = drift + p.Beta*e
			drift = p.Phi*drift + p.Phi*p.Beta*e
			q = next
			l.season[phase] = s + p.Gamma*s*v
		} else if y == y {
			gain, trend, season := gains(&p, spread)
			v := e * in
			sum += v * v / (1 + spread)
			log.add(q * s)
			log.add(math.Sqrt(1 + spread))
			spread = after(&p, spread)
			slope = drift + trend*e
			drift = p.Phi * slope
			q += gain*e + drift
			l.season[phase] = s + season*s*v
		} else {
			slope = drift
			drift *= p.Phi
			q += drift
			spread += p.Alpha * p.Alpha
		}
		if phase++; phase >= p.Period {
			phase = 0
		}
	}
	l.sum = sum
	return 2 * log.value(), true
}

// gains returns the gains of level, slope and season at a spread, as in
// ets.Process.Step.
func gains(p *ets.Process, spread float64) (level, slope, season float64) {
	level = (spread + p.Alpha) / (spread + 1)
	return level, p.Beta * level / p.Alpha, p.Gamma / (spread + 1)
}

// after returns the spread after an observed value.
func after(p *ets.Process, spread float64) float64 {
	spread *= (1 - p.Alpha) * (1 - p.Alpha) / (1 + spread)
	if spread < 1e-6 {
		return 0
	}
	return spread
}
