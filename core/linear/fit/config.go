// Package fit estimates linear models: for each horizon the weights of the
// inputs by least absolute deviations, with a ridge towards persistence. Its
// strength is the same for all by default; where Config.Ridges has several, the
// last part of the history chooses.
package fit

import (
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/linear"
	"github.com/foretide/foretide/core/series"
)

// Config is the configuration of the linear family. Take Defaults and change
// what is needed; every field is taken literally.
type Config struct {
	// Ridges are the strengths that are tried, the preferred one first. At
	// strength 1 a weight that moves the forecast by as much as the metric
	// usually moves costs half of what persistence does.
	Ridges []float64
	// Margin is the least gain, as a share of the absolute error on the
	// validation part, for which another strength than the first is taken.
	Margin float64
	// Validation is the share of the origins, the latest, on which strengths
	// are compared, in (0,1).
	Validation float64
	// Scaling is the power of a window's scale that the error of its row, in
	// units of that scale, is weighted by: 1 is the error in the metric's own
	// unit, 0 lets quiet and busy hours count alike.
	Scaling float64
	// Halving is the share of the history, back from its end, after which a row
	// counts half; 0 lets all count alike.
	Halving float64
	// MaxRows is about the most origins that are used of a history. They are
	// spread over all of it and over every phase of the hour.
	MaxRows int
	// Renew is the seconds after which a fit is to be renewed (Renewal); 0 never.
	Renew int64
}

// Defaults returns the settings of the published results (benchmarks/linear).
func Defaults() Config {
	return Config{Ridges: []float64{0.01}, Margin: 0.01, Validation: 0.25, Scaling: 1, Halving: 0.5, MaxRows: 30000, Renew: 86400}
}

// Name returns "linear".
func (Config) Name() string { return linear.Name }

// Global returns false: a fit serves one container.
func (Config) Global() bool { return false }

// Renewal implements forecast.Refitter.
func (c Config) Renewal() int64 { return c.Renew }

// Fit estimates the equations of all horizons. history is one frame. A horizon
// with too few rows is forecast by the last value, with ShortHistory. The errors
// are forecast.ErrMetric, ErrEmpty and ErrStep, those of forecast.Task.Check, and
// ErrInterrupted.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return c.fit(nil, history, task, opts)
}

// Refit implements forecast.Refitter: it keeps the strengths, and starts from the
// weights, which makes it several times as fast as Fit.
func (c Config) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	var before []linear.Equation
	if f, ok := fitted.(*linear.Fitted); ok && len(f.Spec().Horizons) == len(task.Horizons) {
		before = f.Equations()
	}
	return c.fit(before, history, task, opts)
}
