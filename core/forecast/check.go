package forecast

import (
	"math"

	"github.com/foretide/foretide/core/series"
)

// Reasons returns what is wrong with the window as a model of the spec needs
// it: ShortWindow, NoLong, AllMissing, Constant and Stale. recent and long are
// the metric's series in it, as Check returns them.
func (w *Window) Reasons(spec *Spec, recent, long series.Series) Reasons {
	var r Reasons
	if recent.Len() < spec.Needs.Recent {
		r |= ShortWindow
	}
	if long.Len() < spec.Needs.Long {
		r |= NoLong
	}
	last := recent.Last()
	if last < 0 && long.Last() < 0 {
		return r | AllMissing
	}
	if last < 0 || (len(spec.Horizons) > 0 && w.Origin()-recent.Time(last) > spec.Horizons[0]) {
		r |= Stale
	}
	first := math.NaN()
	if single(recent.Values, &first) && single(long.Values, &first) {
		r |= Constant
	}
	return r
}

// Lacks returns what a window does not know of the past that a forecast so many
// seconds ahead is compared with by models that look for habits: NoHour, NoDay and
// NoWeek. recent and long are the metric's series, as Check returns them. For NoDay
// and NoWeek a gap in the data is as bad as data that do not reach so far; NoHour
// asks only for some value at least so old. Of a window without any value there is
// AllMissing to say.
func Lacks(recent, long series.Series, ahead int64) Reasons {
	const hour, day = 3600, 24 * 3600
	var r Reasons
	if recent.Last() < 0 && long.Last() < 0 {
		return r
	}
	target := recent.End() - recent.Step + ahead
	if t := target - ahead/hour*hour - hour; !reaches(recent, t) && !reaches(long, t) {
		r |= NoHour
	}
	// The last day whose time at the target has passed, and six more before it.
	t := target - max((ahead+day-1)/day, 1)*day + recent.Step/2
	if !known(long, t) {
		r |= NoDay
	}
	if !known(long, t-6*day) {
		r |= NoWeek
	}
	return r
}

// reaches reports whether a value of a cell that begins at t or earlier is
// observed.
func reaches(s series.Series, t int64) bool {
	for i, x := range s.Values {
		if s.Time(i) > t {
			return false
		}
		if x == x {
			return true
		}
	}
	return false
}

// known reports whether a cell is observed whose centre lies within a quarter of
// an hour of t.
func known(s series.Series, t int64) bool {
	if len(s.Values) == 0 {
		return false
	}
	const half = 15 * 60
	t -= s.Step / 2
	for i := max(s.Index(t-half+s.Step-1), 0); i <= s.Index(t+half) && i < len(s.Values); i++ {
		if x := s.Values[i]; x == x {
			return true
		}
	}
	return false
}

// single reports whether every observed value equals *first, which it sets to
// the first one where it is NaN.
func single(values []float64, first *float64) bool {
	for i := len(values) - 1; i >= 0; i-- {
		x := values[i]
		if x == *first || math.IsNaN(x) {
			continue
		}
		if !math.IsNaN(*first) {
			return false
		}
		*first = x
	}
	return true
}
