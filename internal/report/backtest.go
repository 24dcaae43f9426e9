package report

import (
	"slices"
	"strings"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
)

// A Judged is a series that a backtest has judged, and its newest rows: at least
// one, by origin and horizon.
type Judged struct {
	backtest.Series
	Rows []backtest.Row
}

// OfBacktest reports on what a backtest of one model came to. Scores are the
// backtest's own, what is drawn or told by time is of the rows that there are. The
// error is ErrNothing.
func OfBacktest(frames []series.Frame, all []Judged, o Options) (*Report, error) {
	r := &Report{Title: o.Title, Version: loader.Version, Last: o.Last, Every: o.Every, Backtest: true}
	var list []*Series
	for i := range all {
		k := slices.IndexFunc(frames, func(f series.Frame) bool { return f.Container == all[i].Container })
		if k < 0 || len(all[i].Rows) == 0 || frames[k].Column(all[i].Metric) < 0 {
			continue
		}
		list = append(list, ofBacktest(&frames[k], &all[i], &o))
	}
	if err := r.gather(frames, list, &o); err != nil {
		return nil, err
	}
	a := adviser{r: r, data: quote(o.Data)}
	a.sources()
	if len(a.out) == 0 {
		a.add("Train what was best here; the stored checkpoints are judged by foretide report.", "foretide train --data "+a.data+" --metric "+strings.Join(r.Metrics, ","), nil)
	}
	r.Advice = a.out
	return r, nil
}

func ofBacktest(frame *series.Frame, b *Judged, o *Options) *Series {
	raw, _ := frame.Series(b.Metric)
	t := raw.Trim()
	s := &Series{Container: b.Container, Metric: b.Metric, Step: b.Step, From: t.Start, To: t.End(), Points: t.Count(),
		Ratio: nan, Week: nan, Coverage: nan, Test: b.Test}
	s.Serving = Serving{Model: b.Model, Asked: b.Model, Detail: b.Summary, Notes: b.Notes, Validation: nan}
	values := raw
	if b.Step != frame.Step {
		values = series.Coarsen(raw, b.Step)
	}
	j := &judge{o: o, s: s, rows: b.Rows}
	j.take(b.At, values)
	s.Serving.Reasons = b.Reasons &^ forecast.SharedModel
	s.History = coarse(values.Trim())
	s.Fans = fans(j.rows, s, o.Points)
	return s
}
