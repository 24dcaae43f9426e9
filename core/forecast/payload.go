package forecast

import (
	"errors"
	"math"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
)

// ErrPayload reports that a model's payload has fields that no model could have
// written.
var ErrPayload = errors.New("forecast: impossible values in a model's payload")

// ErrLevels reports that the quantile levels are not ascending within (0,1) or
// lack 0.5.
var ErrLevels = errors.New("forecast: levels are not ascending in (0,1) with 0.5 among them")

// Check returns ErrHorizon, ErrLevels or ErrStep where the task's horizons,
// levels or step are not what their comments say, and nil otherwise. Bounds
// that leave no value are ErrPayload.
func (t *Task) Check() error {
	if t.Step <= 0 {
		return ErrStep
	}
	if len(t.Horizons) == 0 {
		return ErrHorizon
	}
	before := int64(0)
	for _, h := range t.Horizons {
		if h <= before || h%t.Step != 0 {
			return ErrHorizon
		}
		before = h
	}
	last, median := 0.0, false
	for _, p := range t.Levels {
		if !(p > last && p < 1) {
			return ErrLevels
		}
		median = median || p == 0.5
		last = p
	}
	if !median {
		return ErrLevels
	}
	if !(t.Bounds.Lower <= t.Bounds.Upper) || math.IsInf(t.Bounds.Lower, 1) || math.IsInf(t.Bounds.Upper, -1) {
		return ErrPayload
	}
	return nil
}

// Only checks the task and returns its series in the one frame that a model of
// one container is fitted to. The errors are those of Check, ErrEmpty, ErrMetric
// and ErrStep.
func (t *Task) Only(history []series.Frame) (series.Series, error) {
	if err := t.Check(); err != nil {
		return series.Series{}, err
	}
	if len(history) == 0 || history[0].Len() == 0 {
		return series.Series{}, ErrEmpty
	}
	s, ok := history[0].Series(t.Metric)
	switch {
	case !ok:
		return series.Series{}, ErrMetric
	case s.Step != t.Step:
		return series.Series{}, ErrStep
	}
	return s, nil
}

// Write writes the task's fields, for the payload of a model.
func (t *Task) Write(w *codec.Writer) {
	w.String(1, t.Metric)
	w.Int(2, t.Step)
	w.Ints(3, t.Horizons)
	w.Floats(4, t.Levels)
	w.Float(5, t.Bounds.Lower)
	w.Float(6, t.Bounds.Upper)
}

// ReadTask reads what Task.Write wrote. Where the task does not pass Check
// that is the reader's error.
func ReadTask(r *codec.Reader) Task {
	t := Task{Bounds: series.Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}}
	for r.Next() {
		switch r.Field() {
		case 1:
			t.Metric = r.String()
		case 2:
			t.Step = r.Int()
		case 3:
			t.Horizons = r.Ints()
		case 4:
			t.Levels = r.Floats()
		case 5:
			t.Bounds.Lower = r.Float()
		case 6:
			t.Bounds.Upper = r.Float()
		}
	}
	if err := t.Check(); err != nil {
		r.Fail(err)
	}
	return t
}
