package train

import (
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A Trainer trains one model family by one configuration: what a backtest, or
// any other caller that has many histories, needs of training.
type Trainer struct {
	Config Config
	Model  forecast.Model
}

// Name is the family of the model.
func (t Trainer) Name() string { return t.Model.Name() }

// Global reports whether one fit serves all containers.
func (t Trainer) Global() bool { return t.Model.Global() }

// Train is Config.Fit, or for a global model FitShared, with the report of the
// fit alone, to which the reasons and notes of the training are added.
func (t Trainer) Train(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	var fitted forecast.Fitted
	var report Report
	var err error
	if t.Global() {
		fitted, report, err = t.Config.FitShared(t.Model, history, task, opts)
	} else {
		fitted, report, err = t.Config.Fit(t.Model, history, task, opts)
	}
	if err != nil {
		return nil, report.Fit, err
	}
	report.Fit.Reasons |= report.Reasons
	report.Fit.Notes = append(report.Fit.Notes, report.Notes...)
	return fitted, report.Fit, nil
}

// Renewal is the seconds after which a trained model is to be renewed by Renew,
// whatever the metric; 0 where that is not the model's way (forecast.Refitter).
func (t Trainer) Renewal(string) int64 {
	if r, ok := t.Model.(forecast.Refitter); ok && !t.Global() {
		return max(r.Renewal(), 0)
	}
	return 0
}

// Renew refits the model within a trained one to a history that has grown; what it
// falls back to, the gate and the intervals stay. A model that is
// not this trainer's, or that had failed, comes back as it is.
func (t Trainer) Renew(trained forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, error) {
	r, ok := t.Model.(forecast.Refitter)
	f, calibrated := trained.(*calibrate.Fitted)
	if !ok || t.Renewal("") <= 0 || !calibrated || len(history) != 1 || f.Model().Spec().Model != t.Model.Name() {
		return trained, nil
	}
	model, err := renew(r, f.Model(), history[0], task, opts)
	if err != nil {
		return nil, err
	}
	return f.With(model, f.Fallback()), nil
}

// Pool returns the trainer with a model that has learnt from all the histories
// together, where that is the model's way (forecast.Pooler), and t where it is
// not.
func (t Trainer) Pool(histories []forecast.History, horizons []int64, opts forecast.Options) (Trainer, error) {
	p, ok := t.Model.(forecast.Pooler)
	if !ok {
		return t, nil
	}
	model, err := p.Pool(histories, horizons, t.Config.Validation, opts)
	if err != nil {
		return t, err
	}
	t.Model = model
	return t, nil
}

// Pooled implements backtest.Trainer by Pool.
func (t Trainer) Pooled(histories []forecast.History, horizons []int64, opts forecast.Options) (backtest.Trainer, error) {
	return t.Pool(histories, horizons, opts)
}
