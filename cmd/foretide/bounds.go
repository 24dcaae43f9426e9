package main

import (
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
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
func (a *app) tellOutsideForecasts(frames []series.Frame, forecasts []*serve.Answer) {
	var found report.Outsiders
	for _, f := range forecasts {
		if i, ok := frameOf(frames, f.Container); ok {
			found.Add(&frames[i], f.Metric, f.Bounds)
		}
	}
	a.notices(found.Notes())
}
