package serve

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Models is where an Engine finds fitted models: the checkpoints of a store, or
// the one that a host has loaded.
type Models interface {
	// Has reports whether there is a model for a metric of a container, or for
	// the containers without one of their own where container is "".
	Has(metric, container string) bool
	// Model returns the model that Has reported.
	Model(metric, container string) (forecast.Fitted, error)
}

// Find returns which model serves a metric of a container: its own, else the one
// that serves every container ("" is returned for it, with
// forecast.SharedModel). The reason is forecast.NoCheckpoint where there is
// neither.
func Find(m Models, metric, container string) (whose string, why forecast.Reasons) {
	switch {
	case m == nil:
		return "", forecast.NoCheckpoint
	case container != "" && m.Has(metric, container):
		return container, 0
	case m.Has(metric, ""):
		return "", forecast.SharedModel
	}
	return "", forecast.NoCheckpoint
}

// Load returns the model that Find finds, and its reasons. They lack
// forecast.SharedModel where a model of every container was fitted to this one.
// The model is nil where there is none.
func Load(m Models, metric, container string) (forecast.Fitted, forecast.Reasons, error) {
	whose, why := Find(m, metric, container)
	if why&forecast.NoCheckpoint != 0 {
		return nil, why, nil
	}
	f, err := m.Model(metric, whose)
	if err != nil {
		return nil, why, err
	}
	if k, ok := f.(interface{ Knows(container string) bool }); ok && k.Knows(container) {
		why = 0
	}
	return f, why, nil
}

// An Engine forecasts: it finds the model, cuts its window, picks the horizons,
// adds reasons, and falls back to the built-in model where there is none. The
// loader and the WebAssembly guest translate to and from it. An Engine keeps its
// storage from one forecast to the next and is for one goroutine. Its zero value
// has no models.
type Engine struct {
	Models Models // nil: none
	// Horizons are those of a fallback that is asked for none, in seconds; nil
	// stands for DefaultHorizons.
	Horizons []int64
	// Place returns the fallback as it is to run, in a module for one; nil leaves
	// it where it is.
	Place func(forecast.Fitted) forecast.Fitted

	// Dst is storage for models that keep a large workspace from one forecast to
	// the next; nil stands for storage of the engine's, which all models share.
	Dst *forecast.Forecast

	dst      forecast.Forecast
	answer   Answer
	fallback fallback

	// The window that was cut last, and from what.
	window forecast.Window
	frame  *series.Frame
	needs  forecast.Needs
	step   int64
}

// A fallback is the last model that served without a checkpoint.
type fallback struct {
	metric string
	step   int64
	ahead  []int64
	fitted forecast.Fitted
}

// A Serving is the model that serves a metric of a container.
type Serving struct {
	Model     forecast.Fitted
	Container string
	Why       forecast.Reasons // beside the model's own
}

// Serve returns the model that serves a metric of a container, which is the
// fallback for data of the step, and for horizons of so many seconds, where there
// is no other. The error is that of Models.Model, or a *HorizonError.
func (e *Engine) Serve(metric, container string, step int64, ahead []int64) (Serving, error) {
	m, why, err := Load(e.Models, metric, container)
	if err == nil && m == nil {
		m, err = e.standIn(metric, step, ahead, why)
		why = 0 // the fallback has it among its own
	}
	return Serving{m, container, why}, err
}

func (e *Engine) standIn(metric string, step int64, ahead []int64, why forecast.Reasons) (forecast.Fitted, error) {
	c := &e.fallback
	if c.fitted != nil && c.metric == metric && c.step == step && slices.Equal(c.ahead, ahead) {
		return c.fitted, nil
	}
	horizons := e.Horizons
	if horizons == nil {
		horizons = DefaultHorizons
	}
	m, err := StandIn(metric, step, ahead, horizons, why)
	if err != nil {
		return nil, err
	}
	if e.Place != nil {
		m = e.Place(m)
	}
	*c = fallback{metric, step, slices.Clone(ahead), m}
	return m, nil
}

// Forecast forecasts a metric of a container from the end of a frame, for
// horizons of so many seconds, which ascend, or all of the model's where there
// are none. The frame is at a step that divides the model's. Do not modify it
// between two calls: an engine cuts a frame once for all metrics. The answer is
// valid until the next call. The error is forecast.ErrEmpty, a *MetricError,
// *StepError or *HorizonError, or that of Models.Model.
func (e *Engine) Forecast(frame *series.Frame, metric, container string, ahead []int64) (*Answer, error) {
	values, err := column(frame, metric)
	if err != nil {
		return nil, err
	}
	s, err := e.Serve(metric, container, frame.Step, ahead)
	if err != nil {
		return nil, err
	}
	w, err := e.cut(frame, s.Model.Spec())
	if err != nil {
		return nil, err
	}
	w.Recent.Container = container // a shared model looks it up
	a, err := e.From(s, w, ahead)
	if err != nil {
		return nil, err
	}
	if last := values.Last(); last >= 0 {
		a.Actual, a.ActualAt = values.Values[last], values.Time(last)
	}
	return a, nil
}

// From forecasts from a window by the model that Serve found. The answer has no
// actual value. It is valid until the next call, and so are the quantiles in it.
func (e *Engine) From(s Serving, w *forecast.Window, ahead []int64) (*Answer, error) {
	dst := e.Dst
	if dst == nil {
		dst = &e.dst
	}
	if err := s.Model.Forecast(dst, w); err != nil {
		return nil, err
	}
	spec, a := s.Model.Spec(), &e.answer
	at, err := pick(a.At[:0], dst, spec, ahead)
	if err != nil {
		return nil, err
	}
	for i := range at {
		at[i].Reasons |= s.Why
	}
	a.Container, a.Metric, a.Origin, a.Levels, a.At = s.Container, spec.Metric, dst.Origin, dst.Levels, at
	a.Bounds, a.Actual, a.ActualAt = spec.Bounds, math.NaN(), 0
	return a, nil
}

// Components returns the terms that the forecast of a metric of a container, so
// many seconds ahead, is made of (forecast.Explainer); nil where the model that
// serves has none. Errors are those of Forecast.
func (e *Engine) Components(frame *series.Frame, metric, container string, ahead int64) ([]forecast.Component, error) {
	m, _, err := Load(e.Models, metric, container)
	if err != nil {
		return nil, err
	}
	x, ok := forecast.ExplainerOf(m)
	if !ok {
		return nil, nil
	}
	if _, err := column(frame, metric); err != nil {
		return nil, err
	}
	w, err := e.cut(frame, x.Spec())
	if err != nil {
		return nil, err
	}
	return x.Components(nil, w, ahead)
}

// cut returns the window at the end of a frame, which it keeps for the next
// metric.
func (e *Engine) cut(frame *series.Frame, spec *forecast.Spec) (*forecast.Window, error) {
	if e.frame == frame && e.needs == spec.Needs && e.step == spec.Step {
		return &e.window, nil
	}
	e.frame = nil
	if err := Cut(&e.window, frame, spec); err != nil {
		return nil, err
	}
	e.frame, e.needs, e.step = frame, spec.Needs, spec.Step
	return &e.window, nil
}

// Check returns the error of a frame without data, or without the metric.
func Check(frame *series.Frame, metric string) error {
	_, err := column(frame, metric)
	return err
}

// column returns the values of a metric in a frame.
func column(frame *series.Frame, metric string) (series.Series, error) {
	if frame.Len() == 0 {
		return series.Series{}, forecast.ErrEmpty
	}
	s, ok := frame.Series(metric)
	if !ok {
		return s, &MetricError{metric, frame.Metrics}
	}
	return s, nil
}
