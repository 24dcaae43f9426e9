package ets

import "math"

// Moments writes the mean and the variance of the values 1, 2, … steps after
// the state to mean and variance; work is overwritten. All three have the same
// length. Moments are exact for normal errors: classes 1 to 3 of chapter 6 of the
// book, where a multiplicative season (class 3) is followed phase by phase instead
// of by Kronecker products. The uncertainty of the parameters is not in them, as
// is usual; that of the state after missing values is, as a level's.
func (p *Process) Moments(mean, variance, work []float64, s *State) {
	if p.Season == Multiplies {
		for h := range mean {
			mean[h], variance[h] = p.product(s, h+1)
		}
		return
	}
	// work becomes c_1², c_2², …, where c_j is how much of an error is in the
	// forecasts j steps after it.
	level, slope, c, power := s.Level, s.Slope, p.Alpha, 1.0
	for h := range mean {
		slope *= p.Phi
		level += slope
		power *= p.Phi
		c += p.Beta * power
		m, w := level, c
		if p.Season == Adds {
			m += s.Seasons[(s.Next+h)%p.Period]
			if (h+1)%p.Period == 0 {
				w += p.Gamma
			}
		}
		mean[h], work[h] = m, w*w
	}
	if p.Relative {
		// With θ_h = μ_h² + σ² Σ c_j² θ_{h-j} it is (1+σ²) θ_h - μ_h².
		for h, m := range mean {
			theta := m * m * (1 + p.Sigma2*s.Spread)
			for j := range h {
				theta += p.Sigma2 * work[j] * variance[h-1-j]
			}
			variance[h] = theta
		}
		for h, m := range mean {
			variance[h] = (1+p.Sigma2)*variance[h] - m*m
		}
		return
	}
	sum := 1 + s.Spread
	for h := range variance {
		variance[h] = p.Sigma2 * sum
		sum += work[h]
	}
}

// product returns mean and variance h steps ahead where the season multiplies.
// With q = level + φ slope and d = φ slope before a step, and s the season of
// the phase that is forecast, it follows E[q s], E[d s], E[q²s²], E[q d s²] and
// E[d²s²]; s changes with every Period-th step.
func (p *Process) product(s *State, h int) (mean, variance float64) {
	v, a, b, g := p.Sigma2, p.Alpha, p.Beta, p.Gamma
	season := s.Seasons[(s.Next+h-1)%p.Period]
	d := p.Phi * s.Slope * season
	q := s.Level*season + d
	qq, qd, dd := q*q*(1+v*s.Spread), q*d, d*d
	for i := 1; i < h; i++ {
		l, ll, lb, bb := q, qq*(1+a*a*v), qd+a*b*v*qq, dd+b*b*v*qq
		if (h-i)%p.Period == 0 {
			l, d = q*(1+a*g*v), d+b*g*v*q
			ll = qq * (1 + (a*a+g*g+4*a*g)*v + 3*a*a*g*g*v*v)
			lb = qd*(1+(g*g+2*a*g)*v) + b*qq*((a+2*g)*v+3*a*g*g*v*v)
			bb = dd*(1+g*g*v) + 4*b*g*v*qd + b*b*qq*(v+3*g*g*v*v)
		}
		// The states become q and d of the next step.
		f := p.Phi
		d *= f
		q = l + d
		qq, qd, dd = ll+2*f*lb+f*f*bb, f*lb+f*f*bb, f*f*bb
	}
	return q, max((1+v)*qq-q*q, 0)
}

// quantile returns the p-quantile of the standard normal distribution, at most
// 38 from zero.
func quantile(p float64) float64 {
	return min(max(math.Sqrt2*math.Erfinv(2*p-1), -38), 38)
}
