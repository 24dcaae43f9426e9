package loader

import (
	"context"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Components returns the terms that the forecast of a metric of a container,
// the given time ahead of the frame's last cell, is made of before the gate
// and the bounds (see forecast.Explainer); nil where the model that serves has
// none. The container is the frame's own where it is "". Errors are those of
// Predict.
func (p *Predictor) Components(ctx context.Context, frame series.Frame, container string, ahead time.Duration, metric string) ([]forecast.Component, error) {
	if container == "" {
		container = frame.Container
	}
	k := Key{Metric: metric, Container: container}
	model, _, err := p.Model(ctx, container, metric)
	if err != nil {
		return nil, &PredictError{k, err}
	}
	e, ok := forecast.ExplainerOf(model)
	if !ok {
		return nil, nil
	}
	spec := e.Spec()
	switch {
	case frame.Len() == 0:
		return nil, &PredictError{k, forecast.ErrEmpty}
	case frame.Column(metric) < 0:
		return nil, &PredictError{k, &MetricError{metric, frame.Metrics}}
	case spec.Step%frame.Step != 0:
		return nil, &PredictError{k, &StepError{seconds(frame.Step), seconds(spec.Step)}}
	}
	var w worker
	if err := w.cut(&frame, spec); err != nil {
		return nil, &PredictError{k, err}
	}
	out, err := e.Components(nil, &w.window, int64(ahead/time.Second))
	if err != nil {
		return nil, &PredictError{k, err}
	}
	return out, nil
}
