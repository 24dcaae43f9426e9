// Package httpapi forecasts over HTTP: a request with a window of recent values or
// a container's name gets the quantile forecast, or a problem (RFC 9457). The
// Lambda function forecast, the command serve and the SageMaker container answer
// with it. Its JSON of a forecast is what predict prints and stores, too.
package httpapi

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// An Answerer answers requests. Its fields must be set.
type Answerer struct {
	// Frame returns a container's recent values. The error is forecast.ErrEmpty
	// where there are none.
	Frame  func(ctx context.Context, container string) (series.Frame, error)
	Models Models
}

// Models are checkpoints that are kept up to date.
type Models interface {
	// Fresh returns a predictor that knows the checkpoints that may serve the keys.
	Fresh(ctx context.Context, keys []loader.Key) (*loader.Predictor, error)
}

// An Answer is the forecasts that were asked for, by metric.
type Answer struct {
	Container string     `json:"container"`
	Forecasts []Forecast `json:"forecasts"`
}

// Forecast answers a request that was checked. ProblemOf says what an error is to
// the caller.
func (a *Answerer) Forecast(ctx context.Context, r *Request) (*Answer, error) {
	frame, err := a.frame(ctx, r)
	if err != nil {
		return nil, err
	}
	horizons, err := event.ParseHorizons(r.Horizons)
	if err != nil {
		return nil, invalid(err)
	}
	var keys []loader.Key
	for _, m := range frame.Metrics {
		keys = append(keys, loader.Key{Metric: m, Container: r.Container})
	}
	models, err := a.Models.Fresh(ctx, keys)
	if err != nil {
		return nil, err
	}
	forecasts, err := models.PredictAt(ctx, frame, r.Container, horizons, r.Metrics...)
	if err != nil {
		return nil, err
	}
	out := &Answer{Container: r.Container}
	for _, f := range forecasts {
		out.Forecasts = append(out.Forecasts, ForecastOf(f))
	}
	return out, nil
}

// frame returns the values to forecast from: those of the request, or the
// container's samples.
func (a *Answerer) frame(ctx context.Context, r *Request) (series.Frame, error) {
	if r.Window != nil {
		return r.Window.frame(r.Container), nil
	}
	return a.Frame(ctx, r.Container)
}

// Reason gives the machine-readable reason of an error, one of package event's,
// and whether the same may succeed another time.
func Reason(err error) (reason string, retry bool) {
	var store *store.Error
	var span *series.SpanError
	var configs config.Errors
	var one *config.Error
	is := func(targets ...error) bool {
		return slices.ContainsFunc(targets, func(t error) bool { return errors.Is(err, t) })
	}
	switch {
	case is(context.Canceled, context.DeadlineExceeded, forecast.ErrInterrupted):
		return event.Deadline, true
	case is(forecast.ErrEmpty, forecast.ErrMetric, series.ErrNoSamples):
		return event.NoData, false
	case errors.As(err, &span):
		return event.TooLarge, false
	case is(event.ErrEvent, forecast.ErrHorizon, forecast.ErrStep, forecast.ErrLevels) || errors.As(err, &configs) || errors.As(err, &one):
		return event.Invalid, false
	case loader.IsCheckpointError(err) || is(forecast.ErrState, codec.ErrDamaged):
		return event.Checkpoint, false
	case errors.As(err, &store):
		return event.Storage5xx, true
	}
	return event.Failed, false
}

func sorted(m map[string]Column) []string { return slices.Sorted(maps.Keys(m)) }
