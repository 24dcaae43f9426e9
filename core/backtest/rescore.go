package backtest

import "github.com/foretide/foretide/core/series"

// A Lookup returns the forecast of one row, as a forecast file has it: the
// point forecast and the 80 % interval, NaN for what is not there. Its
// quantiles are scored as those of 0.1, 0.5 and 0.9.
type Lookup func(container, metric string, origin, horizon int64) (point, lo, hi float64)

// Rescore scores forecasts that were made elsewhere on the rows that Run
// forecasts. Trainer settings of the configuration (Refit, Workers) are not
// used.
func Rescore(frames []series.Frame, cfg Config, model string, lookup Lookup) (*Result, error) {
	r := &run{model: model, cfg: &cfg, result: &Result{}}
	if err := r.prepare(frames); err != nil {
		return nil, err
	}
	if len(r.items) == 0 {
		return r.result, ErrNothing
	}
	for n, it := range r.items {
		s := &r.result.Series[n]
		for _, h := range it.task.Horizons {
			t := newTally(h, []float64{(1 - Coverage) / 2, 0.5, (1 + Coverage) / 2})
			for _, i := range it.origins {
				target := i + int(h/it.frame.Step)
				if target >= len(it.values) || !finite(it.values[target]) {
					continue
				}
				origin := it.frame.Time(i)
				point, lo, hi := lookup(s.Container, s.Metric, origin, h)
				t.add(&Row{Last: it.values[i], Actual: it.values[target],
					Point: point, Lo: lo, Hi: hi, Quantiles: []float64{lo, point, hi}})
			}
			if len(t.actual) > 0 {
				s.At = append(s.At, t.score(it.scale))
			}
		}
	}
	return r.result, nil
}
