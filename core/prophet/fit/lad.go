package fit

import (
	"math"

	"github.com/foretide/foretide/core/prophet"
)

const (
	// fewestRows is the least origins that weights are estimated from; with
	// fewer a memory repeats the last value.
	fewestRows = 60
	// pull is how strongly weights are drawn to those of the last value, as a
	// share of what the data say.
	pull = 0.01
	// rounds of reweighted least squares.
	rounds = 30
)

// free are the weights that are estimated: that of the last error is what they
// leave to one. The level of the curve, which drifts off as the trend is
// extrapolated, then has no part in a forecast; its form has.
const free = prophet.ErrorCount - 1

// weigh estimates the weights by least absolute deviations: these series are
// spiky, and the median is the point forecast. It is solved by reweighted least
// squares (Schlossmacher 1973), drawn to the forecast of the last value. A row
// counts the less the more volatile the day before it was: otherwise the few
// busiest hours would choose for all.
func (r *rows) weigh() prophet.Memory {
	x, y, weights := r.anchored()
	scale := 0.0
	for i := range x {
		for _, v := range x[i] {
			scale += math.Abs(v) / float64(free*len(x))
		}
	}
	var last [free]float64
	last[free-1] = 1 // the curve's own movement taken back
	best, least := last, deviation(x, y, weights, &last)
	if len(y) < fewestRows || !(scale > 0) {
		return r.memory(&best)
	}
	g, b, l := make([]float64, free*free), make([]float64, free), make([]float64, free*free)
	at := last
	for range rounds {
		clear(g)
		clear(b)
		total := 0.0
		for i := range x {
			e := &x[i]
			w := weights[i] / max(math.Abs(y[i]-dot(at[:], e[:])), 1e-3*scale)
			total += w
			for k, v := range e {
				b[k] += w * v * y[i]
				for q := range k + 1 {
					g[k*free+q] += w * v * e[q]
				}
			}
		}
		for k := range free {
			d := pull*g[k*free+k] + 1e-9*total*scale*scale
			g[k*free+k] += d
			b[k] += d * last[k]
		}
		factor(l, g, free, free)
		forward(l, b, free)
		backward(l, b, free)
		copy(at[:], b)
		if s := deviation(x, y, weights, &at); s < least {
			best, least = at, s
		}
	}
	return r.memory(&best)
}

// anchored returns the errors and the actual values less the last error, but
// the curve's movement as it is, and the weight of each row.
func (r *rows) anchored() (x [][free]float64, y, weights []float64) {
	x, y, weights = make([][free]float64, len(r.rest)), make([]float64, len(r.rest)), make([]float64, len(r.rest))
	mean := 0.0
	for _, v := range r.volatile {
		mean += v / float64(len(r.volatile))
	}
	for i := range x {
		e := &r.errors[i]
		for k := 1; k < free; k++ {
			x[i][k-1] = e[k] - e[0]
		}
		x[i][free-1] = e[free]
		y[i] = r.rest[i] - e[0]
		weights[i] = 1
		if mean > 0 {
			weights[i] = 1 / (r.volatile[i]/mean + 0.3)
		}
	}
	return x, y, weights
}

// deviation returns the weighted sum of absolute deviations.
func deviation(x [][free]float64, y, weights []float64, at *[free]float64) float64 {
	sum := 0.0
	for i := range x {
		sum += weights[i] * math.Abs(y[i]-dot(at[:], x[i][:]))
	}
	return sum
}

// memory makes a memory of the free weights.
func (r *rows) memory(at *[free]float64) prophet.Memory {
	var m prophet.Memory
	m.Weights[0] = 1
	for k := 1; k < free; k++ {
		m.Weights[k] = at[k-1]
		m.Weights[0] -= at[k-1]
	}
	m.Weights[free] = at[free-1]
	for i, e := range r.errors {
		m.Spread += math.Abs(r.rest[i]-dot(m.Weights[:], e[:])) / float64(len(r.errors))
	}
	return m
}
