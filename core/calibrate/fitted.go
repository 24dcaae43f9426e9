package calibrate

import (
	"math"
	"slices"
	"strconv"

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
	own     bool       // the model's own quantiles serve, where nothing could be calibrated
	adapt   adaptation // by what came true since
}

// Fitted is a fitted model behind a gate, with calibrated quantiles. It is
// immutable and safe for concurrent use, as forecast.Fitted asks.
type Fitted struct {
	spec     forecast.Spec
	model    forecast.Fitted
	fallback forecast.Fitted // nil: the last value stands in
	at       []horizon
	details  []string // of horizons that are made of several forecasts; "" is the model's own
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
	out.describe()
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

// A detailer is a model that says, without a window, what it is made of.
type detailer interface {
	// Detail describes the forecasts of the horizon with that index for people.
	Detail(k int) string
}

// describe sets the details, which follow from gate and model.
func (f *Fitted) describe() {
	f.details = make([]string, len(f.at))
	for k := range f.at {
		d, ok := f.model.(detailer)
		both := f.at[k].source == useBoth && f.fallback != nil
		if f.at[k].source == usePersistence || f.at[k].source == useFallback || !both && !ok {
			continue
		}
		text := f.model.Spec().Model
		if ok {
			text = d.Detail(k)
		}
		if both {
			text = "half " + naiveName + ", half " + text
		}
		if w := f.at[k].weight; w < 1 {
			text += ", the last value counts " + strconv.Itoa(int(math.Round(100*(1-w)))) + " %"
		}
		f.details[k] = text
	}
}

// Forecast implements forecast.Fitted.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	c := call{
		f: f, dst: dst, w: w, recent: recent, long: long,
		reasons: w.Reasons(&f.spec, recent, long), last: forecast.LastValue(recent, long),
	}
	for k := range dst.At {
		if err := c.horizon(k); err != nil {
			return err
		}
	}
	return nil
}

// A call is a forecast in the making. The models are asked when the first
// horizon needs them.
type call struct {
	f            *Fitted
	dst          *forecast.Forecast
	w            *forecast.Window
	recent, long series.Series
	reasons      forecast.Reasons
	last         float64
	asked        [2]bool // the model, the fallback
}

// ask returns the forecast of the model (0) or the fallback (1).
func (c *call) ask(which int) (*forecast.Forecast, error) {
	sub := c.dst.Sub(which)
	if c.asked[which] {
		return sub, nil
	}
	c.asked[which] = true
	if which == 1 {
		return sub, c.f.fallback.Forecast(sub, c.w)
	}
	return sub, c.f.model.Forecast(sub, c.w)
}

// horizon makes the forecast of the k-th horizon.
func (c *call) horizon(k int) error {
	h, at := &c.dst.At[k], &c.f.at[k]
	h.Reasons = c.reasons | at.reasons
	point, src, err := c.point(k)
	if err != nil {
		return err
	}
	if src == useModel && at.own {
		at.keep(h, &c.dst.Sub(0).At[k], c.f.spec.Levels, point, c.restless(k), c.f.spec.Bounds)
		return nil
	}
	weight := at.weight
	if !finite(point) {
		point, weight = c.last, 1
		h.Model, h.Detail = naiveName, "last value"
	}
	if !finite(point) {
		point = 0
	}
	if weight != 1 && finite(c.last) {
		point = c.last + weight*(point-c.last)
	}
	at.fill(h, c.f.spec.Levels, point, c.scale(k, point), c.restless(k), c.f.spec.Bounds)
	return nil
}

// point returns the forecast of the k-th horizon's source, and which that was:
// where the model has none the naive one stands in. It is not finite where
// neither has one.
func (c *call) point(k int) (point float64, src source, err error) {
	h := &c.dst.At[k]
	src, point = c.f.at[k].source, math.NaN()
	if src != usePersistence && c.f.fallback != nil && c.reasons.Has(forecast.AllMissing) {
		src = useFallback // which knows the container's level
	}
	if src == useModel || src == useBoth {
		model, err := c.ask(0)
		if err != nil {
			return 0, src, err
		}
		m := &model.At[k]
		point = model.Median(m)
		h.Model, h.Detail = m.Model, m.Detail
		if d := c.f.details[k]; d != "" {
			h.Detail = d
		}
		h.Reasons |= m.Reasons
		h.Parts = append(h.Parts, m.Parts...)
		if !finite(point) {
			src = useFallback
			h.Reasons |= forecast.NotFinite
		}
	}
	if src != useFallback && src != useBoth || c.f.fallback == nil {
		return point, src, nil
	}
	fallback, err := c.ask(1)
	if err != nil {
		return 0, src, err
	}
	m := &fallback.At[k]
	if other := fallback.Median(m); src == useFallback {
		point = other
		h.Model, h.Detail = m.Model, m.Detail
	} else if finite(other) {
		point += (other - point) / 2
	}
	h.Reasons |= m.Reasons
	return point, src, nil
}

// scale returns how unsure the k-th horizon is in the window.
func (c *call) scale(k int, point float64) float64 {
	h, at := &c.dst.At[k], &c.f.at[k]
	var parts [partCount]float64
	parts[partSpread] = at.run
	if c.asked[0] && at.blend.ofModel() {
		model := c.dst.Sub(0)
		parts[partSpread] = spread(model, &model.At[k])
	}
	if at.blend.ofWindow() {
		volatility(&parts, c.recent, c.long, h.Ahead, c.dst.Scratch())
	}
	parts[partRun] = at.run
	if finite(c.last) {
		parts[partMove] = math.Abs(point - c.last)
	}
	return at.blend.scale(&parts)
}

// restless returns the mean |change over the horizon| of the last six hours, for
// intervals that have become much wider; else it is not needed.
func (c *call) restless(k int) float64 {
	if !c.f.at[k].adapt.stretched() {
		return 0
	}
	lag := int(c.dst.At[k].Ahead / c.recent.Step)
	return bounded(meanChange(tail(c.recent.Values, int(6*3600/c.recent.Step)+lag), lag), 0)
}

// naiveName is the family of the last value as a forecast.
const naiveName = "naive"

// fill sets the numbers of a horizon from the gated point forecast.
func (c *horizon) fill(h *forecast.Horizon, levels []float64, point, scale, restless float64, bounds series.Bounds) {
	median := bounds.Clamp(bounded(point+c.shift*scale, point))
	h.Mean = bounds.Clamp(bounded(median+c.mean*scale, median))
	for q, p := range levels {
		x := point + c.table.at(p)*scale
		x = bounds.Clamp(bounded(c.adapt.widened(x, median, p, restless), median))
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

// keep sets the numbers of a horizon from the model's own.
func (c *horizon) keep(h, m *forecast.Horizon, levels []float64, median, restless float64, bounds series.Bounds) {
	h.Mean = m.Mean
	for q, p := range levels {
		h.Quantiles[q] = bounds.Clamp(bounded(c.adapt.widened(m.Quantiles[q], median, p, restless), median))
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
