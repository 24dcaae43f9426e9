package main

import (
	"context"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/loader"
)

// tellOutsideJobs tells of values that are outside the bounds of the
// configurations.
func (a *app) tellOutsideJobs(jobs []fleet.Job) {
	var found report.Outsiders
	for _, j := range jobs {
		found.Add(j.Frame, j.Config.MetricName, series.Bounds{Lower: j.Config.Data.LowerBound, Upper: j.Config.Data.UpperBound})
	}
	a.notices(found.Notes())
}

// tellOutsideForecasts tells of values that are outside the bounds of the models
// that serve.
func (a *app) tellOutsideForecasts(ctx context.Context, p *loader.Predictor, frames []series.Frame, forecasts []*serve.Answer) {
	var found report.Outsiders
	for _, f := range forecasts {
		i, ok := frameOf(frames, f.Container)
		if !ok {
			continue
		}
		bounds := series.DefaultBounds(f.Metric) // of what stands in where no checkpoint serves
		if m, _, err := p.Model(ctx, f.Container, f.Metric); err == nil && m != nil {
			bounds = m.Spec().Bounds
		}
		found.Add(&frames[i], f.Metric, bounds)
	}
	a.notices(found.Notes())
}
