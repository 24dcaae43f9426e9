package fit

import "github.com/foretide/foretide/core/ets"

// slopes are the derivatives of the likelihood by the parameters.
type slopes struct{ alpha, beta, gamma, phi float64 }

// gradient writes the gradient at the x of the last call of value to g. It runs
// the recursions backwards: level, slope, season and spread stand for the
// derivatives by the states after a cell, then before it.
func (l *likelihood) gradient(g, x []float64) {
	clear(l.adjoint)
	var d slopes
	var level, slope float64
	if l.p.Season == ets.Multiplies {
		level, slope = l.backProducts(&d)
	} else {
		level, slope = l.backSums(&d)
	}
	l.chain(g, x, &d, level, slope)
}

// chain turns derivatives by parameters and states into those by the variables.
func (l *likelihood) chain(g, x []float64, d *slopes, level, slope float64) {
	p := &l.p
	k := 1
	if l.slope {
		d.alpha += d.beta * share(x[k])
		g[k] = d.beta * (p.Alpha - least) * slopeOf(x[k])
		k++
	}
	if p.Season != ets.NoSeason {
		d.alpha -= d.gamma * share(x[k])
		g[k] = d.gamma * (1 - p.Alpha - least) * slopeOf(x[k])
		k++
	}
	if p.Trend == ets.Damped {
		g[k] = d.phi * (greatestPhi - leastPhi) * slopeOf(x[k])
		k++
	}
	g[0] = d.alpha * (1 - 2*least) * slopeOf(x[0])
	g[k] = level * l.scale
	k++
	if l.slope {
		g[k] = slope * l.scale
		k++
	}
	last := l.adjoint[p.Period-1]
	for i := range p.Period - 1 {
		g[k+i] = (l.adjoint[i] - last) * l.seasonScale()
	}
}

// backSums is the adjoint of sums. Its step, too, waits for the one before by one
// product only; earlier is the derivative by the slope one cell later.
func (l *likelihood) backSums(d *slopes) (level, slope float64) {
	p := l.p
	seasonal := p.Season != ets.NoSeason
	keep := 1 - p.Alpha - p.Phi*p.Beta
	var spread, earlier float64
	weight := 2 * l.n / l.sum // of e in the derivative of n log Σ e²
	n := len(l.y)
	bs, es, inverse, spreads := l.b[:n], l.e[:n], l.inverse[:n], l.spread[:n]
	phase := n % p.Period
	for t := n - 1; t >= 0; t-- {
		if phase--; phase < 0 {
			phase = p.Period - 1
		}
		e, b := es[t], bs[t]
		slope = p.Phi * (earlier + level)
		if e != e {
			d.alpha += 2 * p.Alpha * spread
			d.phi += b * (level + slope)
			earlier = slope
			continue
		}
		season := 0.0
		if seasonal {
			season = l.adjoint[phase]
		}
		// r is the error in the sum, byMu the derivative by the forecast but
		// through the states.
		r, before := e, spreads[t]
		if p.Relative {
			r *= inverse[t]
		}
		by := weight * r / (1 + before)
		byMu := -by
		if p.Relative {
			byMu = (2 - by*(1+r)) * inverse[t]
		}
		if before == 0 {
			d.alpha += e * level
			d.beta += e * slope
			d.gamma += e * season
			byMu -= p.Gamma * season
			q := keep*level + (byMu - p.Phi*p.Beta*earlier)
			if seasonal {
				l.adjoint[phase] = season + byMu - p.Alpha*level - p.Beta*slope
			}
			level = q
		} else {
			gain, trend, seasonal := gains(&p, before)
			spread = d.spread(&p, before, spread, weight*r*r, e*level, e*slope, e*season)
			byMu -= gain*level + trend*slope + seasonal*season
			l.adjoint[phase] = season + byMu
			level += byMu
		}
		d.phi += b * (slope + level)
		earlier = slope
	}
	return level, p.Phi * (earlier + level)
}

// backProducts is the adjoint of products.
func (l *likelihood) backProducts(d *slopes) (level, slope float64) {
	p := l.p
	keep := 1 - p.Alpha - p.Phi*p.Beta
	var spread, earlier float64
	weight := 2 * l.n / l.sum
	n := len(l.y)
	bs, ss, es, inverse, spreads := l.b[:n], l.s[:n], l.e[:n], l.inverse[:n], l.spread[:n]
	phase := n % p.Period
	for t := n - 1; t >= 0; t-- {
		if phase--; phase < 0 {
			phase = p.Period - 1
		}
		e, b := es[t], bs[t]
		slope = p.Phi * (earlier + level)
		if e != e {
			d.alpha += 2 * p.Alpha * spread
			d.phi += b * (level + slope)
			earlier = slope
			continue
		}
		s, in, before, season := ss[t], inverse[t], spreads[t], l.adjoint[phase]
		r := e * in
		// byQ and byS are the derivatives by level and drift together, and by
		// the season, but through the states of level and slope.
		own := (2 - weight*r/(1+before)*(1+r))
		gain, trend, seasonal := p.Alpha, p.Beta, p.Gamma
		if before > 0 {
			gain, trend, seasonal = gains(&p, before)
			spread = d.spread(&p, before, spread, weight*r*r, e*level, e*slope, r*s*season)
		} else {
			d.alpha += e * level
			d.beta += e * slope
			d.gamma += r * s * season
		}
		byQ := own*in - seasonal*season*s*in*(1+r)
		byS := season*(1-seasonal) + own/s
		l.adjoint[phase] = byS - (gain*level+trend*slope)*(e+1/in)/s
		if before == 0 {
			level = keep*level + (byQ - p.Phi*p.Beta*earlier)
		} else {
			level += byQ - gain*level - trend*slope
		}
		d.phi += b * (slope + level)
		earlier = slope
	}
	return level, p.Phi * (earlier + level)
}

// spread adds what a cell contributes to the derivatives through its gains, for
// a spread above zero before it, and returns the derivative by that spread.
// next is the derivative by the spread after the cell, squared that of the sum's
// term times the one-step variance's logarithm, and byGain, byTrend and
// bySeason are the derivatives by the three gains.
func (d *slopes) spread(p *ets.Process, before, next, squared, byGain, byTrend, bySeason float64) float64 {
	v := 1 + before
	gain := (before + p.Alpha) / v
	// The slope's gain is β/α times the level's.
	ratio := p.Beta / p.Alpha
	d.beta += byTrend * gain / p.Alpha
	d.alpha += byGain/v - byTrend*ratio*before/(v*p.Alpha)
	d.gamma += bySeason / v
	keep := 1 - p.Alpha
	by := (byGain+byTrend*ratio)*keep/(v*v) - bySeason*p.Gamma/(v*v)
	by += 1/v - squared/(2*v*v)
	if after(p, before) > 0 {
		d.alpha -= 2 * keep * before / v * next
		by += keep * keep / (v * v) * next
	}
	return by
}
