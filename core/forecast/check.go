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
