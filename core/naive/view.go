package naive

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/series"
)

const (
	minute int64 = 60
	hour         = 60 * minute
	day          = 24 * hour
)

// A View is one metric of a window prepared for the predictors: it finds the
// values at any past moment in the recent or the long part, and remembers what
// does not depend on the horizon. It is reused by calling Reset; a View is not
// safe for concurrent use.
type View struct {
	recent, long series.Series
	now          int64   // when the origin's cell begins
	last         float64 // last observed value, NaN where there is none
	lastAt       int64   // when its cell begins
	scratch      *forecast.Scratch

	memo  [count]float64 // horizon-free predictors
	known [count]bool
}

// Reset prepares v for the window's series: recent at the full step, ending at
// the origin, and long, which may be empty. Temporary slices are taken from
// scratch and given back.
func (v *View) Reset(recent, long series.Series, scratch *forecast.Scratch) {
	v.recent, v.long, v.scratch = recent, long, scratch
	v.now = recent.End() - recent.Step
	v.known = [count]bool{}
	v.last, v.lastAt = math.NaN(), v.now
	if i := recent.Last(); i >= 0 {
		v.last, v.lastAt = recent.Values[i], recent.Time(i)
	} else if i := long.Last(); i >= 0 {
		v.last, v.lastAt = long.Values[i], long.Time(i)
	}
}

// Last returns the last observed value, NaN where the window has none.
func (v *View) Last() float64 { return v.last }

// at returns the value of the full-step cell that begins at t: from the recent
// part, else interpolated between the centres of the long part's cells. NaN
// where it is unknown or after the origin.
func (v *View) at(t int64) float64 {
	if t > v.now {
		return math.NaN()
	}
	if t >= v.recent.Start {
		return v.recent.At(t)
	}
	if len(v.long.Values) == 0 {
		return math.NaN()
	}
	step := v.long.Step
	x := t + v.recent.Step/2 - step/2 // start of the long cell with this centre
	i := v.long.Index(x)
	w := float64(x-v.long.Time(i)) / float64(step)
	a, b := v.longCell(i), v.longCell(i+1)
	switch {
	case w == 0 || (math.IsNaN(b) && w < 0.75):
		return a
	case math.IsNaN(a) && w > 0.25:
		return b
	}
	return a + w*(b-a)
}

// longCell returns cell i of the long part, NaN outside it.
func (v *View) longCell(i int) float64 {
	if i < 0 || i >= len(v.long.Values) {
		return math.NaN()
	}
	return v.long.Values[i]
}

// around returns the mean of the long part's cells whose centres lie within
// half seconds of the centre of the full-step cell that begins at t.
func (v *View) around(t, half int64) float64 {
	if len(v.long.Values) == 0 {
		return math.NaN()
	}
	c := t + v.recent.Step/2 - v.long.Step/2
	lo := v.long.Index(c - half + v.long.Step - 1)
	hi := v.long.Index(c + half)
	return mean(v.longCells(lo, hi+1))
}

// longCells returns the long part's cells [lo, hi) as far as they are there.
func (v *View) longCells(lo, hi int) []float64 {
	lo, hi = max(lo, 0), min(hi, len(v.long.Values))
	if lo >= hi {
		return nil
	}
	return v.long.Values[lo:hi]
}

// trailing returns the cells of the span of seconds that ends back seconds
// before the end of the origin's cell: recent ones where they reach that far,
// else long ones.
func (v *View) trailing(span, back int64) []float64 {
	end := v.now + v.recent.Step - back
	n := len(v.recent.Values)
	if lo := v.recent.Index(end - span); lo >= 0 || len(v.long.Values) == 0 {
		hi := min(v.recent.Index(end-1)+1, n)
		lo = max(lo, 0)
		if hi-lo < 1 {
			return nil
		}
		return v.recent.Values[lo:hi]
	}
	return v.longCells(v.long.Index(end-span), v.long.Index(end-1)+1)
}

// mean returns the mean of the observed values, NaN where there are none.
func mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, x := range values {
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// median returns the median of the observed values, NaN where there are none.
func (v *View) median(values []float64) float64 {
	mark := v.scratch.Mark()
	defer v.scratch.Release(mark)
	buf := v.scratch.Floats(len(values))
	n := 0
	for _, x := range values {
		if !math.IsNaN(x) {
			buf[n] = x
			n++
		}
	}
	return stat.Median(buf[:n])
}
