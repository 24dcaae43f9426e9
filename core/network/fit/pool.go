package fit

import (
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/series"
)

// Name returns "network".
func (Config) Name() string { return network.Name }

// Global reports true: one fit serves all containers.
func (Config) Global() bool { return true }

// Fit trains a network on the histories of one metric and step. Pool, which
// learns from all that there are, is better. The errors are those of
// Train, forecast.ErrEmpty, ErrMetric and ErrStep.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	report, err := reportOf(history, &task)
	if err != nil {
		return nil, report, err
	}
	var histories []forecast.History
	for i := range history {
		histories = append(histories, forecast.History{Frame: history[i], Metric: task.Metric})
	}
	net, status, err := c.Train(nil, histories, task.Horizons, task.Levels, opts)
	if err != nil {
		return nil, report, err
	}
	return bind(net, task, status, report)
}

// Pool implements forecast.Pooler. The errors are those of Train.
func (c Config) Pool(histories []forecast.History, horizons []int64, validation float64, opts forecast.Options) (forecast.Refitter, error) {
	first := make([]forecast.History, len(histories))
	for i, h := range histories {
		train := series.SplitShares(h.Frame.Len(), validation, 0).Train
		first[i] = forecast.History{Frame: h.Frame.Slice(train.From, train.To), Metric: h.Metric}
	}
	horizons = slices.Compact(slices.Sorted(slices.Values(horizons)))
	p := &pooled{config: c}
	both := opts
	// Two trainings of much the same length: the first is the first half.
	for k, of := range [][]forecast.History{first, histories} {
		both.Progress = func(e forecast.Event) {
			if e.Stage != "epoch" {
				e.Done, e.Total = e.Done+k*e.Total, 2*e.Total
			}
			opts.Emit(e)
		}
		var held *dataset // of the second nothing is
		if k == 0 {
			held = c.heldBack(histories, horizons, validation)
		}
		var err error
		var curve []float64
		if p.nets[k], curve, p.status, err = c.train(nil, of, held, horizons, forecast.DefaultLevels(), both); err != nil {
			return nil, err
		}
		if k == 0 {
			p.losses = curve
		}
	}
	return p, nil
}

// pooled is a network that was trained on many histories together, as a model of
// each metric and step: there is nothing left to fit.
type pooled struct {
	config Config
	nets   [2]*network.Net // of the first part of the histories, and of all
	status forecast.Status
	losses []float64 // of the first, on what it had not seen, as it was trained
}

// Name returns "network".
func (*pooled) Name() string { return network.Name }

// Global reports true: one fit serves all containers.
func (*pooled) Global() bool { return true }

// Fit returns what was learnt from the first part of the histories. The errors
// are forecast.ErrEmpty, ErrMetric, ErrStep, and those of network.Net.Bind.
func (p *pooled) Fit(history []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	f, report, err := p.bound(0, history, task)
	report.Losses = p.losses
	return f, report, err
}

// Renewal returns 0: a fit is not renewed as time goes by.
func (*pooled) Renewal() int64 { return 0 }

// Refit returns what was learnt from all of the histories.
func (p *pooled) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if opts.Own {
		return fitted, forecast.Report{}, nil
	}
	return p.bound(1, history, task)
}

func (p *pooled) bound(k int, history []series.Frame, task forecast.Task) (forecast.Fitted, forecast.Report, error) {
	report, err := reportOf(history, &task)
	if err != nil {
		return nil, report, err
	}
	return bind(p.nets[k], task, p.status, report)
}

func bind(net *network.Net, task forecast.Task, status forecast.Status, report forecast.Report) (forecast.Fitted, forecast.Report, error) {
	f, err := net.Bind(task)
	if err != nil {
		return nil, report, err
	}
	report.Status, report.Summary = status, f.Summary()
	return f, report, nil
}

// reportOf counts the values of a history.
func reportOf(history []series.Frame, task *forecast.Task) (report forecast.Report, err error) {
	if len(history) == 0 {
		return report, forecast.ErrEmpty
	}
	have := false
	for i := range history {
		s, ok := history[i].Series(task.Metric)
		if !ok {
			continue
		}
		if s.Step != task.Step {
			return report, forecast.ErrStep
		}
		have = true
		report.Points += s.Count()
	}
	if !have {
		return report, forecast.ErrMetric
	}
	return report, nil
}
