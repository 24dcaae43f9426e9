package feature

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// directNames are the inputs of a linear model, in the order of Direct.Fill.
// Checkpoints name them, so a name keeps its meaning. Those of directShared are
// the same for every horizon.
var directNames = [...]string{
	"one",
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

// DirectNames returns the names of the inputs, in the order of Fill:
//
//	one                 1
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
}

// Reset prepares d for a metric's series in a window, as Window.Check returns
// them. Temporary slices are taken from scratch and given back.
func (d *Direct) Reset(recent, long series.Series, scratch *forecast.Scratch) {
	d.recent, d.long = recent, long
	d.now = recent.End() - recent.Step
	d.last = lastOf(recent, long)
	d.perHour, d.perDay, d.longPerHour = whole(hour, recent.Step), whole(day, long.Step), whole(hour, long.Step)
	d.scale = ScaleOf(d.volatility(), d.last)
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

func lastOf(recent, long series.Series) float64 {
	if i := recent.Last(); i >= 0 {
		return recent.Values[i]
	}
	if i := long.Last(); i >= 0 {
		return long.Values[i]
	}
	return math.NaN()
}

// volatility is naive.View's: half the last day's mean |change| between cells of
// the long part and half that of all of it, or of the recent part where there is
// no long one.
func (d *Direct) volatility() float64 {
	values := d.long.Values
	if len(values) < 3 {
		sum, n := changes(d.recent.Values)
		return over(sum, n, 0)
	}
	from := max(0, len(values)-int(day/d.long.Step)-1)
	sum, n := changes(values[from:])
	before, m := changes(values[:from+1])
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

// changes returns the sum of |change| between neighbours that are both observed,
// and their number.
func changes(x []float64) (sum float64, n int) {
	var s0, s1, s2, s3 float64
	for len(x) >= 5 {
		a, b, c, d := math.Abs(x[1]-x[0]), math.Abs(x[2]-x[1]), math.Abs(x[3]-x[2]), math.Abs(x[4]-x[3])
		x = x[4:]
		if t := a + b + c + d; t == t {
			s0, s1, s2, s3 = s0+a, s1+b, s2+c, s3+d
			n += 4
			continue
		}
		for _, v := range [4]float64{a, b, c, d} {
			if v == v {
				s0 += v
				n++
			}
		}
	}
	for i := 1; i < len(x); i++ {
		if v := math.Abs(x[i] - x[i-1]); v == v {
			s0 += v
			n++
		}
	}
	return s0 + s1 + s2 + s3, n
}

// total returns the sum of the observed values and their number.
func total(x []float64) (sum float64, n int) {
	var s0, s1, s2, s3 float64
	for len(x) >= 4 {
		a, b, c, d := x[0], x[1], x[2], x[3]
		x = x[4:]
		if t := a + b + c + d; t == t {
			s0, s1, s2, s3 = s0+a, s1+b, s2+c, s3+d
			n += 4
			continue
		}
		for _, v := range [4]float64{a, b, c, d} {
			if v == v {
				s0 += v
				n++
			}
		}
	}
	for _, v := range x {
		if v == v {
			s0 += v
			n++
		}
	}
	return s0 + s1 + s2 + s3, n
}

func meanOf(x []float64) float64 {
	sum, n := total(x)
	return over(sum, n, math.NaN())
}
