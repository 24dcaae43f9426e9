// Package train makes fitted, gated and calibrated models from histories.
package train

import (
	"errors"
	"math"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

var nan = math.NaN()

// Config is the configuration of training. Take Defaults; every field is taken
// literally.
type Config struct {
	// Validation is the share of the history, at its end, that the model is
	// judged and calibrated on, in (0,1).
	Validation float64
	// Origins is about the most origins of the validation part.
	Origins int
	// Refit fits the model again to the whole history after validation.
	Refit bool
	// Naive is the model that others fall back to.
	Naive naive.Config
	// Calibrate is the gate and the intervals.
	Calibrate calibrate.Config
}

// Defaults returns the settings of the published results.
func Defaults() Config {
	return Config{Validation: 0.3, Origins: 4000, Refit: true, Naive: naive.Defaults(), Calibrate: calibrate.Defaults()}
}

// A Report tells how a training went.
type Report struct {
	Model    string
	Fit      forecast.Report // of the model that is kept
	Losses   []float64       // by epoch, of the fit that was validated; nil without epochs
	Points   int             // observed values of the history
	From, To int64           // Unix seconds: the history's first and last cell
	Horizons []calibrate.HorizonReport
	Reasons  forecast.Reasons
	Notes    []string
	// Containers are those that a shared model was fitted to (FitShared), in the
	// order of their histories; Horizons are then those of all others.
	Containers []ContainerReport
}

// A ContainerReport tells how a shared model did on one container.
type ContainerReport struct {
	Container string
	Points    int
	From, To  int64
	Horizons  []calibrate.HorizonReport
	Reasons   forecast.Reasons
}

// Fit fits m to the history, judges it on the history's last part, calibrates
// it, and fits it again to all. A history too short for that still gives a
// model: a naive one, with the reason.
func (c Config) Fit(m forecast.Model, history []series.Frame, task forecast.Task, opts forecast.Options) (*calibrate.Fitted, Report, error) {
	report := Report{Model: m.Name()}
	if len(history) == 0 || history[0].Len() == 0 {
		return nil, report, forecast.ErrEmpty
	}
	frame := &history[0]
	s, ok := frame.Series(task.Metric)
	if !ok {
		return nil, report, forecast.ErrMetric
	}
	if s.Step != task.Step {
		return nil, report, forecast.ErrStep
	}
	if err := task.Check(); err != nil {
		return nil, report, err
	}
	report.Points, report.From, report.To = s.Count(), s.Start, s.End()-s.Step
	fitted, err := c.fit(m, frame, task, opts, &report)
	var failed *fitError
	if errors.As(err, &failed) && m.Name() != c.Naive.Name() {
		// The naive model stands in, judged and calibrated like any other.
		report.Notes = append(report.Notes, m.Name()+": "+failed.err.Error())
		report.Reasons |= forecast.FitFailed
		if fitted, err = c.fit(c.Naive, frame, task, opts, &report); err == nil {
			fitted = fitted.Because(forecast.FitFailed)
		}
	}
	if err != nil {
		return nil, report, err
	}
	for _, h := range report.Horizons {
		report.Reasons |= h.Reasons
	}
	return fitted, report, nil
}

// A fitError is a model's own failure to estimate, as against wrong arguments
// or an interruption.
type fitError struct{ err error }

func (e *fitError) Error() string { return e.err.Error() }
func (e *fitError) Unwrap() error { return e.err }

// fit is Fit for a frame that has the metric.
func (c Config) fit(m forecast.Model, frame *series.Frame, task forecast.Task, opts forecast.Options, report *Report) (*calibrate.Fitted, error) {
	split := series.SplitShares(frame.Len(), c.Validation, 0)
	model, fallback, fit, err := c.fitBoth(m, nil, frame.Slice(split.Train.From, split.Train.To), task, opts)
	if err != nil {
		return nil, err
	}
	report.Losses = fit.Losses
	rows, judged, err := c.judge(m, model, fallback, frame, split.Validation, task, opts)
	if err != nil {
		return nil, err
	}
	if judged.Spec().Learns {
		model = judged
	}
	fitted, horizons := c.Calibrate.Fit(model, fallback, rows)
	if c.Refit && !opts.Interrupted() && !opts.Stopped() {
		model, fallback, fit, err = c.fitBoth(m, model, *frame, task, opts)
		if err != nil {
			return nil, err
		}
		fitted = fitted.With(model, fallback)
	}
	report.Fit, report.Horizons = fit, horizons
	return fitted, nil
}

// maxRenewals bounds the fits that share a validation part.
const maxRenewals = 12

// judge collects the errors on the validation part. A model that is to be
// renewed as time goes by is renewed on the way, and one that learns from what
// comes true has learnt by then: it is returned as it is at the end.
func (c Config) judge(m forecast.Model, model, fallback forecast.Fitted, frame *series.Frame, part series.Part, task forecast.Task, opts forecast.Options) ([][]calibrate.Row, forecast.Fitted, error) {
	stride := max(1, part.Len()/max(c.Origins, 1))
	r, ok := m.(forecast.Refitter)
	if !ok || r.Renewal() <= 0 {
		return calibrate.Collect(model, fallback, frame, part, stride, opts)
	}
	rows := make([][]calibrate.Row, len(task.Horizons))
	n := int(min(max(int64(part.Len())*frame.Step/r.Renewal(), 1), maxRenewals))
	for k := range n {
		sub := series.Part{From: part.From + k*part.Len()/n, To: part.From + (k+1)*part.Len()/n}
		if k > 0 && !opts.Interrupted() && !opts.Stopped() {
			renewed, err := renew(r, model, frame.Slice(0, sub.From), task, opts)
			if err != nil {
				return nil, nil, err
			}
			model = renewed
		}
		more, learnt, err := calibrate.Collect(model, fallback, frame, sub, stride, opts)
		if err != nil {
			return nil, nil, err
		}
		model = learnt
		for h := range rows {
			rows[h] = append(rows[h], more[h]...)
		}
	}
	return rows, model, nil
}

// renew refits a model to more history; where that fails it stays as it is.
func renew(r forecast.Refitter, model forecast.Fitted, history series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, error) {
	opts.Progress = nil
	renewed, _, err := r.Refit(model, []series.Frame{history}, task, opts)
	switch {
	case err == nil:
		return renewed, nil
	case err == forecast.ErrInterrupted || !callers(err):
		return model, nil
	}
	return nil, err
}

// fitBoth fits the model and the naive one that it falls back to, which is
// none where the model is naive itself. Where before is a fit to a part of the
// history, the model keeps its structure if it can.
func (c Config) fitBoth(m forecast.Model, before forecast.Fitted, frame series.Frame, task forecast.Task, opts forecast.Options) (model, fallback forecast.Fitted, fit forecast.Report, err error) {
	frames := []series.Frame{frame}
	if m.Name() != c.Naive.Name() {
		if fallback, _, err = c.Naive.Fit(frames, task, opts); err != nil {
			return nil, nil, fit, err
		}
	}
	if r, ok := m.(forecast.Refitter); ok && before != nil {
		model, fit, err = r.Refit(before, frames, task, opts)
	} else {
		model, fit, err = m.Fit(frames, task, opts)
	}
	if err == nil || callers(err) {
		return model, fallback, fit, err
	}
	return nil, nil, fit, &fitError{err}
}
