package calibrate

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// source says which forecast a horizon is made from.
type source uint8

const (
	useModel       source = iota // the wrapped model
	useFallback                  // the naive model
	usePersistence               // the last value
	useBoth                      // the mean of the model and the naive one
)

// A horizon is the gate and the calibration of one horizon.
type horizon struct {
	source  source
	weight  float64 // of the source's median; the rest is the last value
	shift   float64 // added to the median, in units of the scale
	mean    float64 // mean error about the median, in units of the scale
	run     float64 // mean |error| on the validation part, in the metric's unit
	ratio   float64 // that by the last value's; 0 where it is not known
	blend   blend
	table   table
	reasons forecast.Reasons
	adapt   adaptation // by what came true since
}

// Fitted is a fitted model behind a gate, with calibrated quantiles. It is
// immutable and safe for concurrent use, as forecast.Fitted asks.
type Fitted struct {
	spec     forecast.Spec
	model    forecast.Fitted
	fallback forecast.Fitted // nil: the last value stands in
	at       []horizon
}

// Spec describes the wrapped model; its needs are those of model and fallback.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Model returns the wrapped model.
func (f *Fitted) Model() forecast.Fitted { return f.model }

// Fallback returns the naive model that may stand in for it, or nil.
func (f *Fitted) Fallback() forecast.Fitted { return f.fallback }

// With returns f with another fit of the same models, such as one to more
// history, keeping the calibration.
func (f *Fitted) With(model, fallback forecast.Fitted) *Fitted {
	out := *f
	out.model, out.fallback = model, fallback
	out.spec.Needs = needs(model, fallback)
	return &out
}

// Because returns f with reasons that all its forecasts carry.
func (f *Fitted) Because(why forecast.Reasons) *Fitted {
	out := *f
	out.at = slices.Clone(f.at)
	for i := range out.at {
		out.at[i].reasons |= why
	}
	return &out
}

// needs returns what both of two models need; fallback may be nil.
func needs(model, fallback forecast.Fitted) forecast.Needs {
	n := model.Spec().Needs
	if fallback != nil {
		m := fallback.Spec().Needs
		n.Recent, n.Long = max(n.Recent, m.Recent), max(n.Long, m.Long)
		n.LongStep = max(n.LongStep, m.LongStep)
	}
	return n
}

// Forecast implements forecast.Fitted.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	model, fallback := dst.Sub(0), dst.Sub(1)
	modelReady, fallbackReady := false, false
	reasons := w.Reasons(&f.spec, recent, long)
	last := forecast.LastValue(recent, long)
	for i := range dst.At {
		h, c := &dst.At[i], &f.at[i]
		h.Reasons = reasons | c.reasons
		src := c.source
		if src != usePersistence && f.fallback != nil && reasons.Has(forecast.AllMissing) {
			src = useFallback // which knows the container's level
		}
		point := math.NaN()
		if src == useModel || src == useBoth {
			if !modelReady {
				if err := f.model.Forecast(model, w); err != nil {
					return err
				}
				modelReady = true
			}
			m := &model.At[i]
			point = model.Median(m)
			h.Model, h.Detail = m.Model, m.Detail
			h.Reasons |= m.Reasons
			h.Parts = append(h.Parts, m.Parts...)
			if !finite(point) {
				src = useFallback
				h.Reasons |= forecast.NotFinite
			}
		}
		if (src == useFallback || src == useBoth) && f.fallback != nil {
			if !fallbackReady {
				if err := f.fallback.Forecast(fallback, w); err != nil {
					return err
				}
				fallbackReady = true
			}
			m := &fallback.At[i]
			if other := fallback.Median(m); src == useFallback {
				point = other
				h.Model, h.Detail = m.Model, m.Detail
			} else if finite(other) {
				point += (other - point) / 2
				h.Detail = bothDetail
			}
			h.Reasons |= m.Reasons
		}
		weight := c.weight
		if !finite(point) {
			point, weight = last, 1
			h.Model, h.Detail = naiveName, "last value"
		}
		if !finite(point) {
			point = 0
		}
		if weight != 1 && finite(last) {
			point = last + weight*(point-last)
		}
		var parts [partCount]float64
		parts[partSpread] = c.run
		if modelReady && c.blend.ofModel() {
			parts[partSpread] = spread(model, &model.At[i])
		}
		if c.blend.ofWindow() {
			volatility(&parts, recent, long, h.Ahead, dst.Scratch())
		}
		parts[partRun] = c.run
		if finite(last) {
			parts[partMove] = math.Abs(point - last)
		}
		c.fill(h, f.spec.Levels, point, c.blend.scale(&parts), f.spec.Bounds)
	}
	return nil
}

// bothDetail says how a forecast was made that is the mean of two.
const bothDetail = "mean of the model and the naive one"

// naiveName is the family of the last value as a forecast.
const naiveName = "naive"

// fill sets the numbers of a horizon from the gated point forecast.
func (c *horizon) fill(h *forecast.Horizon, levels []float64, point, scale float64, bounds series.Bounds) {
	median := bounds.Clamp(bounded(point+c.shift*scale, point))
	h.Mean = bounds.Clamp(bounded(median+c.mean*scale, median))
	for q, p := range levels {
		x := point + c.table.at(p)*scale
		x = bounds.Clamp(bounded(c.adapt.widened(x, median, p), median))
		switch {
		case p < 0.5:
			x = min(x, median)
		case p > 0.5:
			x = max(x, median)
		default:
			x = median
		}
		h.Quantiles[q] = x
	}
}

// bounded returns x, infinities as the largest finite values, and instead
// where x is not a number.
func bounded(x, instead float64) float64 {
	if math.IsNaN(x) {
		return instead
	}
	return min(max(x, -math.MaxFloat64), math.MaxFloat64)
}

func finite(x float64) bool { return x-x == 0 }
