package report

import (
	"math"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
)

// hours holds errors by the hour of the target, in units of the mean error of
// the last value at the same horizon.
type hours [24]struct {
	rows, weeks              int
	model, persistence, week float64 // sums
}

func (j *judge) byHour(values series.Series) {
	persistence := map[int64]float64{}
	for i := range j.s.Scores {
		persistence[j.s.Scores[i].Horizon] = j.s.Scores[i].Persistence
	}
	for i := range j.rows {
		r := &j.rows[i]
		unit := persistence[r.Horizon]
		if !(unit > 0) {
			continue
		}
		t := r.Origin + r.Horizon
		h := &j.s.hours[((t%86400+86400)%86400)/3600]
		h.rows++
		point := r.Point
		if !finite(point) {
			point = r.Last // as it is scored
		}
		h.model += math.Abs(r.Actual-point) / unit
		h.persistence += math.Abs(r.Actual-r.Last) / unit
		if v := values.At(t - Week); finite(v) {
			h.weeks++
			h.week += math.Abs(r.Actual-v) / unit
		}
	}
}

// byHour returns the medians over the series; nil where there is nothing.
func byHour(all []*Series) []Hour {
	out := make([]Hour, 24)
	rows := 0
	for k := range out {
		type means struct{ model, persistence, week float64 }
		var of []means
		out[k].Hour = k
		for _, s := range all {
			h := &s.hours[k]
			if h.rows == 0 {
				continue
			}
			m := means{h.model / float64(h.rows), h.persistence / float64(h.rows), nan}
			if 2*h.weeks >= h.rows {
				m.week = h.week / float64(h.weeks)
			}
			of = append(of, m)
			out[k].Rows += h.rows
		}
		rows += out[k].Rows
		out[k].Model = medianOf(of, func(m *means) float64 { return m.model })
		out[k].Persistence = medianOf(of, func(m *means) float64 { return m.persistence })
		out[k].Week = medianOf(of, func(m *means) float64 { return m.week })
	}
	if rows == 0 {
		return nil
	}
	return out
}

// nominal are the coverages that are told over time, and all that are compared
// with what they say.
var nominal = [...]float64{0.5, 0.8, 0.9, 0.95}

// covered says which intervals held the actual value of one row.
type covered struct {
	time   int64
	inside [len(nominal)]bool
}

func (j *judge) cover() {
	var q quantiles
	levels := map[int64][]float64{}
	for i := range j.s.Scores {
		levels[j.s.Scores[i].Horizon] = j.s.Scores[i].Levels
	}
	for i := range j.rows {
		r := &j.rows[i]
		if !finite(r.Lo) || !finite(r.Hi) {
			continue
		}
		q.levels = levels[r.Horizon]
		c := covered{time: r.Origin + r.Horizon}
		for k, p := range nominal {
			lo, hi := q.interval(r, p)
			if p == backtest.Coverage {
				lo, hi = r.Lo, r.Hi
			}
			c.inside[k] = lo <= r.Actual && r.Actual <= hi
		}
		j.s.covers = append(j.s.covers, c)
	}
}

// coverBuckets is about how many buckets of time coverage is told in.
const coverBuckets = 28

// covers gathers the coverage of all series by time and by level.
func covers(all []*Series) (Cover, []Level) {
	c := Cover{}
	from, to, longest := int64(math.MaxInt64), int64(math.MinInt64), int64(0)
	rows := 0
	for _, s := range all {
		if len(s.covers) > 0 {
			from, to = min(from, s.Test), max(to, s.To)
			longest = max(longest, s.To-s.Test)
			rows += len(s.covers)
		}
	}
	if rows == 0 {
		return c, nil
	}
	// Series of other times than the rest, such as traces, have no common
	// calendar: theirs counts back from their ends.
	if c.Relative = to-from > 3*longest/2; c.Relative {
		from, to = -longest, 0
	}
	c.Width = roundSpan((to - from) / coverBuckets)
	first := floorDiv(from, c.Width)
	for k := first; k*c.Width < to; k++ {
		c.At = append(c.At, CoverAt{Time: k * c.Width})
	}
	total := [len(nominal)]int{}
	for _, s := range all {
		for _, x := range s.covers {
			t := x.time
			if c.Relative {
				t -= s.To
			}
			at := &c.At[min(max(floorDiv(t, c.Width)-first, 0), int64(len(c.At)-1))]
			at.Rows++
			shown := [len(nominal)]*float64{&at.In50, &at.In80, nil, &at.In95}
			for k, in := range x.inside {
				if !in {
					continue
				}
				total[k]++
				if shown[k] != nil {
					*shown[k]++
				}
			}
		}
	}
	for i := range c.At {
		at := &c.At[i]
		n := float64(at.Rows)
		at.In50, at.In80, at.In95 = at.In50/n, at.In80/n, at.In95/n // NaN of none
	}
	var levels []Level
	for k, p := range nominal {
		levels = append(levels, Level{Nominal: p, Actual: float64(total[k]) / float64(rows), Rows: rows})
	}
	return c, levels
}

// roundSpan returns the next larger span that divides days well.
func roundSpan(s int64) int64 {
	for _, r := range []int64{300, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600} {
		if s <= r {
			return r
		}
	}
	return (s + 86399) / 86400 * 86400
}

// floorDiv is a/b rounded towards minus infinity, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
