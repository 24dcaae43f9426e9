package fit

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/linear"
	"github.com/foretide/foretide/core/series"
)

// minRows is the fewest rows that an equation is estimated from.
const minRows = 48

// smoothing is where the solver stops: the loss is then within about a
// thousandth of a percent of the least one.
const smoothing = 1e-3

func (c Config) fit(before []linear.Equation, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	var report forecast.Report
	s, err := task.Only(history)
	if err != nil {
		return nil, report, err
	}
	report.Points = s.Count()
	tables := newTables(&history[0], s, &task, c.MaxRows)
	equations := make([]linear.Equation, len(task.Horizons))
	var e estimator
	enough := false
	for h := range equations {
		if opts.Interrupted() {
			return nil, report, forecast.ErrInterrupted
		}
		opts.Emit(forecast.Event{Stage: "fit", Done: h, Total: len(equations), Loss: math.NaN()})
		q := &equations[h]
		t := &tables[h]
		if len(t.y) < minRows {
			q.Reasons = forecast.ShortHistory
			q.Spread = make([]float64, len(task.Levels))
			report.Reasons |= forecast.ShortHistory
			continue
		}
		enough = true
		var prior *linear.Equation
		if before != nil && !before[h].Reasons.Has(forecast.ShortHistory) {
			prior = &before[h]
		}
		if !e.estimate(&c, q, t, prior, &opts) {
			report.Status = forecast.NotConverged
		}
		q.Spread = t.spread(&q.Weights, task.Levels)
	}
	opts.Emit(forecast.Event{Stage: "fit", Done: len(equations), Total: len(equations), Loss: math.NaN()})
	if !enough {
		report.Status = forecast.NothingToFit
	}
	report.Summary = summary(equations, &task)
	fitted, err := linear.New(task, levelOf(s.Values, task.Bounds), equations)
	if err != nil {
		return nil, report, err
	}
	return fitted, report, nil
}

// levelOf returns the median of the finite values, 0 as the bounds have it
// where there are none.
func levelOf(values []float64, bounds series.Bounds) float64 {
	x := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v-v != 0 })
	if m := stat.Median(x); m-m == 0 {
		return m
	}
	return bounds.Clamp(0)
}

// summary says for people what was chosen: "5m: ridge 0.001; 15m: …".
func summary(equations []linear.Equation, task *forecast.Task) string {
	s := "least absolute deviations on " + strconv.Itoa(feature.DirectCount) + " inputs"
	for h := range equations {
		s += "; " + strconv.FormatInt(task.Horizons[h], 10) + "s: "
		if equations[h].Reasons.Has(forecast.ShortHistory) {
			s += "last value"
		} else {
			s += "ridge " + strconv.FormatFloat(equations[h].Ridge, 'g', -1, 64)
		}
	}
	return s
}
