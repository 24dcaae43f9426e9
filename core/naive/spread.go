package naive

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
)

// volatility returns the recent size of five-minute changes: the mean of the
// last day's and of all the window's mean |change| between cells of the long
// part, or of the recent part where there is no long one; 0 where unknown.
func (v *View) volatility() float64 {
	values := v.long.Values
	if len(values) < 3 {
		values = v.recent.Values
		return meanChange(values)
	}
	recent := max(0, len(values)-int(day/v.long.Step)-1)
	return (meanChange(values[recent:]) + meanChange(values)) / 2
}

// meanChange returns the mean |change| between neighbours that are both
// observed, 0 where there are none.
func meanChange(values []float64) float64 {
	sum, n := 0.0, 0
	for i := 1; i < len(values); i++ {
		if d := math.Abs(values[i] - values[i-1]); d == d {
			sum += d
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// quantiles sets h's quantiles to the point forecast plus the quantiles of the
// changes over the horizon in the recent part and, thinned, the long part.
func (v *View) quantiles(h *forecast.Horizon, levels []float64, point float64) {
	scratch := v.scratch
	mark := scratch.Mark()
	defer scratch.Release(mark)
	buf := scratch.Floats(2 * maxChanges)
	n := 0
	n += changes(buf[n:n+maxChanges], v.recent.Values, int(h.Ahead/v.recent.Step))
	if v.long.Step > 0 {
		ahead := (h.Ahead + v.long.Step/2) / v.long.Step
		n += changes(buf[n:n+maxChanges], v.long.Values, int(max(ahead, 1)))
	}
	// A window that does not reach over the horizon tells of shorter changes:
	// they grow with the square root of time, as those of a random walk do.
	lag := int(h.Ahead / v.recent.Step)
	for l := lag / 2; l >= 1 && n == 0; l /= 2 {
		n = changes(buf[:maxChanges], v.recent.Values, l)
		for i := range buf[:n] {
			buf[i] *= math.Sqrt(float64(lag) / float64(l))
		}
	}
	slices.Sort(buf[:n])
	center := quantileOf(buf[:n], 0.5)
	for i, p := range levels {
		d := quantileOf(buf[:n], p) - center
		if (p < 0.5) == (d > 0) {
			d = 0
		}
		h.Quantiles[i] = min(max(point+d, -math.MaxFloat64), math.MaxFloat64)
	}
}

// maxChanges is the most changes that are taken from one part of a window.
const maxChanges = 64

// changes fills dst with values[i+lag]-values[i] for up to len(dst) of the i
// where both are observed, spread over all values, and returns how many.
func changes(dst, values []float64, lag int) int {
	n := 0
	all := len(values) - lag
	if lag < 1 || all < 1 {
		return 0
	}
	step := (all + len(dst) - 1) / len(dst)
	for i := len(values) - 1; i >= lag; i -= step {
		if d := values[i] - values[i-lag]; d-d == 0 { // finite
			dst[n] = d
			n++
		}
	}
	return n
}

// quantileOf returns the p-quantile of sorted values, linear between order
// statistics; 0 where there are none.
func quantileOf(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	x := p * float64(len(sorted)-1)
	i := int(x)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (x-float64(i))*(sorted[i+1]-sorted[i])
}
