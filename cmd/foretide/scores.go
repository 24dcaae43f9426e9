package main

import (
	"maps"
	"slices"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
)

// print prints the scores in the way that the flags ask for.
func (f *backtestFlags) print(a *app, all []backtest.Series) error {
	by := backtest.By(f.by)
	if f.json {
		a.tellStill(all)
		return terminal.WriteJSON(a.out, report.ScoresOf(all, by))
	}
	f.tellMissing(a, all)
	a.tellStill(all)
	groups := backtest.Summarise(all, by)
	switch {
	case len(groups) == 0: // nothing changes: tables without a line say nothing
	case f.markdown:
		report.Summary(groups, by).Markdown(a.out)
	default:
		report.WriteScores(a.out, all, by)
	}
	return nil
}

// tellMissing tells how many of the rows a forecast file does not have.
func (f *backtestFlags) tellMissing(a *app, all []backtest.Series) {
	rows, missing := map[string]float64{}, map[string]float64{}
	for i := range all {
		for k := range all[i].At {
			at := &all[i].At[k]
			rows[all[i].Model] += float64(at.Rows)
			missing[all[i].Model] += at.Missing * float64(at.Rows)
		}
	}
	for _, model := range slices.Sorted(maps.Keys(missing)) {
		if missing[model] > 0 {
			a.notice("foretide: %s: %.0f of %.0f rows of %s have no forecast and are scored as the last value",
				f.score, missing[model], rows[model], model)
		}
	}
}

// tellStill tells of the series that are in no table.
func (a *app) tellStill(all []backtest.Series) {
	if names := report.Still(all); len(names) > 0 {
		a.notice("foretide: %d series not judged: they never change in the part that is forecast (%s)", len(names), terminal.List(names))
	}
}
