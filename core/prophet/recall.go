package prophet

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/series"
)

// The errors of the curve that a Memory weighs, in the metric's unit; positive
// where the curve was too low.
const (
	errorLast      = iota // at the last observed cell
	errorNow              // mean over the last five minutes
	errorSoon             // mean that weighs five minutes ago half as much as now
	errorHour             // median over the last hour
	errorSix              // median over the last six hours
	errorDay              // median over the last day
	errorYesterday        // mean about the target's time of day, a day before
	errorDays             // median at the target's time of day over seven days
	errorHours            // median at the target's minute of the hour over a day
	shape                 // how much higher the curve is now than at the target
	ErrorCount            // of the errors that a Memory weighs
)

// ErrorNames are their names, in the order of Memory.Weights.
var ErrorNames = [ErrorCount]string{"last", "5m", "soon", "1h", "6h", "1d", "yesterday", "days", "hours", "shape"}

const (
	hour = 3600
	day  = 24 * hour
	week = 7 * day

	blocks    = 12 // of the last hour
	dayStride = 3  // long cells from one to the next that tell of a day
	around    = 3  // long cells before and after a time that are about it
)

// NeedsOf returns what the memory needs of the past at a full step: an hour,
// and eight days of the long part.
func NeedsOf(step int64) forecast.Needs {
	long := forecast.LongStep(step)
	return forecast.Needs{Recent: blocks*block(step) + 1, Long: int((8*day + hour) / long), LongStep: long}
}

// block returns the cells of five minutes, at least 1.
func block(step int64) int { return int(max(1, 300/step)) }

// A Recall tells the errors that a curve made in a window. It is reused by
// Reset; it is not safe for concurrent use.
type Recall struct {
	curve        *Curve
	recent, long series.Series
	w            *forecast.Window
	scratch      *forecast.Scratch
	in           []float64 // inputs at the origin, which stand for the future
	now          int64     // when the origin's cell begins
	same         [errorYesterday]float64
	level        float64 // the curve at the origin
}

// Reset prepares r for the window's series of the metric. in are the inputs
// that hold at the origin and after it. Temporary slices are taken from
// scratch.
func (r *Recall) Reset(c *Curve, w *forecast.Window, recent, long series.Series, in []float64, scratch *forecast.Scratch) {
	r.curve, r.w, r.recent, r.long, r.in, r.scratch = c, w, recent, long, in, scratch
	r.now = recent.End() - recent.Step
	var level [1]float64
	c.fill(level[:], r.now, recent.Step, in)
	r.level = level[0]
	mark := scratch.Mark()
	defer scratch.Release(mark)
	r.lastHour()
	r.same[errorSix] = r.longMedian(6*hour, 1)
	r.same[errorDay] = r.longMedian(day, dayStride)
	r.bridge()
}

// lastHour sets the errors that the recent part tells.
func (r *Recall) lastHour() {
	n := block(r.recent.Step)
	count := min(blocks, r.recent.Len()/n)
	e, base := r.scratch.Floats(blocks)[:count], r.scratch.Floats(blocks)[:count]
	first := r.recent.Len() - count*n
	for i := range e {
		sum, seen := 0.0, 0
		for _, v := range r.recent.Values[first+i*n : first+(i+1)*n] {
			if v == v {
				sum += v
				seen++
			}
		}
		e[i] = sum / float64(seen) // NaN of none
	}
	r.curve.over(base, &r.w.Recent, first, n, int64(n-1)*r.recent.Step/2, r.scratch)
	sum, weight := 0.0, 0.0
	for i := range e {
		e[i] -= base[i]
		sum, weight = sum/2, weight/2
		if e[i] == e[i] {
			sum += e[i]
			weight++
		}
	}
	nan := math.NaN()
	r.same[errorNow], r.same[errorSoon], r.same[errorLast] = nan, sum/weight, nan
	if count > 0 {
		r.same[errorNow] = e[count-1]
	}
	if i := r.recent.Last(); i >= 0 {
		var at [1]float64
		r.curve.over(at[:], &r.w.Recent, i, 1, 0, r.scratch)
		r.same[errorLast] = r.recent.Values[i] - at[0]
	}
	r.same[errorHour] = median(e)
}

// longMedian returns the median error over the last span of the long part, of
// one cell in every stride.
func (r *Recall) longMedian(span int64, stride int) float64 {
	if r.long.Len() == 0 {
		return math.NaN()
	}
	n := min(int(span/r.long.Step), r.long.Len()) / stride
	if n == 0 {
		return math.NaN()
	}
	mark := r.scratch.Mark()
	defer r.scratch.Release(mark)
	e := r.scratch.Floats(n)
	first := r.long.Len() - 1 - (n-1)*stride
	r.curve.over(e, &r.w.Long, first, stride, r.shift(), r.scratch)
	for i := range e {
		e[i] = r.long.Values[first+i*stride] - e[i]
	}
	return median(e)
}

// shift is how far the middle of a long cell, as cells of the full step tell
// it, lies behind the cell's begin.
func (r *Recall) shift() int64 { return (r.long.Step - r.recent.Step) / 2 }

// bridge gives errors that the window does not hold those of the next shorter
// span, or 0.
func (r *Recall) bridge() {
	known := 0.0
	for _, e := range r.same {
		if e == e {
			known = e
			break
		}
	}
	for i, e := range r.same {
		if e != e {
			r.same[i] = known
		}
		known = r.same[i]
	}
}

// Errors sets dst to the errors for a target so many seconds after the origin,
// and returns the curve there.
func (r *Recall) Errors(dst *[ErrorCount]float64, ahead int64) float64 {
	copy(dst[:], r.same[:])
	var at [1]float64
	target := r.now + ahead
	r.curve.fill(at[:], target, r.recent.Step, r.in)
	dst[shape] = r.level - at[0]
	dst[errorYesterday] = r.periodic(target, day, 1, around)
	dst[errorDays] = r.periodic(target, day, 7, 0)
	dst[errorHours] = r.periodic(target, hour, 24, 0)
	for i := errorYesterday; i < shape; i++ {
		if dst[i] != dst[i] {
			dst[i] = r.same[errorDay]
		}
	}
	return at[0]
}

// periodic returns the median of the errors 1, 2, … n periods before the
// target, or of as many that are not after the origin; where about is more than
// 0, the mean of that many cells to either side of one.
func (r *Recall) periodic(target, period int64, n, about int) float64 {
	if r.long.Len() == 0 {
		return math.NaN()
	}
	mark := r.scratch.Mark()
	defer r.scratch.Release(mark)
	skip := int64(0) // whole periods that reach back to the origin
	for target-(skip+1)*period > r.now {
		skip++
	}
	last := r.long.Index(target - (skip+1)*period) // the newest cell
	stride := int(period / r.long.Step)
	if stride == 0 || period%r.long.Step != 0 {
		return math.NaN()
	}
	if about > 0 {
		return r.mean(last-about, 2*about+1)
	}
	for last >= r.long.Len() { // its time has not passed yet
		last -= stride
	}
	if last < 0 {
		return math.NaN()
	}
	n = min(n, last/stride+1)
	e := r.scratch.Floats(n)
	first := last - (n-1)*stride
	r.curve.over(e, &r.w.Long, first, stride, r.shift(), r.scratch)
	for i := range e {
		e[i] = r.long.Values[first+i*stride] - e[i]
	}
	return median(e)
}

// mean returns the mean error of n long cells, as far as they are there.
func (r *Recall) mean(first, n int) float64 {
	lo, hi := max(first, 0), min(first+n, r.long.Len())
	if lo >= hi {
		return math.NaN()
	}
	e := r.scratch.Floats(hi - lo)
	r.curve.over(e, &r.w.Long, lo, 1, r.shift(), r.scratch)
	sum, seen := 0.0, 0
	for i := range e {
		if v := r.long.Values[lo+i] - e[i]; v == v {
			sum += v
			seen++
		}
	}
	return sum / float64(seen) // NaN of none
}

// median returns the median of the values that are not NaN, NaN of none. It
// reorders e.
func median(e []float64) float64 {
	n := 0
	for _, v := range e {
		if v == v {
			e[n] = v
			n++
		}
	}
	return stat.Median(e[:n])
}
