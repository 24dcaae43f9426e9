package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

const (
	hour      = 3600
	testShare = 0.3
)

// A key names a series.
type key struct{ container, metric string }

// A count is of forecasts whose value came, and of those whose interval held it.
type count struct{ n, inside int }

// shift tells how the 80 % intervals of a forecast file do in the week after the
// level of a series has shifted, and in its first day.
//
// A shift is where the median of the day after and that of the day before are
// further apart than the wider of the two days: than its 10 % and 90 % quantiles
// are from each other. One is looked for at every hour of the last 30 % of a
// series; of those within two days of one another the largest counts.
func shift(data, file string) error {
	rows := map[key][]backtest.Row{}
	if err := csvfile.ReadForecasts(file, func(r *backtest.Row) error {
		k := key{r.Container, r.Metric}
		rows[k] = append(rows[k], *r)
		return nil
	}); err != nil {
		return err
	}
	read, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	shifted := 0
	counts := map[[2]int64]*count{} // by horizon, and the first day (0) or the six after it (1)
	for i := range read.Frames {
		f := &read.Frames[i]
		for _, m := range f.Metrics {
			s, _ := f.Series(m)
			s = s.Trim()
			mine := rows[key{f.Container, m}]
			if at := shifts(s); len(at) > 0 && len(mine) > 0 {
				shifted++
				judge(s, at, mine, counts)
			}
		}
	}
	fmt.Printf("%d series with a shift\n%-8s %-12s %9s %8s\n", shifted, "ahead", "after it", "forecasts", "covered")
	for _, k := range slices.SortedFunc(maps.Keys(counts), func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) }) {
		c := counts[k]
		fmt.Printf("%5d s  %-12s %9d %7.1f %%\n", k[0], [...]string{"first day", "days 2 to 7", "week"}[k[1]], c.n, 100*float64(c.inside)/float64(c.n))
	}
	return nil
}

// judge counts the forecasts for the week after each shift.
func judge(s series.Series, at []int64, rows []backtest.Row, counts map[[2]int64]*count) {
	for i := range rows {
		r := &rows[i]
		actual := s.At(r.Origin + r.Horizon)
		if math.IsNaN(actual) {
			continue
		}
		for _, t := range at {
			since := r.Origin + r.Horizon - t
			if since < 0 || since >= 7*day {
				continue
			}
			for _, part := range [2]int64{min(since/day, 1), 2} {
				c := counts[[2]int64{r.Horizon, part}]
				if c == nil {
					c = new(count)
					counts[[2]int64{r.Horizon, part}] = c
				}
				c.n++
				if r.Lo <= actual && actual <= r.Hi {
					c.inside++
				}
			}
			break
		}
	}
}

// shifts returns the times of the shifts in the last part of a series.
func shifts(s series.Series) []int64 {
	cells, n := day/int(s.Step), s.Len()
	type found struct {
		size float64
		at   int64
	}
	var all []found
	for i := max(int(float64(n)*(1-testShare)), cells); i < n-cells/2; i += hour / int(s.Step) {
		before := quantiles(s.Values[i-cells:i], cells/2)
		after := quantiles(s.Values[i:min(i+cells, n)], cells/4)
		if before == nil || after == nil {
			continue
		}
		wide := max(before[2]-before[0], after[2]-after[0], 1e-9*math.Abs(before[1]), 1e-12)
		if size := math.Abs(after[1]-before[1]) / wide; size > 1 {
			all = append(all, found{size, s.Time(i)})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.size, a.size) })
	var out []int64
	for _, f := range all {
		if !slices.ContainsFunc(out, func(t int64) bool { return max(t-f.at, f.at-t) <= 2*day }) {
			out = append(out, f.at)
		}
	}
	return out
}

// quantiles returns the 10 %, 50 % and 90 % quantiles of what is observed, nil of
// less than so many values.
func quantiles(values []float64, least int) []float64 {
	x := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(x) == 0 || len(x) < least {
		return nil
	}
	slices.Sort(x)
	at := func(p float64) float64 { return x[int(math.Round(p*float64(len(x)-1)))] }
	return []float64{at(0.1), at(0.5), at(0.9)}
}
