package fit

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

// The memory is estimated as it serves: on errors of curves that were fitted
// to an earlier part of the history and know nothing of what follows.
const (
	// foldsFrom is the share of the history that the first such curve is
	// fitted to; each of the folds predicts the next equal part of the rest.
	foldsFrom = 0.5
	folds     = 4
	// mostRows is about the most origins that the weights are estimated from.
	mostRows = 4000
	// fewestRows is the least; with fewer a memory repeats the last error.
	fewestRows = 60
)

// rows are the origins of one horizon.
type rows struct {
	errors [][prophet.ErrorCount]float64
	rest   []float64 // actual value less the curve
}

// memory estimates the weights of recent errors for each horizon.
func (c *Config) memory(frame *series.Frame, task *forecast.Task, interrupt func() bool) ([]prophet.Memory, error) {
	all := make([]rows, len(task.Horizons))
	n := frame.Len()
	stride := max(1, int(float64(n)*(1-foldsFrom))/mostRows)
	for k := range folds {
		from := int(float64(n) * (foldsFrom + (1-foldsFrom)*float64(k)/folds))
		to := int(float64(n) * (foldsFrom + (1-foldsFrom)*float64(k+1)/folds))
		if interrupt != nil && interrupt() {
			break
		}
		past := frame.Slice(0, from)
		e, err := c.Estimate(c.dataOf(&past, task), interrupt)
		if err != nil {
			continue // too little to fit; what follows may be enough
		}
		curve, err := prophet.NewCurve(e.Params)
		if err != nil {
			continue
		}
		collect(all, curve, frame, task, from, to, stride)
	}
	out := make([]prophet.Memory, len(all))
	for h := range all {
		out[h] = all[h].weigh()
	}
	return out, nil
}

// collect appends the origins of a part of the frame.
func collect(all []rows, curve *prophet.Curve, frame *series.Frame, task *forecast.Task, from, to, stride int) {
	s, _ := frame.Series(task.Metric)
	windows := forecast.NewWindows(frame, prophet.NeedsOf(task.Step))
	var w forecast.Window
	var r prophet.Recall
	var scratch forecast.Scratch
	for i := from; i < to; i += stride {
		if math.IsNaN(s.Values[i]) {
			continue
		}
		windows.At(&w, i)
		recent, _ := w.Recent.Series(task.Metric)
		long, _ := w.Long.Series(task.Metric)
		mark := scratch.Mark()
		r.Reset(curve, &w, recent, long, curve.InputsAt(&w, &scratch), &scratch)
		for h, ahead := range task.Horizons {
			j := i + int(ahead/task.Step)
			if j >= to || math.IsNaN(s.Values[j]) {
				continue
			}
			var e [prophet.ErrorCount]float64
			at := r.Errors(&e, ahead)
			all[h].errors = append(all[h].errors, e)
			all[h].rest = append(all[h].rest, s.Values[j]-at)
		}
		scratch.Release(mark)
	}
}

const (
	// pull is how strongly weights are drawn to those of the last value, as a
	// share of what the data say.
	pull = 0.003
	// rounds of reweighted least squares.
	rounds = 30
)

// weigh estimates the weights by least absolute deviations: these series are
// spiky, and the median is the point forecast. It is solved by reweighted least
// squares (Schlossmacher 1973), drawn to the forecast of the last value.
func (r *rows) weigh() prophet.Memory {
	const p = prophet.ErrorCount
	var m prophet.Memory
	m.Weights[0] = 1
	if len(r.rest) < fewestRows {
		m.Spread = r.spread(&m)
		return m
	}
	last := m
	last.Weights[p-1] = 1 // the curve's own movement taken back
	var scale float64
	for _, e := range r.errors {
		for _, v := range e {
			scale += math.Abs(v) / float64(p*len(r.errors))
		}
	}
	if !(scale > 0) {
		return m
	}
	g, b, l := make([]float64, p*p), make([]float64, p), make([]float64, p*p)
	best, least := last, r.spread(&last)
	at := last
	for range rounds {
		clear(g)
		clear(b)
		total := 0.0
		for i, e := range r.errors {
			res := r.rest[i]
			for k, v := range e {
				res -= at.Weights[k] * v
			}
			w := 1 / max(math.Abs(res), 1e-3*scale)
			total += w
			for k, v := range e {
				b[k] += w * v * r.rest[i]
				for q := range k + 1 {
					g[k*p+q] += w * v * e[q]
				}
			}
		}
		for k := range p {
			d := pull*g[k*p+k] + 1e-9*total*scale*scale
			g[k*p+k] += d
			b[k] += d * last.Weights[k]
		}
		factor(l, g, p, p)
		forward(l, b, p)
		backward(l, b, p)
		copy(at.Weights[:], b)
		s := r.spread(&at)
		if s < least {
			best, least = at, s
		}
	}
	best.Spread = least
	return best
}

// spread returns the mean absolute error of a memory.
func (r *rows) spread(m *prophet.Memory) float64 {
	if len(r.rest) == 0 {
		return 0
	}
	sum := 0.0
	for i, e := range r.errors {
		res := r.rest[i]
		for k, v := range e {
			res -= m.Weights[k] * v
		}
		sum += math.Abs(res)
	}
	return sum / float64(len(r.rest))
}
