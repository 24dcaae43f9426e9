package report

import (
	"math"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// HistoryCells is the most cells of Series.History.
const HistoryCells = 240

// coarse returns the series with at most HistoryCells cells, each the mean of
// some of its own.
func coarse(s series.Series) series.Series {
	k := (int64(s.Len()) + HistoryCells - 1) / HistoryCells
	if k <= 1 {
		return s
	}
	return series.Coarsen(s, k*s.Step)
}

// fans returns the newest forecasts by horizon, at most n of each.
func fans(rows []backtest.Row, s *Series, n int) []Fan {
	var out []Fan
	for i := range s.Scores {
		f := Fan{Horizon: s.Scores[i].Horizon}
		q := quantiles{levels: s.Scores[i].Levels}
		skip := -n
		for k := range rows {
			if rows[k].Horizon == f.Horizon {
				skip++
			}
		}
		for k := range rows {
			r := &rows[k]
			if r.Horizon != f.Horizon {
				continue
			}
			if skip--; skip >= 0 {
				continue
			}
			lo95, hi95 := q.interval(r, 0.95)
			f.Time = append(f.Time, r.Origin+r.Horizon)
			f.Actual = append(f.Actual, r.Actual)
			f.Median = append(f.Median, r.Point)
			f.Lo, f.Hi = append(f.Lo, r.Lo), append(f.Hi, r.Hi)
			f.Lo95, f.Hi95 = append(f.Lo95, lo95), append(f.Hi95, hi95)
		}
		out = append(out, f)
	}
	return out
}

// quantiles gives intervals of a row's quantiles.
type quantiles struct {
	levels []float64
	f      forecast.Forecast
	h      forecast.Horizon
}

func (q *quantiles) interval(r *backtest.Row, coverage float64) (lo, hi float64) {
	if len(r.Quantiles) != len(q.levels) || len(q.levels) == 0 {
		return nan, nan
	}
	q.f.Levels, q.h.Quantiles = q.levels, r.Quantiles
	return q.f.Interval(&q.h, coverage)
}

// inner is the model that serves the container, out of a shared one.
func (j *judge) inner() forecast.Fitted {
	if s, ok := j.model.(*calibrate.Shared); ok {
		f, _ := s.Of(j.s.Container)
		return f
	}
	return j.model
}

var nan = math.NaN()

func finite(v float64) bool { return v-v == 0 }

// meanOf is the mean of what is finite; NaN of nothing.
func meanOf[T any](all []T, get func(*T) float64) float64 {
	sum, n := 0.0, 0.0
	for i := range all {
		if v := get(&all[i]); finite(v) {
			sum += v
			n++
		}
	}
	return sum / n
}

// medianOf is the median of what is finite; NaN of nothing.
func medianOf[T any](all []T, get func(*T) float64) float64 {
	var v []float64
	for i := range all {
		if x := get(&all[i]); finite(x) {
			v = append(v, x)
		}
	}
	return backtest.Median(v)
}
