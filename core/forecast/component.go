package forecast

// A Component is one term of a forecast, for people.
type Component struct {
	Name string // "trend", "weekly", an event's name, "recent errors" …
	// Value is in the metric's unit; of a term that multiplies it is a share of
	// the trend.
	Value      float64
	Multiplies bool
}

// An Explainer is a fitted model whose forecasts are made of terms.
type Explainer interface {
	Fitted
	// Components appends the terms of the forecast for so many seconds ahead of
	// the window's origin to dst. Those that add, and those that multiply
	// times the trend, add up to the median before it is moved into the bounds.
	// The errors are those of Forecast.
	Components(dst []Component, w *Window, ahead int64) ([]Component, error)
}

// ExplainerOf returns the model itself, or the one that it wraps, where that
// explains its forecasts.
func ExplainerOf(f Fitted) (Explainer, bool) {
	for f != nil {
		if e, ok := f.(Explainer); ok {
			return e, true
		}
		w, ok := f.(interface{ Model() Fitted })
		if !ok {
			break
		}
		f = w.Model()
	}
	return nil, false
}
