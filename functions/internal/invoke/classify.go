package invoke

import (
	"context"
	"errors"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/functions/internal/event"
	"github.com/foretide/foretide/functions/internal/lake"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// Reason gives the machine-readable reason of an error, one of package event's,
// and whether the same may succeed another time.
func Reason(err error) (reason string, retry bool) {
	var store *loader.StoreError
	var bucket *s3.Error
	var span *series.SpanError
	var configs config.Errors
	var one *config.Error
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case is(context.Canceled, context.DeadlineExceeded, forecast.ErrInterrupted):
		return event.Deadline, true
	case is(forecast.ErrEmpty, forecast.ErrMetric, series.ErrNoSamples):
		return event.NoData, false
	case is(lake.ErrTooLarge, parquet.ErrTooLarge) || errors.As(err, &span):
		return event.TooLarge, false
	case is(event.ErrEvent, forecast.ErrHorizon, forecast.ErrStep, forecast.ErrLevels) || errors.As(err, &configs) || errors.As(err, &one):
		return event.Invalid, false
	case loader.IsCheckpointError(err) || is(lake.ErrDamaged, parquet.ErrFile, forecast.ErrState, codec.ErrDamaged):
		return event.Checkpoint, false
	case errors.As(err, &bucket) || errors.As(err, &store):
		return event.Storage5xx, true
	}
	return event.Failed, false
}
