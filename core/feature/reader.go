package feature

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

const (
	minute int64 = 60
	hour         = 60 * minute
	day          = 24 * hour
)

// NeedsOf returns what the features need of the past at a full step: what the
// naive family does, and the hour and a half before that in which its errors are
// looked at.
func NeedsOf(step int64) forecast.Needs {
	n := naive.NeedsOf(step)
	n.Recent += int((90*minute + step - 1) / step)
	return n
}

// A Reader computes the features of one window after another. It is not safe
// for concurrent use.
type Reader struct {
	recent, long series.Series
	now          int64
	last, scale  float64
	view         naive.View
	past         naive.View
	scratch      *forecast.Scratch
	common       [commonCount]float64
	predictions  [naive.Count]float64
}

// Reset prepares r for a metric's series in a window, as Window.Check returns
// them. Temporary slices are taken from scratch and given back.
func (r *Reader) Reset(recent, long series.Series, scratch *forecast.Scratch) {
	r.recent, r.long, r.scratch = recent, long, scratch
	r.now = recent.End() - recent.Step
	r.view.Reset(recent, long, scratch)
	r.last = r.view.Last()
	r.scale = ScaleOf(r.view.Volatility(), r.last)
	r.fillCommon()
}

// Last returns the last observed value, NaN where the window has none.
func (r *Reader) Last() float64 { return r.last }

// Scale returns the unit of the features, in that of the metric; above zero.
func (r *Reader) Scale() float64 { return r.scale }

// ScaleOf returns the scale of a window from its volatility, which keeps that of
// a quiet one above the rounding of its values.
func ScaleOf(volatility, last float64) float64 {
	floor := 1e-6 * math.Abs(last)
	if !(floor > 1e-12) {
		floor = 1e-12
	}
	if s := max(volatility, floor); s < math.MaxFloat64 {
		return s
	}
	return math.MaxFloat64
}

// Squash is sign(z)·ln(1+|z|), and 0 for NaN.
func Squash(z float64) float64 {
	switch {
	case z > 0:
		return math.Log1p(min(z, math.MaxFloat64))
	case z < 0:
		return -math.Log1p(min(-z, math.MaxFloat64))
	}
	return 0
}

// z returns a value in the window's units; NaN stays NaN.
func (r *Reader) z(x float64) float64 { return (x - r.last) / r.scale }
