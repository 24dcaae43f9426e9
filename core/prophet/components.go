package prophet

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
)

// A Component is one term of a forecast.
type Component struct {
	Name  string
	Mode  Mode
	Value float64 // in the metric's unit, or as a share of the trend where it multiplies
}

// holidaysName is the name of the component that sums up all events.
const holidaysName = "holidays"

// Components appends the terms at the Unix second t to dst: each seasonality,
// each event by name, their sum, and each regressor.
func (c *Curve) Components(dst []Component, t int64, in []float64) []Component {
	add := func(name string, mode Mode, v float64) {
		if mode == Additive {
			v *= c.Scale
		}
		for i := range dst {
			if dst[i].Name == name {
				dst[i].Value += v
				return
			}
		}
		dst = append(dst, Component{name, mode, v})
	}
	local := Local(&c.Zone, t)
	for i := range c.Seasons {
		s := &c.Seasons[i]
		v := 0.0
		if c.holds(s.Condition, t, in) {
			sin, cos := math.Sincos(Angle(local, s.Period))
			v = fourier(s.Beta, sin, cos)
		}
		add(s.Name, s.Mode, v)
	}
	for i := range c.Events {
		e := &c.Events[i]
		v := 0.0
		if e.Covers(t) {
			v = e.Beta
		}
		add(e.Name, e.Mode, v)
		add(holidaysName, e.Mode, v)
	}
	for i := range c.Regressors {
		r := &c.Regressors[i]
		add(c.Inputs[r.Input].Name, r.Mode, r.Beta*(in[r.Input]-r.Mean)/r.Std)
	}
	return dst
}

// correctionName is the name of the component that recent errors make.
const correctionName = "recent errors"

// Components implements forecast.Explainer. The correction for a time between
// two horizons is that of the later one, beyond the last that of the last. The
// sum of all events, Holidays, is left out.
func (f *Fitted) Components(dst []forecast.Component, w *forecast.Window, ahead int64) ([]forecast.Component, error) {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return dst, err
	}
	var scratch forecast.Scratch
	in, _ := f.curve.InputsAt(w, &scratch)
	t := w.Origin() + ahead
	dst = append(dst, forecast.Component{Name: "trend", Value: f.curve.At(t, in).Trend})
	for _, term := range f.curve.Components(nil, t, in) {
		if term.Name != holidaysName {
			dst = append(dst, forecast.Component{Name: term.Name, Value: term.Value, Multiplies: term.Mode == Multiplicative})
		}
	}
	if f.memory == nil {
		return dst, nil
	}
	i := 0
	for i < len(f.memory)-1 && f.spec.Horizons[i] < ahead {
		i++
	}
	var r Recall
	r.Reset(f.curve, w, recent, long, in, &scratch)
	_, correction := f.memory[i].correct(&r, ahead)
	return append(dst, forecast.Component{Name: correctionName, Value: correction}), nil
}
