package fit

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
)

// solver maximises a posterior by Gauss-Newton steps: each minimises the
// quadratic model of the squares with the priors as they are, the Laplace one
// and σ included, exactly. Where the prediction is linear in the parameters
// (linear and flat growth, nothing multiplied) the model is no approximation
// and two steps are enough, the second against rounding.
type solver struct {
	p          *problem
	q          *normal
	l          *lasso
	at, try    *theta
	now, then  *state
	h, c, step []float64
	interrupt  func() bool
}

const (
	// mostSteps bounds Gauss-Newton steps; they are a handful, some dozens
	// for logistic growth.
	mostSteps = 200
	// tolerance is the gain of the log posterior below which it ends.
	tolerance = 1e-7
)

func newSolver(p *problem) *solver {
	q := p.newNormal()
	return &solver{p: p, q: q, l: newLasso(q.n, q.plain), at: p.newTheta(), try: p.newTheta(),
		now: p.newState(), then: p.newState(), h: make([]float64, q.n*q.n), c: make([]float64, q.n), step: make([]float64, q.n)}
}

// maximise climbs from the point at, whose σ it chooses itself.
func (s *solver) maximise() forecast.Status {
	p := s.p
	p.predict(s.now, s.at)
	s.at.sigma = p.noise(s.now.rss)
	value := p.logPosterior(s.at, s.now.rss)
	damping := 0.0
	for range mostSteps {
		if s.interrupt != nil && s.interrupt() {
			return forecast.Interrupted
		}
		s.q.fill(p, s.at, s.now)
		for {
			s.model(damping)
			p.predict(s.then, s.try)
			s.try.sigma = p.noise(s.then.rss)
			reached := p.logPosterior(s.try, s.then.rss)
			if reached >= value || damping == 0 && p.fixed() && reached > value-tolerance {
				gain := reached - value
				value = reached
				s.at, s.try = s.try, s.at
				s.now, s.then = s.then, s.now
				damping /= 5
				if damping < 1e-8 {
					damping = 0
				}
				if gain < tolerance {
					return forecast.Converged
				}
				break
			}
			damping = max(4*damping, 1e-4)
			if damping > 1e8 {
				return forecast.Converged // no direction climbs
			}
		}
	}
	return forecast.NotConverged
}

// model maximises the quadratic model around at, with each curvature enlarged
// by the damping's share, into try.
func (s *solver) model(damping float64) {
	p, q, a := s.p, s.q, s.at
	n := q.n
	s.flatten(s.step, a)
	sigma := a.sigma
	for range 100 {
		w := 1 / (sigma * sigma)
		for i := range n {
			c := q.b[i] * w
			for j, g := range q.g[i*n:][:n] {
				s.h[i*n+j] = g * w
				c += g * w * s.step[j]
			}
			d := damping * q.g[i*n+i] * w
			c += d * s.step[i]
			if i < 2 {
				d += 1. / (trendPrior * trendPrior)
			} else if i < q.plain {
				d += 1 / (p.prior[i-2] * p.prior[i-2])
			}
			s.h[i*n+i] += d
			s.c[i] = c
		}
		v := s.l.solve(s.h, s.c, a.delta, 1/p.tau)
		s.unflatten(s.try, v)
		// The model's sum of squares there, and σ for it.
		rss := s.now.rss
		for i := range n {
			di := v[i] - s.step[i]
			rss -= 2 * di * q.b[i]
			for j, g := range q.g[i*n:][:n] {
				rss += di * g * (v[j] - s.step[j])
			}
		}
		next := p.noise(max(rss, 0))
		done := math.Abs(next-sigma) < 1e-10*sigma
		sigma = next
		if done {
			break
		}
	}
}

func (s *solver) flatten(dst []float64, a *theta) {
	dst[0], dst[1] = a.k, a.m
	copy(dst[2:], a.beta)
	copy(dst[s.q.plain:], a.delta)
}

func (s *solver) unflatten(a *theta, v []float64) {
	a.k, a.m = v[0], v[1]
	copy(a.beta, v[2:])
	copy(a.delta, v[s.q.plain:])
}

// start sets the point where Prophet starts: the trend goes through the first
// and the last value (its linear_growth_init and the others).
func (p *problem) start(a *theta) {
	n := len(p.y)
	clear(a.delta)
	clear(a.beta)
	y0, y1 := p.y[0], p.y[n-1]
	span := p.t[n-1] - p.t[0]
	switch p.growth {
	case prophet.Linear:
		a.k = (y1 - y0) / span
		a.m = y0 - a.k*p.t[0]
	case prophet.Flat:
		a.k, a.m = 0, 0
		for _, y := range p.y {
			a.m += y / float64(n)
		}
	case prophet.Logistic:
		c0, c1 := p.capacity[0], p.capacity[n-1]
		r0 := c0 / max(0.01*c0, min(0.99*c0, y0))
		r1 := c1 / max(0.01*c1, min(0.99*c1, y1))
		if math.Abs(r0-r1) <= 0.01 {
			r0 *= 1.05
		}
		l0, l1 := math.Log(r0-1), math.Log(r1-1)
		a.m = l0 * span / (l0 - l1)
		a.k = (l0 - l1) / span
	}
}
