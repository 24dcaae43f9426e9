package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
)

// An outsider counts the values that a metric has and by its bounds cannot have.
// Forecasts stay within the bounds, so that those of such data are no good, and
// nothing in them says why.
type outsider struct {
	metric     string
	bounds     series.Bounds
	values     int
	containers []string
}

type outsiders []outsider

// add counts the values of a metric of a frame.
func (o *outsiders) add(frame *series.Frame, metric string, b series.Bounds) {
	s, _ := frame.Series(metric)
	n := 0
	for _, v := range s.Values {
		if v < b.Lower || v > b.Upper { // missing ones are neither
			n++
		}
	}
	if n == 0 {
		return
	}
	i := slices.IndexFunc(*o, func(x outsider) bool { return x.metric == metric && x.bounds == b })
	if i < 0 {
		i = len(*o)
		*o = append(*o, outsider{metric: metric, bounds: b})
	}
	x := &(*o)[i]
	x.values += n
	x.containers = append(x.containers, frame.Container)
}

func (a *app) tellOutside(found outsiders) {
	for _, x := range found {
		var limits []string
		if b := x.bounds.Lower; !math.IsInf(b, -1) {
			limits = append(limits, fmt.Sprintf("below %g", b))
		}
		if b := x.bounds.Upper; !math.IsInf(b, 1) {
			limits = append(limits, fmt.Sprintf("above %g", b))
		}
		a.notice("foretide: %s has %s %s (%s): its bounds rule them out, and such forecasts too (data.lower_bound and data.upper_bound set others)",
			x.metric, terminal.Counted(x.values, "value"), strings.Join(limits, " or "), terminal.List(x.containers))
	}
}

// tellOutsideJobs tells of values that are outside the bounds of the
// configurations.
func (a *app) tellOutsideJobs(jobs []fleet.Job) {
	var found outsiders
	for _, j := range jobs {
		found.add(j.Frame, j.Config.MetricName, series.Bounds{Lower: j.Config.Data.LowerBound, Upper: j.Config.Data.UpperBound})
	}
	a.tellOutside(found)
}

// tellOutsideForecasts tells of values that are outside the bounds of the models
// that serve.
func (a *app) tellOutsideForecasts(ctx context.Context, p *loader.Predictor, frames []series.Frame, forecasts []*forecast.Forecast) {
	var found outsiders
	for _, f := range forecasts {
		i, ok := frameOf(frames, f.Container)
		if !ok {
			continue
		}
		bounds := series.DefaultBounds(f.Metric) // of what stands in where no checkpoint serves
		if m, _, err := p.Model(ctx, f.Container, f.Metric); err == nil && m != nil {
			bounds = m.Spec().Bounds
		}
		found.add(&frames[i], f.Metric, bounds)
	}
	a.tellOutside(found)
}
