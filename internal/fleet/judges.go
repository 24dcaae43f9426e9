package fleet

import (
	"maps"
	"slices"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

// perMetric trains each metric as its configuration says; it is what a
// backtest judges under one name.
type perMetric struct {
	name     string
	global   bool
	byMetric map[string]train.Trainer
}

func (p *perMetric) Name() string { return p.name }
func (p *perMetric) Global() bool { return p.global }

func (p *perMetric) Train(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return p.byMetric[task.Metric].Train(history, task, opts)
}

// Pooled implements backtest.Trainer: metrics whose model learns from all of them
// share one.
func (p *perMetric) Pooled(histories []forecast.History, horizons []int64, opts forecast.Options) (backtest.Trainer, error) {
	out := &perMetric{name: p.name, global: p.global, byMetric: map[string]train.Trainer{}}
	var pooled forecast.Model
	for _, metric := range slices.Sorted(maps.Keys(p.byMetric)) {
		t := p.byMetric[metric]
		if _, ok := t.Model.(forecast.Pooler); ok {
			if pooled == nil {
				learnt, err := t.Pool(histories, horizons, opts)
				if err != nil {
					return nil, err
				}
				pooled = learnt.Model
			}
			t.Model = pooled
		}
		out.byMetric[metric] = t
	}
	return out, nil
}

// Renewal and Renew implement backtest.Trainer.
func (p *perMetric) Renewal(metric string) int64 { return p.byMetric[metric].Renewal(metric) }

func (p *perMetric) Renew(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, error) {
	return p.byMetric[task.Metric].Renew(fitted, history, task, opts)
}

// Trainers returns what a backtest judges: each of the models or, without any,
// the models that the configurations name.
func (c *Configs) Trainers(models, metrics []string) ([]backtest.Trainer, error) {
	if len(models) == 0 {
		models = []string{""}
	}
	var out []backtest.Trainer
	for _, model := range models {
		p := &perMetric{name: model, byMetric: map[string]train.Trainer{}}
		for _, metric := range metrics {
			of, err := c.Of(metric)
			if err != nil {
				return nil, err
			}
			of = of.Clone()
			if model != "" {
				of.Model.ModelType = model
			}
			t, err := Configured(of)
			if err != nil {
				return nil, err
			}
			p.byMetric[metric] = t
			p.global = p.global || t.Global()
			switch p.name {
			case "", t.Name():
				p.name = t.Name()
			default:
				p.name = "configured"
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// Judging is the progress of a backtest, or of a training within it.
func Judging(model string, e *forecast.Event) Progress {
	p := Progress{What: "backtest of " + model, Done: e.Done, Total: e.Total}
	switch e.Stage {
	case "backtest":
		return p
	case "epoch":
		p.Epoch, p.Done, p.Total = e, 0, 0
	case "validate":
		p.What = "judging " + model + " for " + e.What
		return p
	}
	p.What = "training " + model + " for " + e.What
	return p
}
