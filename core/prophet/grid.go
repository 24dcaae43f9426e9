package prophet

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// fastSeasons is how many seasonalities fill keeps the angles of; models with
// more are slower, not different.
const fastSeasons = 8

// fill sets dst[i] to the curve at t + i*step; step may be negative. Inputs are
// those of the moment t throughout.
func (c *Curve) fill(dst []float64, t, step int64, in []float64) {
	zone := &c.Zone
	if len(c.Seasons) > fastSeasons || zone.Offset(t) != zone.Offset(t+int64(len(dst))*step) {
		for i := range dst {
			dst[i] = c.At(t+int64(i)*step, in).Value()
		}
		return
	}
	var sin, cos, turnSin, turnCos [fastSeasons]float64
	local := Local(zone, t)
	for k := range c.Seasons {
		s := &c.Seasons[k]
		sin[k], cos[k] = math.Sincos(Angle(local, s.Period))
		turnSin[k], turnCos[k] = math.Sincos(Angle(float64(step)/86400, s.Period))
	}
	floor, capacity := c.bounds(in)
	steady, share := c.steady(in)
	x, dx := c.x(t), float64(step)/c.Span
	for i := range dst {
		at := t + int64(i)*step
		add, mul := steady, 1+share
		for k := range c.Seasons {
			s := &c.Seasons[k]
			if s.Condition == None || c.holds(s.Condition, at, in) {
				v := fourier(s.Beta, sin[k], cos[k])
				if s.Mode == Additive {
					add += v
				} else {
					mul += v
				}
			}
			sin[k], cos[k] = sin[k]*turnCos[k]+cos[k]*turnSin[k], cos[k]*turnCos[k]-sin[k]*turnSin[k]
		}
		for k := range c.Events {
			if e := &c.Events[k]; e.Covers(at) {
				if e.Mode == Additive {
					add += e.Beta
				} else {
					mul += e.Beta
				}
			}
		}
		trend := c.growth(c.line(x+float64(i)*dx), capacity)*c.Scale + floor
		dst[i] = trend*mul + add*c.Scale
	}
}

// steady returns the regressors' part: what is added, in units of Scale, and
// the share of the trend.
func (c *Curve) steady(in []float64) (add, share float64) {
	for k := range c.Regressors {
		r := &c.Regressors[k]
		v := r.Beta * (in[r.Input] - r.Mean) / r.Std
		if r.Mode == Additive {
			add += v
		} else {
			share += v
		}
	}
	return add, share
}

// inputs fills in with the frame's values of the inputs at cell i; with the
// last observed before it where that is missing, and the history's where there
// is none. It reports whether each is from the frame.
func (c *Curve) inputs(in []float64, f *series.Frame, i int) bool {
	all := true
	for k := range c.Inputs {
		in[k] = c.Inputs[k].Typical
		found := false
		if col := f.Column(c.Inputs[k].Name); col >= 0 {
			for j := min(i, f.Len()-1); j >= 0 && !found; j-- {
				if v := f.Columns[col][j]; v-v == 0 {
					in[k], found = v, true
				}
			}
		}
		all = all && found
	}
	return all
}

// InputsAt returns the inputs at the window's origin, from scratch, and whether
// the window has them all.
func (c *Curve) InputsAt(w *forecast.Window, scratch *forecast.Scratch) (in []float64, all bool) {
	in = scratch.Floats(len(c.Inputs))
	all = c.inputs(in, &w.Recent, w.Recent.Len()-1)
	return in, all
}

// over sets dst[j] to the curve at the centre of cell first + j*stride of a
// part of a window, whose values are means over cells of the model's step.
func (c *Curve) over(dst []float64, f *series.Frame, first, stride int, shift int64, scratch *forecast.Scratch) {
	if len(c.Inputs) == 0 {
		c.fill(dst, f.Time(first)+shift, int64(stride)*f.Step, nil)
		return
	}
	mark := scratch.Mark()
	defer scratch.Release(mark)
	in := scratch.Floats(len(c.Inputs))
	for j := range dst {
		c.inputs(in, f, first+j*stride)
		c.fill(dst[j:j+1], f.Time(first+j*stride)+shift, f.Step, in)
	}
}
