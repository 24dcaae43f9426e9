// Package serve is the engine between a program and fitted models, natively and in
// a WebAssembly guest, of which it is part: it finds the model, cuts its window
// from a longer frame, picks and interpolates horizons, adds reasons, and falls
// back to the built-in model where there is no checkpoint. Its Answer is what
// every output is made from.
package serve

import (
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/internal/plain"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/series"
)

// DefaultHorizons are those of a stand-in that is asked for none: 5, 15 and 30
// minutes, in seconds.
var DefaultHorizons = []int64{300, 900, 1800}

// A HorizonError is a horizon that a model has no forecast for. It is a
// forecast.ErrHorizon.
type HorizonError struct {
	Ahead     int64   // seconds
	Available []int64 // what the model has; empty for a horizon that no model can have
	Step      int64   // horizons are its multiples
}

// Error names the horizon and the ones that there are.
func (e *HorizonError) Error() string {
	s := "no forecast " + Duration(e.Ahead) + " ahead"
	if e.Ahead <= 0 || e.Ahead%e.Step != 0 {
		s += ": a horizon is a positive multiple of the step, " + Duration(e.Step)
	}
	if len(e.Available) > 0 {
		s += "; the model has " + durations(e.Available) + ", and any between them"
	}
	return s
}

// Is makes a HorizonError a forecast.ErrHorizon.
func (e *HorizonError) Is(target error) bool { return target == forecast.ErrHorizon }

// A StepError is data whose step the model's is no multiple of. It is a
// forecast.ErrStep.
type StepError struct{ Data, Model int64 } // seconds

// Error names both steps.
func (e *StepError) Error() string {
	return "the data have a step of " + Duration(e.Data) + ", which does not divide the model's of " + Duration(e.Model)
}

// Is makes a StepError a forecast.ErrStep.
func (e *StepError) Is(target error) bool { return target == forecast.ErrStep }

// A MetricError is a metric that the data have no column of. It is a
// forecast.ErrMetric.
type MetricError struct {
	Metric string
	Have   []string
}

// Error names the metric and the ones that there are.
func (e *MetricError) Error() string {
	return "no metric " + plain.Quote(e.Metric) + " in the data, which have " + plain.List(e.Have)
}

// Is makes a MetricError a forecast.ErrMetric.
func (e *MetricError) Is(target error) bool { return target == forecast.ErrMetric }

// Cut makes dst the window of the spec at a frame's end, with cells of the
// spec's step. The frame must not change while dst is in use. The error is a
// *MetricError or *StepError, or forecast.ErrEmpty.
func Cut(dst *forecast.Window, frame *series.Frame, spec *forecast.Spec) error {
	switch {
	case frame.Len() == 0:
		return forecast.ErrEmpty
	case frame.Column(spec.Metric) < 0:
		return &MetricError{spec.Metric, frame.Metrics}
	case spec.Step%frame.Step != 0:
		return &StepError{frame.Step, spec.Step}
	}
	// What the model does not look at need not be coarsened.
	span := max(int64(spec.Needs.Recent+1)*spec.Step, int64(spec.Needs.Long+1)*spec.Needs.LongStep)
	n := frame.Len()
	tail := frame.Slice(n-min(n, int(span/frame.Step)+1), n)
	if spec.Step != frame.Step {
		tail = series.CoarsenFrame(&tail, spec.Step)
	}
	*dst = forecast.WindowOf(&tail, spec.Needs)
	if dst.Recent.Len() == 0 {
		return forecast.ErrEmpty
	}
	return nil
}

// pick appends the forecast's horizons to dst: those at ahead, in seconds, or
// all where that is empty. They share the forecast's quantiles, except for one
// between two of the model's: that is linear between their forecasts, and says so
// (forecast.Interpolated). The error is a *HorizonError.
func pick(dst []forecast.Horizon, f *forecast.Forecast, spec *forecast.Spec, ahead []int64) ([]forecast.Horizon, error) {
	if len(ahead) == 0 {
		return append(dst, f.At...), nil
	}
	for _, a := range ahead {
		i, exact := slices.BinarySearch(spec.Horizons, a)
		switch {
		case exact:
			dst = append(dst, f.At[i])
		case i == 0 || i == len(spec.Horizons) || a%spec.Step != 0:
			return nil, &HorizonError{a, spec.Horizons, spec.Step}
		default:
			dst = append(dst, between(&f.At[i-1], &f.At[i], a))
		}
	}
	return dst, nil
}

// between returns the forecast for a time between two horizons, linear in it.
func between(a, b *forecast.Horizon, ahead int64) forecast.Horizon {
	t := float64(ahead-a.Ahead) / float64(b.Ahead-a.Ahead)
	h := *b
	h.Ahead, h.Mean = ahead, (1-t)*a.Mean+t*b.Mean
	h.Reasons |= a.Reasons | forecast.Interpolated
	h.Quantiles = make([]float64, len(b.Quantiles))
	for i := range h.Quantiles {
		h.Quantiles[i] = (1-t)*a.Quantiles[i] + t*b.Quantiles[i]
	}
	return h
}

// StandIn returns the model that serves a metric without a checkpoint: the
// network in the box, or the naive one for horizons that it does not know. It is at
// the step of its data and for the horizons, in seconds; for fallback's, each
// rounded up to a multiple of the step, where there are none named. Its
// forecasts carry why, and forecast.Uncalibrated. The error is a
// *HorizonError.
func StandIn(metric string, step int64, ahead, fallback []int64, why forecast.Reasons) (forecast.Fitted, error) {
	task := forecast.Task{
		Metric: metric, Step: step, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(metric),
	}
	for _, h := range ahead {
		if h <= 0 || h%step != 0 {
			return nil, &HorizonError{Ahead: h, Step: step}
		}
		task.Horizons = append(task.Horizons, h)
	}
	if len(ahead) == 0 {
		for _, h := range fallback {
			task.Horizons = append(task.Horizons, max((h+step-1)/step*step, step))
		}
	}
	plain.SortStable(task.Horizons, func(a, b int64) bool { return a < b })
	task.Horizons = slices.Compact(task.Horizons)
	why |= forecast.Uncalibrated
	if n := len(task.Horizons); n > 0 && n <= network.MaxHorizons && task.Horizons[n-1] <= general.LongestHorizon {
		return general.Bind(task, why)
	}
	return naive.Unfitted(task, why), nil
}

// Duration gives seconds as people write them: "15m", "1h30m", "90s".
func Duration(s int64) string {
	switch {
	case s >= 3600 && s%3600 == 0:
		return strconv.FormatInt(s/3600, 10) + "h"
	case s >= 3600 && s%60 == 0:
		return strconv.FormatInt(s/3600, 10) + "h" + strconv.FormatInt(s%3600/60, 10) + "m"
	case s >= 60 && s%60 == 0:
		return strconv.FormatInt(s/60, 10) + "m"
	}
	return strconv.FormatInt(s, 10) + "s"
}

func durations(s []int64) string {
	out := make([]string, len(s))
	for i, v := range s {
		out[i] = Duration(v)
	}
	return plain.List(out)
}
