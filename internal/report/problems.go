package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
)

// kindOrder is the order in which problems are told.
var kindOrder = []Kind{Total, Resets, Constant, Stuck, Gaps, Stopped, Short, Shift}

// problems looks through the data of every series of the report.
func problems(frames []series.Frame, r *Report) []Problem {
	frameOf := map[string]*series.Frame{}
	for i := range frames {
		frameOf[frames[i].Container] = &frames[i]
	}
	var out []Problem
	for i := range r.Series {
		s := &r.Series[i]
		v, _ := frameOf[s.Container].Series(s.Metric)
		for _, p := range problemsOf(v.Trim(), frameOf[s.Container].Time(frameOf[s.Container].Len())) {
			p.Container, p.Metric = s.Container, s.Metric
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(slices.Index(kindOrder, a.Kind)-slices.Index(kindOrder, b.Kind), cmp.Compare(b.Weight, a.Weight),
			strings.Compare(a.Container, b.Container), strings.Compare(a.Metric, b.Metric))
	})
	return out
}

// problemsOf returns what is wrong with a trimmed series of a container whose
// data end at end.
func problemsOf(s series.Series, end int64) (out []Problem) {
	add := func(kind Kind, weight float64, format string, args ...any) {
		out = append(out, Problem{Kind: kind, Weight: weight, Text: fmt.Sprintf(format, args...)})
	}
	x := look(s.Values)
	span := s.End() - s.Start
	if late := end - s.End(); late > max(10*s.Step, 1800) {
		add(Stopped, float64(late), "no value for the last %s while the container's other metrics go on", duration(late))
	}
	switch {
	case x.n < 2 || x.min == x.max:
		add(Constant, float64(x.n), "all %d values are %s: there is nothing to learn", x.n, short(x.min))
		return out
	case x.grows():
		add(Total, float64(x.n), "grows in %s of its steps and hardly ever falls: a running total, which should be read as a counter", percent(x.up, x.n-1))
	case x.sawtooth():
		add(Resets, float64(x.drops), "climbs slowly and falls by more than half %d times: restarts, or a total that is reset", x.drops)
	}
	if flat := int64(x.flat) * s.Step; flat >= 6*3600 && x.flat > x.n/20 && x.flatAt != x.min {
		add(Stuck, float64(flat), "stands at %s for %s: a stuck source, or a limit that is reached", short(x.flatAt), duration(flat))
	}
	if x.missing > 0 && (float64(x.missing) > 0.01*float64(len(s.Values)) || int64(x.gap)*s.Step >= 3600) {
		add(Gaps, float64(x.missing)/float64(len(s.Values)), "%s of its cells are missing in %d gaps, the longest of %s",
			percent(x.missing, len(s.Values)), x.gaps, duration(int64(x.gap)*s.Step))
	}
	switch {
	case span < 2*86400:
		add(Short, -float64(span), "%s of history: daily patterns cannot be seen", duration(span))
	case span < Week+86400:
		add(Short, -float64(span), "%s of history: weekly patterns cannot be seen", duration(span))
	}
	if size, from, to := shift(s); size > 6 {
		add(Shift, size, "its median of the last day is %s, of the week before %s", short(to), short(from))
	}
	return out
}

// looks is what one pass over a series finds.
type looks struct {
	n, missing, gaps, gap int // observed, missing, runs of missing, the longest
	up, down, drops       int // steps between neighbours; falls to less than half
	flat                  int // the longest run of one value
	min, max, flatAt      float64
}

func look(values []float64) looks {
	x := looks{min: math.Inf(1), max: math.Inf(-1)}
	prev, run, hole := nan, 0, 0
	for _, v := range values {
		if math.IsNaN(v) {
			x.missing++
			if hole++; hole == 1 {
				x.gaps++
			}
			x.gap = max(x.gap, hole)
			continue
		}
		hole = 0
		x.n++
		x.min, x.max = min(x.min, v), max(x.max, v)
		switch {
		case v > prev:
			x.up++
		case v < prev:
			if x.down++; v < prev/2 {
				x.drops++
			}
		}
		if run++; v != prev {
			run = 1
		}
		if run > x.flat {
			x.flat, x.flatAt = run, v
		}
		prev = v
	}
	return x
}

// grows reports whether the series looks like a running total without resets.
func (x *looks) grows() bool { return x.n >= 60 && x.up > x.n/2 && x.down <= x.n/100 && x.drops == 0 }

// sawtooth reports whether it climbs nearly always and falls far now and then.
func (x *looks) sawtooth() bool {
	return x.n >= 60 && x.drops > 0 && x.up > x.n/2 && x.down <= x.n/20 && 2*x.drops >= x.down
}

// shift compares the median of the last day with that of the week before, in
// units of the median absolute deviation of that week (scaled to a standard
// deviation).
func shift(s series.Series) (size, from, to float64) {
	day := int(86400 / s.Step)
	n := s.Len()
	if day == 0 || n < 4*day {
		return 0, nan, nan
	}
	before := slices.Clone(s.Values[max(0, n-8*day) : n-day])
	from, to = backtest.Median(slices.Clone(before)), backtest.Median(slices.Clone(s.Values[n-day:]))
	for i := range before {
		before[i] = math.Abs(before[i] - from)
	}
	mad := 1.4826 * backtest.Median(before)
	if !(mad > 1e-9*math.Abs(from)) {
		return 0, from, to
	}
	return math.Abs(to-from) / mad, from, to
}
