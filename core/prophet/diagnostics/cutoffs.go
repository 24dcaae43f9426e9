// Package diagnostics judges Prophet models as Prophet's own diagnostics do: by
// forecasts from simulated cut-offs in the history. core/backtest is what
// compares model families; this is for comparison with Prophet.
package diagnostics

import (
	"errors"
	"slices"
	"sort"

	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/prophet/fit"
)

// ErrShort: the history is shorter than the horizon, or than the horizon after
// the initial part.
var ErrShort = errors.New("prophet: less data than horizon and initial part take")

// Cutoffs returns the times, ascending, that forecasts are made from (Prophet's
// generate_cutoffs): from the last time less the horizon back, a period apart,
// as long as the initial part lies before. A cut-off that no time follows
// within the horizon moves back to the horizon before the last time before it.
// Times are Unix seconds, ascending; the rest is in seconds. The error is
// ErrShort.
func Cutoffs(times []int64, horizon, initial, period int64) ([]int64, error) {
	if len(times) == 0 || period <= 0 {
		return nil, ErrShort
	}
	first, last := times[0], times[len(times)-1]
	at := last - horizon
	if at < first {
		return nil, ErrShort
	}
	out := []int64{at}
	for out[len(out)-1] >= first+initial {
		at -= period
		after := sort.Search(len(times), func(i int) bool { return times[i] > at })
		if (after == len(times) || times[after] > at+horizon) && at > first {
			at = times[after-1] - horizon
		}
		out = append(out, at)
	}
	if out = out[:len(out)-1]; len(out) == 0 {
		return nil, ErrShort
	}
	slices.Reverse(out)
	return out, nil
}

// A Row is a forecast beside what happened.
type Row struct {
	T, Cutoff          int64 // Unix seconds
	Y                  float64
	Yhat, Lower, Upper float64
}

// CrossValidate fits the model to the data up to each cut-off and forecasts the
// horizon after it (Prophet's cross_validation), with the central interval of
// the given coverage. As there, the built-in seasonalities are those that all
// of the data have. Rows without a value are left out.
func CrossValidate(c fit.Config, d fit.Data, cutoffs []int64, horizon int64, coverage float64) ([]Row, error) {
	whole, err := c.Estimate(d, nil)
	if err != nil {
		return nil, err
	}
	c = fixed(c, &whole.Params)
	var out []Row
	for _, cut := range cutoffs {
		past, rows := split(&d, cut, horizon)
		e, err := c.Estimate(past, nil)
		if err != nil {
			return nil, err
		}
		curve, err := prophet.NewCurve(e.Params)
		if err != nil {
			return nil, err
		}
		in := make([]float64, len(curve.Inputs))
		for _, i := range rows {
			for k := range in {
				in[k] = curve.Inputs[k].Typical
				if col := d.Columns[curve.Inputs[k].Name]; col != nil {
					in[k] = col[i]
				}
			}
			r := Row{T: d.T[i], Cutoff: cut, Y: d.Y[i], Yhat: curve.At(d.T[i], in).Value()}
			r.Lower, r.Upper = curve.Interval(d.T[i], in, coverage)
			out = append(out, r)
		}
	}
	return out, nil
}

// fixed turns the built-in seasonalities that the parameters have on, and the
// others off.
func fixed(c fit.Config, p *prophet.Params) fit.Config {
	order := func(name string) int {
		for i := range p.Seasons {
			if p.Seasons[i].Name == name {
				return len(p.Seasons[i].Beta) / 2
			}
		}
		return 0
	}
	c.YearlySeasonality, c.WeeklySeasonality, c.DailySeasonality = order("yearly"), order("weekly"), order("daily")
	return c
}

// split returns the data up to a time, and the rows with a value of the horizon
// after it.
func split(d *fit.Data, cut, horizon int64) (fit.Data, []int) {
	past := fit.Data{Columns: map[string][]float64{}, Cell: d.Cell}
	var rows, before []int
	for i, t := range d.T {
		switch {
		case t <= cut:
			before = append(before, i)
		case t <= cut+horizon && d.Y[i] == d.Y[i]:
			rows = append(rows, i)
		}
	}
	for _, i := range before {
		past.T, past.Y = append(past.T, d.T[i]), append(past.Y, d.Y[i])
	}
	for name, c := range d.Columns {
		for _, i := range before {
			past.Columns[name] = append(past.Columns[name], c[i])
		}
	}
	return past, rows
}
