package report

import (
	"math"
	"strconv"
)

// judged says on how much of the series the report judges: what was asked for
// where there is as much, and what there is where there is less.
func judged(r *Report) string {
	n, full := 0, 0
	least, most := int64(math.MaxInt64), int64(0)
	for i := range r.Series {
		s := &r.Series[i]
		if len(s.Scores) == 0 {
			continue
		}
		n++
		length := s.To - s.Test
		least, most = min(least, length), max(most, length)
		if length >= r.Last-s.Step {
			full++
		}
	}
	if n == 0 {
		return "Nothing could be judged."
	}
	text := "Judged on the last "
	switch {
	case !r.Backtest && full == n:
		text += span(r.Last) + " of each"
	case !r.Backtest && full > 0:
		text += span(r.Last) + " of " + grouped(int64(full)) + " series, and on less of " + grouped(int64(n-full)) + " (" + rough(least) + " at the least)"
	case rough(least) == rough(most):
		text += rough(most)
		if n > 1 {
			text += " of each"
		}
	default:
		text += rough(least) + " to " + rough(most) + " of each"
	}
	by := "by the stored checkpoints."
	if r.Backtest {
		by = "by models that were fitted to what came before."
	}
	return text + ", with a forecast every " + span(r.Every) + " " + by
}

// rough writes a stretch of time in its largest unit that has two of it.
func rough(s int64) string {
	for _, u := range []struct {
		seconds int64
		name    string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}} {
		if s >= 2*u.seconds {
			v := math.Round(10*float64(s)/float64(u.seconds)) / 10
			if v >= 10 {
				v = math.Round(v)
			}
			return strconv.FormatFloat(v, 'f', -1, 64) + " " + u.name + "s"
		}
	}
	return plural(s, "second")
}
