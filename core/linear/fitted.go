package linear

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/plain"
)

// Name is the family of these models.
const Name = "linear"

// An Equation is the model of one horizon.
type Equation struct {
	// Weights are of the inputs, in the order of feature.DirectNames.
	Weights [feature.DirectCount]float64
	// Spread are quantiles of the error in units of the window's scale, one for
	// each of the task's levels, never decreasing, 0 at the median.
	Spread []float64
	// Ridge is the strength of the ridge that the weights were estimated with.
	Ridge float64
	// Usual is the mean |change| to the target in fitting, in units of the window's
	// scale; 0 where it is not known. Observe takes steps in proportion to it.
	Usual float64
	// Reasons say why the equation is less than was asked for.
	Reasons forecast.Reasons
}

// Fitted is a fitted model that serves windows. It is immutable and safe for
// concurrent use.
type Fitted struct {
	spec   forecast.Spec
	level  float64 // the median of the history, the forecast where all is missing
	at     []Equation
	detail []string
	learnt []shift                        // by Update, one for each horizon; nil before it
	now    [][feature.DirectCount]float64 // the weights with what was learnt; nil likewise
}

// New returns the model of a task: level is the metric's typical value, and
// there is an equation for each horizon. The error is forecast.ErrPayload where
// numbers are not finite or a spread is not one, or of the task's own check.
func New(task forecast.Task, level float64, equations []Equation) (*Fitted, error) {
	if err := task.Check(); err != nil {
		return nil, err
	}
	if len(equations) != len(task.Horizons) || !finite(level) {
		return nil, forecast.ErrPayload
	}
	f := &Fitted{level: level, at: slices.Clone(equations), detail: make([]string, len(equations))}
	task.Horizons, task.Levels = slices.Clone(task.Horizons), slices.Clone(task.Levels)
	f.spec = forecast.Spec{Task: task, Model: Name, Needs: feature.DirectNeeds(task.Step)}
	for i := range f.at {
		e := &f.at[i]
		if !e.valid(task.Levels) {
			return nil, forecast.ErrPayload
		}
		e.Spread = slices.Clone(e.Spread)
		f.detail[i] = e.describe()
	}
	return f, nil
}

func (e *Equation) valid(levels []float64) bool {
	if len(e.Spread) != len(levels) || !(e.Ridge >= 0) || !finite(e.Ridge) || !(e.Usual >= 0) || !finite(e.Usual) {
		return false
	}
	for _, w := range e.Weights {
		if !finite(w) {
			return false
		}
	}
	for i, x := range e.Spread {
		if !finite(x) || levels[i] == 0.5 && x != 0 || i > 0 && x < e.Spread[i-1] {
			return false
		}
	}
	return true
}

func finite(x float64) bool { return x-x == 0 }

// shown is how many inputs the text for people names.
const shown = 3

// describe names the inputs of the greatest weights:
// "last value, 0.42 hours_median_24, 0.31 median_1h, −0.08 lag_5m …".
func (e *Equation) describe() string {
	order := make([]int, 0, len(e.Weights))
	for j, w := range e.Weights {
		if w != 0 && j > 0 { // the first is the constant
			order = append(order, j)
		}
	}
	plain.SortStable(order, func(a, b int) bool { return math.Abs(e.Weights[a]) > math.Abs(e.Weights[b]) })
	names := feature.DirectNames()
	s := "last value"
	for k, j := range order {
		if k == shown {
			return s + " …"
		}
		s += ", " + plain.Two(e.Weights[j]) + " " + names[j]
	}
	return s
}

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Equations returns a copy of the equations, one for each horizon, as they were
// fitted.
func (f *Fitted) Equations() []Equation {
	out := slices.Clone(f.at)
	for i := range out {
		out[i].Spread = slices.Clone(out[i].Spread)
	}
	return out
}

// Forecast implements forecast.Fitted. The mean is the median; the other
// quantiles are those of the errors in fitting, by the window's scale, a rough
// guess that core/calibrate replaces. Where the numbers overflow, the last value
// stands in, with NotFinite.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	var d feature.Direct
	d.Reset(recent, long, dst.Scratch())
	last, scale := d.Last(), d.Scale()
	var inputs [feature.DirectCount]float64
	for i := range dst.At {
		h, e := &dst.At[i], &f.at[i]
		h.Detail, h.Reasons = f.detail[i], reasons|e.Reasons|forecast.Lacks(recent, long, h.Ahead)
		point := f.level
		if finite(last) {
			d.Fill(inputs[:], h.Ahead)
			if point = last + scale*of(f.weights(i), &inputs); !finite(point) {
				point = last
				h.Reasons |= forecast.NotFinite
			}
		} else if last == last {
			h.Reasons |= forecast.NotFinite
		}
		h.Mean = f.spec.Bounds.Clamp(point)
		for q, x := range e.Spread {
			x = min(max(point+scale*x, -math.MaxFloat64), math.MaxFloat64)
			h.Quantiles[q] = f.spec.Bounds.Clamp(x)
		}
	}
	return nil
}

// weights returns those that a horizon is served with.
func (f *Fitted) weights(i int) *[feature.DirectCount]float64 {
	if f.now != nil {
		return &f.now[i]
	}
	return &f.at[i].Weights
}

// of returns the sum of weights times inputs.
func of(weights, inputs *[feature.DirectCount]float64) float64 {
	s0, s1 := 0.0, 0.0
	for j := 0; j+1 < len(inputs); j += 2 {
		s0 += weights[j] * inputs[j]
		s1 += weights[j+1] * inputs[j+1]
	}
	if len(inputs)%2 == 1 {
		s0 += weights[len(inputs)-1] * inputs[len(inputs)-1]
	}
	return s0 + s1
}

// Components implements forecast.Explainer: the last value, and what each input
// moves it by.
func (f *Fitted) Components(dst []forecast.Component, w *forecast.Window, ahead int64) ([]forecast.Component, error) {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return dst, err
	}
	i := slices.Index(f.spec.Horizons, ahead)
	if i < 0 {
		return dst, forecast.ErrHorizon
	}
	var d feature.Direct
	var scratch forecast.Scratch
	d.Reset(recent, long, &scratch)
	last := d.Last()
	if !finite(last) {
		return append(dst, forecast.Component{Name: "level", Value: f.level}), nil
	}
	dst = append(dst, forecast.Component{Name: "last value", Value: last})
	var inputs [feature.DirectCount]float64
	d.Fill(inputs[:], ahead)
	weights := f.weights(i)
	for j, name := range feature.DirectNames() {
		if weights[j] != 0 {
			dst = append(dst, forecast.Component{Name: name, Value: d.Scale() * weights[j] * inputs[j]})
		}
	}
	return dst, nil
}
