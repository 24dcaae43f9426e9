package loader

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/models"
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
		ErrNoCheckpoint, ErrMismatch, ErrMethod, store.ErrTooLarge, store.ErrDamaged,
		codec.ErrNotCheckpoint, codec.ErrDamaged, codec.ErrVersion, codec.ErrHeader, codec.ErrTruncated, codec.ErrMalformed,
		models.ErrKind, models.ErrNested, general.ErrVersion, forecast.ErrPayload, forecast.ErrLevels,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// A HorizonError is a horizon that a model has no forecast for. It is a
// forecast.ErrHorizon.
type HorizonError struct {
	Horizon   time.Duration
	Available []time.Duration // what the model has; empty for a horizon that no model can have
	Step      time.Duration   // horizons are its multiples
}

// Error names the horizon and the ones that there are.
func (e *HorizonError) Error() string {
	s := "loader: no forecast " + short(e.Horizon) + " ahead"
	if e.Horizon <= 0 || e.Horizon%e.Step != 0 {
		s += ": a horizon is a positive multiple of the step, " + short(e.Step)
	}
	if len(e.Available) > 0 {
		s += "; the model has " + shortList(e.Available) + ", and any between them"
	}
	return s
}

// Is makes a HorizonError a forecast.ErrHorizon.
func (e *HorizonError) Is(target error) bool { return target == forecast.ErrHorizon }

// A StepError is a frame whose step the model's is no multiple of. It is a
// forecast.ErrStep.
type StepError struct{ Frame, Model time.Duration }

// Error names both steps.
func (e *StepError) Error() string {
	return "loader: the data have a step of " + short(e.Frame) + ", which does not divide the model's of " + short(e.Model)
}

// Is makes a StepError a forecast.ErrStep.
func (e *StepError) Is(target error) bool { return target == forecast.ErrStep }

// A MetricError is a metric that a frame has no column of. It is a
// forecast.ErrMetric.
type MetricError struct {
	Metric string
	Have   []string // the metrics of the frame
}

// Error names the metric and the ones that there are.
func (e *MetricError) Error() string {
	return "loader: no metric " + strconv.Quote(e.Metric) + " in the data, which have " + strings.Join(e.Have, ", ") +
		near.Hint(e.Metric, e.Have)
}

// Is makes a MetricError a forecast.ErrMetric.
func (e *MetricError) Is(target error) bool { return target == forecast.ErrMetric }

// A PredictError is what went wrong with one metric of one container.
type PredictError struct {
	Key Key
	Err error
}

// Error names the metric and the container.
func (e *PredictError) Error() string { return e.Key.String() + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *PredictError) Unwrap() error { return e.Err }

// short gives a duration without zero units: "15m", not "15m0s".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

func shortList(ds []time.Duration) string {
	s := make([]string, len(ds))
	for i, d := range ds {
		s[i] = short(d)
	}
	return strings.Join(s, ", ")
}

// describe gives what a model is of: "cpu at steps of 5m, 5m, 15m, 30m ahead".
func describe(metric string, step int64, horizons []int64) string {
	return metric + " at steps of " + short(seconds(step)) + ", " + shortList(durations(horizons)) + " ahead"
}

func seconds(s int64) time.Duration { return time.Duration(s) * time.Second }

func durations(s []int64) []time.Duration {
	out := make([]time.Duration, len(s))
	for i, v := range s {
		out[i] = seconds(v)
	}
	return out
}
