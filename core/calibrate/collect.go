package calibrate

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A Row is one out-of-sample forecast of one horizon beside what happened.
type Row struct {
	Origin   int64 // Unix seconds
	Actual   float64
	Last     float64 // last observed value: the forecast of persistence
	Model    float64 // the model's median, NaN where it was not finite
	Fallback float64 // the fallback's median

	parts [partCount]float64
}

// Collect forecasts from every stride-th cell of a part of the frame and
// returns the rows of each horizon whose origin and target are both observed
// and in the part. The models see the window of each origin alone, and must not
// have been fitted to anything from the part on. fallback may be nil. A model that
// learns from its forecasts (forecast.Spec.Learns) does so on the way, and Collect
// returns it as it is at the end. An interrupt returns what there is so far.
func Collect(model, fallback forecast.Fitted, frame *series.Frame, part series.Part, stride int, opts forecast.Options) ([][]Row, forecast.Fitted, error) {
	spec := model.Spec()
	s, ok := frame.Series(spec.Metric)
	if !ok {
		return nil, model, forecast.ErrMetric
	}
	rows := make([][]Row, len(spec.Horizons))
	windows := forecast.NewWindows(frame, needs(model, fallback))
	var w forecast.Window
	var dst, other forecast.Forecast
	var heard []forecast.Actual // in the order of origins
	for i := part.From; i < part.To; i += stride {
		if math.IsNaN(s.Values[i]) || len(spec.Horizons) == 0 {
			continue
		}
		if opts.Interrupted() {
			break
		}
		opts.Emit(forecast.Event{Stage: "validate", Done: i - part.From, Total: part.Len(), Loss: math.NaN()})
		var err error
		if model, heard, err = learn(model, heard, s.Time(i)); err != nil {
			return nil, model, err
		}
		windows.At(&w, i)
		if err := model.Forecast(&dst, &w); err != nil {
			return nil, model, err
		}
		if fallback != nil {
			if err := fallback.Forecast(&other, &w); err != nil {
				return nil, model, err
			}
		}
		recent, _ := w.Recent.Series(spec.Metric)
		long, _ := w.Long.Series(spec.Metric)
		for k, ahead := range spec.Horizons {
			j := i + int(ahead/spec.Step)
			if !part.Contains(j) || math.IsNaN(s.Values[j]) {
				continue
			}
			row := Row{Origin: s.Time(i), Actual: s.Values[j], Last: s.Values[i]}
			row.Model, row.Fallback = dst.Median(&dst.At[k]), s.Values[i]
			if fallback != nil {
				row.Fallback = other.Median(&other.At[k])
			}
			row.parts[partSpread] = spread(&dst, &dst.At[k])
			volatility(&row.parts, recent, long, ahead, dst.Scratch())
			rows[k] = append(rows[k], row)
			if parts := dst.At[k].Parts; len(parts) > 0 {
				heard = append(heard, forecast.Actual{Origin: row.Origin, Ahead: ahead, Value: row.Actual, Parts: slices.Clone(parts)})
			}
		}
	}
	return rows, model, nil
}

// learn updates a model with what is known by now, and returns it and the rest.
func learn(model forecast.Fitted, heard []forecast.Actual, now int64) (forecast.Fitted, []forecast.Actual, error) {
	u, ok := model.(forecast.Updater)
	if !ok || !model.Spec().Learns || len(heard) == 0 {
		return model, heard[:0], nil
	}
	var known, left []forecast.Actual
	for _, a := range heard {
		if a.Origin+a.Ahead <= now {
			known = append(known, a)
		} else {
			left = append(left, a)
		}
	}
	if len(known) == 0 {
		return model, heard, nil
	}
	next, _, err := u.Update(nil, known)
	return next, left, err
}
