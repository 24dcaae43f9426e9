package loader

import (
	"errors"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader/store"
)

// ErrNoCheckpoint reports that there is no checkpoint where one was expected.
var ErrNoCheckpoint = errors.New("loader: no checkpoint")

// IsCheckpointError reports whether an error is about what a checkpoint is, and
// not about how to reach it: it is damaged, too large, of a newer version or of
// something else, or there is none.
func IsCheckpointError(err error) bool {
	for _, target := range []error{
		ErrNoCheckpoint, models.ErrMismatch, errMethod, store.ErrTooLarge, store.ErrDamaged,
		codec.ErrNotCheckpoint, codec.ErrDamaged, codec.ErrVersion, codec.ErrHeader, codec.ErrTruncated, codec.ErrMalformed,
		models.ErrKind, models.ErrNested, general.ErrVersion, forecast.ErrPayload, forecast.ErrLevels,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// A PredictError is what went wrong with one metric of one container.
type PredictError struct {
	Key Key
	Err error
}

// Error names the metric and the container, and of a metric that is not in the
// data the one that was perhaps meant.
func (e *PredictError) Error() string {
	text := e.Key.String() + ": " + e.Err.Error()
	var m *serve.MetricError
	if errors.As(e.Err, &m) {
		text += near.Hint(m.Metric, m.Have)
	}
	return text
}

// Unwrap returns the cause.
func (e *PredictError) Unwrap() error { return e.Err }
