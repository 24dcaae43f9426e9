package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/series"
)

// A table holds the rows of one horizon: an origin each, in order of time.
type table struct {
	x     []float64 // feature.DirectCount inputs a row
	y     []float64 // the change to the target in units of the window's scale
	scale []float64 // the window's scale, by the greatest of them all
	age   []float64 // share of the history between the origin and its end
}

func newTables(frame *series.Frame, s series.Series, task *forecast.Task, maxRows int) []table {
	out := make([]table, len(task.Horizons))
	windows := forecast.NewWindows(frame, feature.DirectNeeds(task.Step))
	var w forecast.Window
	var d feature.Direct
	var scratch forecast.Scratch
	var inputs [feature.DirectCount]float64
	d.Roll()
	n := len(s.Values)
	every := stride(n, maxRows, task.Step)
	for k := range out {
		out[k].room(n/every + 1)
	}
	for i := 0; i < n; i += every {
		if !finite(s.Values[i]) {
			continue
		}
		windows.At(&w, i)
		recent, _ := w.Recent.Series(task.Metric)
		long, _ := w.Long.Series(task.Metric)
		d.Reset(recent, long, &scratch)
		for k, ahead := range task.Horizons {
			j := i + int(ahead/task.Step)
			if j >= n {
				continue
			}
			y := (s.Values[j] - d.Last()) / d.Scale()
			if !finite(y) {
				continue
			}
			d.Fill(inputs[:], ahead)
			t := &out[k]
			t.x = append(t.x, inputs[:]...)
			t.y = append(t.y, min(max(y, -limit), limit))
			t.scale = append(t.scale, d.Scale())
			t.age = append(t.age, float64(n-i)/float64(n))
		}
	}
	for k := range out {
		out[k].normalise()
	}
	return out
}

// room makes room for rows.
func (t *table) room(rows int) {
	t.x = make([]float64, 0, rows*feature.DirectCount)
	t.y, t.scale, t.age = make([]float64, 0, rows), make([]float64, 0, rows), make([]float64, 0, rows)
}

// limit bounds what is to be explained: a change of a million scales is a spike.
const limit = 1e6

func finite(x float64) bool { return x-x == 0 }

// stride returns how many cells lie between the origins that are used of n. It
// has no divisor in common with the cells of an hour, so that the origins
// visit every phase of the hour.
func stride(n, maxRows int, step int64) int {
	k := max(1, (n+maxRows-1)/max(maxRows, 1))
	perHour := int(3600 / step)
	for k > 1 && perHour > 1 && gcd(k, perHour) > 1 {
		k++
	}
	return k
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// normalise divides the scales by the greatest.
func (t *table) normalise() {
	if len(t.scale) == 0 {
		return
	}
	greatest := slices.Max(t.scale)
	for i := range t.scale {
		t.scale[i] /= greatest
	}
}

// part returns the rows [from, to).
func (t *table) part(from, to int) table {
	const p = feature.DirectCount
	return table{x: t.x[from*p : to*p], y: t.y[from:to], scale: t.scale[from:to], age: t.age[from:to]}
}

// weights returns the weight of each row's error.
func (t *table) weights(c *Config) []float64 {
	mean := 0.0
	for _, s := range t.scale {
		mean += s / float64(len(t.scale))
	}
	w := make([]float64, len(t.y))
	for i, s := range t.scale {
		w[i] = math.Pow((s+quiet*mean)/((1+quiet)*mean), c.Scaling)
		if c.Halving > 0 {
			w[i] *= math.Exp2(-t.age[i] / c.Halving)
		}
	}
	return w
}

// quiet is the share of the mean scale below which windows hardly count less.
const quiet = 0.3

// error returns the sum of the absolute errors in the metric's unit.
func (t *table) error(weights []float64) float64 {
	sum := 0.0
	for i, y := range t.y {
		sum += t.scale[i] * math.Abs(y-stat.Dot(t.x[i*len(weights):(i+1)*len(weights)], weights))
	}
	return sum
}

// spread returns the quantiles of the errors at the levels, about the median.
func (t *table) spread(weights *[feature.DirectCount]float64, levels []float64) []float64 {
	errors := make([]float64, len(t.y))
	for i, y := range t.y {
		errors[i] = y - stat.Dot(t.x[i*len(weights):(i+1)*len(weights)], weights[:])
	}
	slices.Sort(errors)
	out := make([]float64, len(levels))
	for k, p := range levels {
		at := p * float64(len(errors)-1)
		i := int(at)
		v := errors[i]
		if i+1 < len(errors) {
			v += (at - float64(i)) * (errors[i+1] - v)
		}
		switch {
		case p < 0.5:
			out[k] = min(v, 0)
		case p > 0.5:
			out[k] = max(v, 0)
		}
	}
	return out
}
