package serve

import (
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// UpdaterOf returns the model as one that learns from actual values; ok is false
// if it cannot.
func UpdaterOf(m forecast.Fitted) (u forecast.Updater, ok bool) {
	if h, is := m.(interface{ Updatable() bool }); is && !h.Updatable() {
		return nil, false
	}
	u, ok = m.(forecast.Updater)
	return u, ok
}

// Learn returns the model after it has seen the cells of a frame that end after
// since, in Unix seconds, and how many forecasts they were held against: each
// value is, at every horizon, against the forecast from the window that ended so
// long earlier. Missing values, a last cell of the model's step that the frame
// does not fill and models that cannot learn add none. The container chooses the
// calibration of a shared model. Learn stops when interrupt returns an error. With
// an error it returns the model after the values before it.
func Learn(m forecast.Fitted, frame *series.Frame, container string, since int64, interrupt func() error) (forecast.Fitted, int, error) {
	u, ok := UpdaterOf(m)
	if !ok {
		return m, 0, nil
	}
	spec, whole := m.Spec(), *frame
	if spec.Step%frame.Step != 0 {
		return m, 0, &StepError{frame.Step, spec.Step}
	}
	if spec.Step != frame.Step {
		whole = series.CoarsenFrame(frame, spec.Step) // without a last cell that is not over
	}
	whole.Container = container // a shared model looks it up
	s, err := column(&whole, spec.Metric)
	if err != nil {
		return m, 0, err
	}
	windows := forecast.NewWindows(&whole, spec.Needs)
	total := 0
	for i := max(0, int((since-whole.Start)/spec.Step)); i < whole.Len(); i++ {
		if err := interrupt(); err != nil {
			return u.(forecast.Fitted), total, err
		}
		for _, ahead := range spec.Horizons {
			from := i - int(ahead/spec.Step)
			if from < 0 || s.Values[i]-s.Values[i] != 0 {
				continue
			}
			var w forecast.Window
			windows.At(&w, from)
			next, n, err := u.Update(&w, []forecast.Actual{{Ahead: ahead, Value: s.Values[i]}})
			if err != nil {
				return u.(forecast.Fitted), total, err
			}
			u, total = next.(forecast.Updater), total+n
		}
	}
	return u.(forecast.Fitted), total, nil
}
