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
	out, err := p.worker(ctx).engine.Components(&frame, metric, container, int64(ahead/time.Second))
	if err != nil {
		return nil, &PredictError{Key{Metric: metric, Container: container}, err}
	}
	return out, nil
}
