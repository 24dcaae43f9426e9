package fit

import (
	"math"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/linear"
)

// An estimator estimates one equation after the other with the same storage.
type estimator struct {
	solver  solver
	problem problem
	unit    [feature.DirectCount]float64 // mean |input|, 1 where that is 0
	x       []float64
}

// estimate sets the weights and the ridge of q from a table, and reports whether
// the solver converged. prior is an equation that was estimated before, whose
// ridge is kept; nil where there is none.
func (e *estimator) estimate(c *Config, q *linear.Equation, t *table, prior *linear.Equation, opts *forecast.Options) bool {
	q.Ridge = c.Ridges[0]
	begin := 1.0
	if prior != nil {
		q.Ridge, q.Weights, begin = prior.Ridge, prior.Weights, near
	} else if len(c.Ridges) > 1 && !opts.Stopped() {
		q.Ridge = e.choose(c, t)
	}
	e.prepare(c, t)
	q.Usual = e.problem.meanAbs(t.y)
	ok := e.solve(q.Weights[:], q.Ridge, begin)
	for _, w := range q.Weights {
		if !finite(w) {
			q.Weights, q.Usual, q.Reasons = [feature.DirectCount]float64{}, 0, forecast.FitFailed
			return false
		}
	}
	return ok
}

// choose returns the ridge that was best on the latest rows of those that were
// estimated on the others.
func (e *estimator) choose(c *Config, t *table) float64 {
	n := len(t.y)
	cut := n - int(c.Validation*float64(n))
	if cut < minRows/2 || n-cut < minRows/4 {
		return c.Ridges[0]
	}
	early, late := t.part(0, cut), t.part(cut, n)
	e.prepare(c, &early)
	var weights [feature.DirectCount]float64
	best, ridge, begin := math.Inf(1), c.Ridges[0], 1.0
	for i, r := range c.Ridges {
		e.solve(weights[:], r, begin)
		begin = near
		err := late.error(weights[:])
		if i == 0 {
			best = err * (1 - c.Margin)
		} else if err < best {
			best, ridge = err, r
		}
	}
	return ridge
}

// near is where the solver begins from weights of a similar problem.
const near = 0.1

// prepare makes the problem of a table, with inputs in units of their mean size.
func (e *estimator) prepare(c *Config, t *table) {
	const p = feature.DirectCount
	q := &e.problem
	q.p, q.tau, q.y, q.w = p, 0.5, t.y, t.weights(c)
	e.unit = [p]float64{}
	total := 0.0
	for i, w := range q.w {
		total += w
		for j, x := range t.x[i*p : (i+1)*p] {
			e.unit[j] += w * math.Abs(x)
		}
	}
	for j := range e.unit {
		if e.unit[j] /= total; !(e.unit[j] > 0) {
			e.unit[j] = 1
		}
	}
	if cap(e.x) < len(t.x) {
		e.x = make([]float64, len(t.x))
	}
	q.x = e.x[:len(t.x)]
	for i := range q.w {
		row := q.x[i*p : (i+1)*p]
		for j, x := range t.x[i*p : (i+1)*p] {
			row[j] = x / e.unit[j]
		}
	}
	if len(q.ridge) != p {
		q.ridge, q.towards = make([]float64, p), make([]float64, p)
	}
}

// solve moves weights to the solution with a ridge.
func (e *estimator) solve(weights []float64, ridge, begin float64) bool {
	q := &e.problem
	size, total := q.meanAbs(q.y), 0.0
	if size == 0 {
		clear(weights)
		return true // nothing ever changes
	}
	for _, w := range q.w {
		total += w
	}
	for j := range q.ridge {
		q.ridge[j] = ridge * total / size
		weights[j] *= e.unit[j]
	}
	ok := e.solver.solve(weights, q, begin, smoothing)
	for j := range weights {
		weights[j] /= e.unit[j]
	}
	return ok
}
