package feature

import (
	"math"

	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// SkipCount is the number of features that Fill puts into skip.
const SkipCount = naive.Count

// Count is the number of features that Fill puts into dst.
const Count = naive.Count + skillCount + commonCount + calendarCount

// skipLimit bounds the features that go through a linear map unsquashed.
const skipLimit = 30

// Fill computes the features of a horizon, ahead seconds after the origin:
//
//	skip  what each naive predictor forecasts, z, held within ±30
//	dst   the same, squashed; their skills; what does not depend on the
//	      horizon; the calendar at the target
//
// It panics where the slices are not of length SkipCount and Count. All
// features are finite.
func (r *Reader) Fill(dst, skip []float32, ahead int64) {
	if len(dst) != Count || len(skip) != SkipCount {
		panic("feature: destination is not of length Count or SkipCount")
	}
	r.view.Fill(r.predictions[:], ahead)
	for i, x := range r.predictions {
		z := r.z(x)
		dst[i] = float32(Squash(z))
		if math.IsNaN(z) {
			z = 0
		}
		skip[i] = float32(min(max(z, -skipLimit), skipLimit))
	}
	dst = dst[naive.Count:]
	r.fillSkills(dst[:skillCount], ahead)
	dst = dst[skillCount:]
	for i, x := range r.common {
		dst[i] = float32(x)
	}
	fillCalendar(dst[commonCount:], r.now+ahead)
}

// lags are the ages in seconds of earlier values that are features.
var lags = [...]int64{5 * minute, 10 * minute, 15 * minute, 20 * minute, 30 * minute, 45 * minute, 60 * minute}

// spans are those over which extremes and volatility are features.
var spans = [...]int64{30 * minute, 2 * hour, 6 * hour}

// commonCount is the number of features that do not depend on the horizon:
// lags; minimum, maximum and volatility over spans, and extremes of the day;
// the last value itself, whether it is zero, its age; and how much of the hour
// is missing, and whether the long part is there, yesterday, a week.
const commonCount = len(lags) + 3*len(spans) + 2 + 3 + 3

func (r *Reader) fillCommon() {
	at := 0
	put := func(x float64) {
		if math.IsNaN(x) {
			x = 0
		}
		r.common[at] = x
		at++
	}
	for _, lag := range lags {
		put(Squash(r.z(r.recent.At(r.now - lag))))
	}
	for _, span := range spans {
		cells := tail(r.recent.Values, span/r.recent.Step+1)
		lo, hi := extremes(cells)
		put(Squash(r.z(lo)))
		put(Squash(r.z(hi)))
		put(ratio(meanChange(cells, int(max(5*minute/r.recent.Step, 1))), r.scale))
	}
	lo, hi := extremes(tail(r.long.Values, day/max(r.long.Step, 1)))
	put(Squash(r.z(lo)))
	put(Squash(r.z(hi)))
	put(Squash(r.last / r.scale))
	put(indicator(r.last == 0))
	put(Squash(float64(ageOf(r.recent)) / float64(5*minute)))
	put(missing(tail(r.recent.Values, hour/r.recent.Step)))
	put(indicator(reachOf(r.recent, r.long) < day))
	put(indicator(reachOf(r.recent, r.long) < 7*day))
}

// ageOf returns the seconds from a recent part's last observed value to its
// origin.
func ageOf(recent series.Series) int64 {
	if i := recent.Last(); i >= 0 {
		return recent.End() - recent.Step - recent.Time(i)
	}
	return int64(len(recent.Values)) * recent.Step
}

// reachOf returns how many seconds before the origin a window's first observed
// value lies.
func reachOf(recent, long series.Series) int64 {
	for i, x := range long.Values {
		if x == x {
			return recent.End() - recent.Step - long.Time(i)
		}
	}
	return ageOf(recent)
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ratio returns the logarithm of a volatility by the usual one, within ±5.
func ratio(x, usual float64) float64 {
	return min(max(math.Log((x+0.01*usual)/usual), -5), 5)
}

// tail returns the last n of values, or all.
func tail(values []float64, n int64) []float64 {
	return values[max(0, len(values)-int(max(n, 1))):]
}

func missing(values []float64) float64 {
	n := 0
	for _, x := range values {
		if x != x {
			n++
		}
	}
	return float64(n) / float64(max(len(values), 1))
}

// extremes returns the least and the greatest observed value, NaN of none.
func extremes(values []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range values {
		if x < lo {
			lo = x
		}
		if x > hi {
			hi = x
		}
	}
	if lo > hi {
		return math.NaN(), math.NaN()
	}
	return lo, hi
}

// meanChange returns the mean |values[i]-values[i-lag]| over the i where both
// are observed, NaN where there are none.
func meanChange(values []float64, lag int) float64 {
	sum, n := 0.0, 0
	for i := lag; i < len(values); i++ {
		if d := math.Abs(values[i] - values[i-lag]); d == d {
			sum += d
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// calendarCount is the number of calendar features: sine and cosine of the
// time of day and twice that, of the hour and twice that, and of the week.
const calendarCount = 10

func fillCalendar(dst []float32, t int64) {
	turn := func(k int, period, times int64) {
		a := 2 * math.Pi * float64(t*times%period) / float64(period)
		dst[k], dst[k+1] = float32(math.Sin(a)), float32(math.Cos(a))
	}
	turn(0, day, 1)
	turn(2, day, 2)
	turn(4, hour, 1)
	turn(6, hour, 2)
	turn(8, 7*day, 1)
}
