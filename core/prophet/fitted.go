package prophet

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
)

// Name is the family of these models.
const Name = "prophet"

// A Memory is how the recent errors of the curve correct its forecast of one
// horizon: the forecast is the curve plus the weighted sum of the errors that
// ErrorNames lists.
type Memory struct {
	Weights [ErrorCount]float64
	// Spread is the mean absolute error of corrected forecasts of the history,
	// in the metric's unit.
	Spread float64
}

// Fitted is a fitted Prophet model that serves windows: the curve, extrapolated
// to any time, and a memory of what the window says of it. It is immutable and
// safe for concurrent use.
type Fitted struct {
	spec   forecast.Spec
	curve  *Curve
	memory []Memory // one for each horizon; nil for plain Prophet
	detail string
	z      []float64 // mean absolute errors from the median to each quantile
}

// New returns the fitted model of a task: one memory for each horizon, or none
// at all. The memories are kept, not copied. The error is forecast.ErrPayload
// where their number is another.
func New(task forecast.Task, curve *Curve, memory []Memory) (*Fitted, error) {
	if memory != nil && len(memory) != len(task.Horizons) {
		return nil, forecast.ErrPayload
	}
	f := &Fitted{spec: forecast.Spec{Task: task, Model: Name, Needs: forecast.Needs{Recent: 1}}, curve: curve, memory: memory}
	if memory != nil {
		f.spec.Needs = NeedsOf(task.Step)
	}
	f.detail = f.describe()
	for _, p := range task.Levels {
		// The mean absolute value of a normal variable is √(2/π) of its
		// standard deviation.
		f.z = append(f.z, normalQuantile(p)*math.SqrtPi/math.Sqrt2)
	}
	return f, nil
}

// describe is "linear trend, weekly, daily; recent errors".
func (f *Fitted) describe() string {
	s := [...]string{"linear", "logistic", "flat"}[f.curve.Growth] + " trend"
	for i := range f.curve.Seasons {
		s += ", " + f.curve.Seasons[i].Name
	}
	if len(f.curve.Events) > 0 {
		s += ", " + holidaysName
	}
	for i := range f.curve.Regressors {
		s += ", " + f.curve.Inputs[f.curve.Regressors[i].Input].Name
	}
	if f.memory != nil {
		s += "; recent errors"
	}
	return s
}

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Detail is the text for people that forecasts carry.
func (f *Fitted) Detail() string { return f.detail }

// Columns returns the names of the columns that the model reads beside its
// metric.
func (f *Fitted) Columns() []string {
	var names []string
	for i := range f.curve.Inputs {
		names = append(names, f.curve.Inputs[i].Name)
	}
	return names
}

// Curve returns the model without the memory.
func (f *Fitted) Curve() *Curve { return f.curve }

// Memory returns the memories, one for each horizon; nil for plain Prophet. Do
// not modify them.
func (f *Fitted) Memory() []Memory { return f.memory }

// Forecast implements forecast.Fitted. A column that the model reads and the
// window does not have keeps its last value of the history; what it is after
// the origin is not known, and is taken for what it was last.
//
// Quantiles are those of Prophet (see Curve.Interval); with a memory they are
// those of a normal distribution with the mean absolute error of the history.
// The median and the mean are the point forecast.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	c, scratch := f.curve, dst.Scratch()
	in, all := c.InputsAt(w, scratch)
	if !all {
		reasons |= forecast.NoInput
	}
	if f.memory == nil {
		for i := range dst.At {
			h := &dst.At[i]
			h.Detail, h.Reasons = f.detail, reasons&^forecast.Constant
			c.quantiles(h.Quantiles, f.spec.Levels, dst.Origin+h.Ahead, in, scratch)
			f.place(h, c.At(dst.Origin+h.Ahead, in).Value())
		}
		return nil
	}
	var r Recall
	r.Reset(c, w, recent, long, in, scratch)
	for i := range dst.At {
		h, m := &dst.At[i], &f.memory[i]
		h.Detail, h.Reasons = f.detail, reasons
		at, correction := m.correct(&r, h.Ahead)
		point := at + correction
		if reasons.Has(forecast.Constant) {
			point = lastOf(recent.Values, long.Values)
		}
		for j, z := range f.z {
			h.Quantiles[j] = z * m.Spread
		}
		f.place(h, point)
	}
	return nil
}

// correct returns the curve so many seconds after the origin, and its
// correction.
func (m *Memory) correct(r *Recall, ahead int64) (at, correction float64) {
	var e [ErrorCount]float64
	at = r.Errors(&e, ahead)
	for k, v := range m.Weights {
		correction += v * e[k]
	}
	return at, correction
}

// place moves the quantiles, which are about 0, to the point forecast.
func (f *Fitted) place(h *forecast.Horizon, point float64) {
	const limit = math.MaxFloat64
	if point != point {
		point = f.curve.Floor
		h.Reasons |= forecast.NotFinite
	}
	bounded := func(v float64) float64 { return f.spec.Bounds.Clamp(min(max(v, -limit), limit)) }
	h.Mean = bounded(point)
	for j, q := range h.Quantiles {
		v := point + q
		if v != v {
			v = point
		}
		h.Quantiles[j] = bounded(v)
		if j > 0 {
			h.Quantiles[j] = max(h.Quantiles[j], h.Quantiles[j-1])
		}
	}
}

// lastOf returns the last observed value of two parts of a window, of which one
// has any.
func lastOf(recent, long []float64) float64 {
	for _, part := range [][]float64{recent, long} {
		for i := len(part) - 1; i >= 0; i-- {
			if part[i] == part[i] {
				return part[i]
			}
		}
	}
	return math.NaN()
}
