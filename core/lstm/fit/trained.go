package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/series"
)

// Trained is a model that was trained elsewhere, such as on a GPU, in the place
// of one that is to be trained: it is judged, calibrated and, where the
// configuration asks for it, tuned to each container as if it had been trained
// here.
type Trained struct {
	Config
	Model *lstm.Fitted
	// Again trains the model further, here, on all of the history once it has
	// been judged, as Config does.
	Again bool
}

// Fit returns the model: it is fitted already. The error is forecast.ErrStep,
// ErrMetric, ErrHorizon or ErrLevels where it is one of another task.
func (t Trained) Fit(history []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	of := &t.Model.Spec().Task
	switch {
	case of.Metric != task.Metric:
		return nil, forecast.Report{}, forecast.ErrMetric
	case of.Step != task.Step:
		return nil, forecast.Report{}, forecast.ErrStep
	case !slices.Equal(of.Horizons, task.Horizons):
		return nil, forecast.Report{}, forecast.ErrHorizon
	case !slices.Equal(of.Levels, task.Levels):
		return nil, forecast.Report{}, forecast.ErrLevels
	}
	report := forecast.Report{Summary: t.Model.Summary() + ", trained elsewhere"}
	for i := range history {
		if s, ok := history[i].Series(task.Metric); ok {
			report.Points += s.Count()
		}
	}
	return t.Model, report, nil
}

// Refit returns the model as it is, or trained further where Again or Options.Own
// is set.
func (t Trained) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if !t.Again && !opts.Own {
		return t.Fit(history, task, opts)
	}
	return t.Config.Refit(fitted, history, task, opts)
}

// Loss returns the mean loss of a model on the windows that an epoch is judged
// by: what training makes small. It is NaN where there are none.
func (w *Windows) Loss(model *lstm.Fitted) float64 {
	net := model.Network()
	t := w.config.newTrainer(w.data, net, 1, 0, &forecast.Options{})
	t.hold(w.held)
	loss, _ := t.validate()
	if len(w.held) == 0 {
		return math.NaN()
	}
	return loss
}
