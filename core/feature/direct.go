package feature

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// directNames are the inputs of a linear model, in the order of Direct.Fill.
// Checkpoints name them, so a name keeps its meaning. Those of directShared are
// the same for every horizon.
var directNames = [...]string{
	"constant",
	"lag_5m", "lag_10m", "lag_15m", "lag_30m", "lag_1h",
	"ewm_5m", "ewm_10m", "ewm_40m",
	"mean_15m", "mean_1h", "mean_2h", "mean_6h", "mean_24h",
	"median_30m", "median_1h", "median_2h", "median_6h", "median_24h",
	"yesterday_now", "days_median_now",
	"yesterday", "yesterday_raw", "yesterday_moved",
	"days_median", "days_median_smooth", "days_mean_moved", "days_median_moved", "days_median_scaled", "days_median_smooth_scaled",
	"hour", "hours_median_6", "hours_median_24", "hours_mean_24",
}

// DirectCount is the number of inputs of a linear model.
const DirectCount = len(directNames)

// directShared is how many of them are the same for every horizon.
const directShared = 21

// directLags are the ages in seconds of the values that are inputs.
var directLags = [...]int64{5 * minute, 10 * minute, 15 * minute, 30 * minute, hour}

// directSpans are those, in seconds, of the means (all but the second) and medians
// (all but the first).
var directSpans = [...]int64{15 * minute, 30 * minute, hour, 2 * hour, 6 * hour, day}

// DirectNames returns the names of the inputs, in the order of Fill:
//
//	constant            1
//	lag_5m …            the value so long ago
//	ewm_5m …            exponentially weighted means, by their half-life
//	mean_…, median_…    of so much of the past: up to an hour of the recent
//	                    part, beyond it of the long one
//	yesterday_now       yesterday at the time of the origin, smoothed
//	days_median_now     the median of the last seven days at that time, smoothed
//	yesterday           yesterday at the time of the target, smoothed
//	yesterday_raw       the value itself
//	yesterday_moved     the smoothed one less the mean of the hour that yesterday's
//	                    origin ends, plus that of the last hour
//	days_median         the median of the last seven days at the target's time
//	days_median_smooth  of the smoothed values
//	days_mean_moved     the mean of the smoothed values, moved as yesterday is
//	days_median_moved   the median of the values, moved likewise
//	days_median_scaled  the median of the values times the last hour's mean by
//	                    that of the hour that their day's origin ends, ⅕ to 5
//	days_median_smooth_scaled  of the smoothed values likewise
//	hour                at the target's minute of the last hour
//	hours_median_6 …    the median or mean over the last hours at that minute
//
// Smoothed is the mean of the long part's cells within a quarter of an hour. A
// cell that is not known makes an input 0, as if it were the last value.
func DirectNames() []string { return append([]string(nil), directNames[:]...) }

// DirectNeeds returns what the inputs need of the past at a full step: what the
// naive family does.
func DirectNeeds(step int64) forecast.Needs { return naive.NeedsOf(step) }

// days and hours are how many days and hours back the seasonal inputs look.
const (
	days  = 7
	hours = 24
)

// A Direct computes the inputs of linear models from one window after another.
// What horizons share is computed once. It does not allocate, and is not safe for
// concurrent use.
type Direct struct {
	recent, long series.Series
	now          int64
	last, scale  float64
	inverse      float64
	shared       [directShared]float64
	level        [days + 1]float64 // mean of the hour that ends so many days before the origin
	ratio        [days + 1]float64 // level[0] by it, ⅕ to 5; NaN where one is not above 0
	perHour      int               // recent cells of an hour, 0 where there is no whole number
	perDay       int               // long cells of a day, likewise
	longPerHour  int
	rolling      *rolling // nil where windows have nothing to do with each other
}

// Reset prepares d for a metric's series in a window, as Window.Check returns
// them. Temporary slices are taken from scratch and given back.
func (d *Direct) Reset(recent, long series.Series, scratch *forecast.Scratch) {
	d.recent, d.long = recent, long
	d.now = recent.End() - recent.Step
	d.last = forecast.LastValue(recent, long)
	d.perHour, d.perDay, d.longPerHour = whole(hour, recent.Step), whole(day, long.Step), whole(hour, long.Step)
	if d.rolling != nil {
		d.scale = ScaleOf(d.rolling.usual(d), d.last)
	} else {
		d.scale = ScaleOf(d.volatility(), d.last)
	}
	d.inverse = 1 / d.scale
	d.levels()
	d.fillShared(scratch)
}

// Last returns the last observed value, NaN where the window has none.
func (d *Direct) Last() float64 { return d.last }

// Scale returns the unit of the inputs, in that of the metric; above zero.
func (d *Direct) Scale() float64 { return d.scale }

// directLimit bounds the inputs: what is a million scales away is a spike.
const directLimit = 1e6

// z returns a value in the window's units, 0 for one that is not known.
func (d *Direct) z(x float64) float64 {
	z := (x - d.last) * d.inverse
	if z != z {
		return 0
	}
	return min(max(z, -directLimit), directLimit)
}

// whole returns how many steps a span is, 0 where that is no whole number.
func whole(span, step int64) int {
	if step <= 0 || span%step != 0 {
		return 0
	}
	return int(span / step)
}

// volatility is naive.View's: half the last day's mean |change| between cells of
// the long part and half that of all of it, or of the recent part where there is
// no long one.
func (d *Direct) volatility() float64 {
	values := d.long.Values
	if len(values) < 3 {
		sum, n := stat.Changes(d.recent.Values, 1)
		return over(sum, n, 0)
	}
	from := max(0, len(values)-int(day/d.long.Step)-1)
	sum, n := stat.Changes(values[from:], 1)
	before, m := stat.Changes(values[:from+1], 1)
	return (over(sum, n, 0) + over(sum+before, n+m, 0)) / 2
}

// over returns the mean of n values whose sum is given, and none where there are
// none.
func over(sum float64, n int, none float64) float64 {
	if n == 0 {
		return none
	}
	return sum / float64(n)
}

func meanOf(x []float64) float64 {
	sum, n := stat.Observed(x)
	return over(sum, n, math.NaN())
}
