package naive

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
)

// kind is the way a predictor computes its forecast.
type kind uint8

const (
	kindLast       kind = iota
	kindDrift           // the last value plus the slope over span, from the means of its halves
	kindMean            // mean of the last span
	kindMedian          // median of the last span
	kindEWM             // exponentially weighted mean with half-life span
	kindPeriod          // value one period before the target
	kindPeriodMean      // mean of the values whole periods before the target
	kindPeriodMed       // median of them
)

// level says how a seasonal predictor is moved to today's level.
type level uint8

const (
	levelNone  level = iota
	levelLast        // by the last value less the season's value at the origin
	levelSpan        // by the mean of the last span less the season's over it
	levelRatio       // by their ratio
)

// A rule is one predictor.
type rule struct {
	name   string
	kind   kind
	span   int64 // seconds: of the mean, the half-life …
	period int64 // seconds, of seasonal kinds
	n      int   // periods that seasonal kinds look back
	smooth int64 // half width in seconds over which seasonal values are smoothed; 0 = raw
	level  level
}

// rules are the predictors. Checkpoints name them, so a name keeps its meaning.
var rules = [...]rule{
	{name: "last", kind: kindLast},
	{name: "drift_30m", kind: kindDrift, span: 30 * minute},
	{name: "drift_2h", kind: kindDrift, span: 2 * hour},
	{name: "mean_15m", kind: kindMean, span: 15 * minute},
	{name: "mean_30m", kind: kindMean, span: 30 * minute},
	{name: "mean_1h", kind: kindMean, span: hour},
	{name: "mean_2h", kind: kindMean, span: 2 * hour},
	{name: "mean_6h", kind: kindMean, span: 6 * hour},
	{name: "mean_24h", kind: kindMean, span: day},
	{name: "median_15m", kind: kindMedian, span: 15 * minute},
	{name: "median_30m", kind: kindMedian, span: 30 * minute},
	{name: "median_1h", kind: kindMedian, span: hour},
	{name: "median_2h", kind: kindMedian, span: 2 * hour},
	{name: "median_6h", kind: kindMedian, span: 6 * hour},
	{name: "median_24h", kind: kindMedian, span: day},
	{name: "ewm_5m", kind: kindEWM, span: 5 * minute},
	{name: "ewm_10m", kind: kindEWM, span: 10 * minute},
	{name: "ewm_20m", kind: kindEWM, span: 20 * minute},
	{name: "ewm_40m", kind: kindEWM, span: 40 * minute},
	{name: "ewm_2h", kind: kindEWM, span: 2 * hour},
	{name: "yesterday", kind: kindPeriod, period: day, n: 1},
	{name: "yesterday_smooth", kind: kindPeriod, period: day, n: 1, smooth: 15 * minute},
	{name: "yesterday_moved", kind: kindPeriod, period: day, n: 1, smooth: 15 * minute, level: levelLast},
	{name: "yesterday_moved_1h", kind: kindPeriod, period: day, n: 1, smooth: 15 * minute, level: levelSpan, span: hour},
	{name: "week", kind: kindPeriod, period: 7 * day, n: 1},
	{name: "week_smooth", kind: kindPeriod, period: 7 * day, n: 1, smooth: 15 * minute},
	{name: "week_moved_1h", kind: kindPeriod, period: 7 * day, n: 1, smooth: 15 * minute, level: levelSpan, span: hour},
	{name: "days_mean", kind: kindPeriodMean, period: day, n: 7},
	{name: "days_mean_smooth", kind: kindPeriodMean, period: day, n: 7, smooth: 15 * minute},
	{name: "days_mean_moved", kind: kindPeriodMean, period: day, n: 7, smooth: 15 * minute, level: levelLast},
	{name: "days_mean_moved_1h", kind: kindPeriodMean, period: day, n: 7, smooth: 15 * minute, level: levelSpan, span: hour},
	{name: "days_mean_raw_moved_1h", kind: kindPeriodMean, period: day, n: 7, level: levelSpan, span: hour},
	{name: "days_median", kind: kindPeriodMed, period: day, n: 7},
	{name: "days_median_smooth", kind: kindPeriodMed, period: day, n: 7, smooth: 15 * minute},
	{name: "days_median_moved_1h", kind: kindPeriodMed, period: day, n: 7, smooth: 15 * minute, level: levelSpan, span: hour},
	{name: "days_median_raw_moved_1h", kind: kindPeriodMed, period: day, n: 7, level: levelSpan, span: hour},
	{name: "days_median_raw_moved_6h", kind: kindPeriodMed, period: day, n: 7, level: levelSpan, span: 6 * hour},
	{name: "days_median_raw_moved_24h", kind: kindPeriodMed, period: day, n: 7, level: levelSpan, span: day},
	{name: "yesterday_scaled_1h", kind: kindPeriod, period: day, n: 1, smooth: 15 * minute, level: levelRatio, span: hour},
	{name: "week_scaled_1h", kind: kindPeriod, period: 7 * day, n: 1, smooth: 15 * minute, level: levelRatio, span: hour},
	{name: "days_median_scaled_1h", kind: kindPeriodMed, period: day, n: 7, smooth: 15 * minute, level: levelRatio, span: hour},
	{name: "days_median_scaled_30m", kind: kindPeriodMed, period: day, n: 7, smooth: 15 * minute, level: levelRatio, span: 30 * minute},
	{name: "days_median_raw_scaled_1h", kind: kindPeriodMed, period: day, n: 7, level: levelRatio, span: hour},
	{name: "hour", kind: kindPeriod, period: hour, n: 1},
	{name: "hours_median_6", kind: kindPeriodMed, period: hour, n: 6},
	{name: "hours_median_24", kind: kindPeriodMed, period: hour, n: 24},
	{name: "hours_mean_6", kind: kindPeriodMean, period: hour, n: 6},
	{name: "hours_mean_24", kind: kindPeriodMean, period: hour, n: 24},
	{name: "hours_median_24_moved_1h", kind: kindPeriodMed, period: hour, n: 24, level: levelSpan, span: hour},
}

const count = len(rules)

// Count is the number of predictors.
const Count = count

// Fill sets dst[i] to the forecast of predictor i for the cell that begins
// ahead seconds after the origin: NaN where the window does not hold what the
// predictor needs. It panics where dst is not of length Count.
func (v *View) Fill(dst []float64, ahead int64) {
	if len(dst) != count {
		panic("naive: destination is not of length Count")
	}
	for i := range dst {
		dst[i] = v.predict(i, ahead)
	}
}

// predict returns the forecast of predictor i.
func (v *View) predict(i int, ahead int64) float64 {
	r := &rules[i]
	if r.period > 0 {
		return v.seasonal(r, ahead)
	}
	if r.kind == kindDrift {
		return v.drift(r.span, ahead)
	}
	if !v.known[i] {
		v.memo[i], v.known[i] = v.levelOf(r), true
	}
	return v.memo[i]
}

// levelOf returns a forecast that is the same for every horizon.
func (v *View) levelOf(r *rule) float64 {
	switch r.kind {
	case kindMean:
		return mean(v.trailing(r.span, 0))
	case kindMedian:
		return v.median(v.trailing(r.span, 0))
	case kindEWM:
		return v.ewm(r.span)
	}
	return v.last
}

// ewm returns the exponentially weighted mean of the recent part; missing
// values have no weight.
func (v *View) ewm(half int64) float64 {
	keep := math.Exp2(-float64(v.recent.Step) / float64(half))
	sum, weight := 0.0, 0.0
	for _, x := range v.recent.Values {
		sum *= keep
		weight *= keep
		if !math.IsNaN(x) {
			sum += x
			weight++
		}
	}
	if weight == 0 {
		return math.NaN()
	}
	return sum / weight
}

// drift returns the last value moved on by the slope between the means of the
// two halves of the last span.
func (v *View) drift(span, ahead int64) float64 {
	half := span / 2
	slope := (mean(v.trailing(half, 0)) - mean(v.trailing(half, half))) / float64(half)
	return v.last + slope*float64(ahead+v.now-v.lastAt)
}

// seasonal returns a forecast from values whole periods before the target.
func (v *View) seasonal(r *rule, ahead int64) float64 {
	// The first whole number of periods that leads back to the origin or before.
	first := (ahead + r.period - 1) / r.period
	var buf [32]float64
	n := 0
	for k := first; k < first+int64(r.n); k++ {
		x := v.season(r, v.now+ahead-k*r.period)
		if r.level == levelSpan {
			x -= mean(v.trailing(r.span, k*r.period))
		} else if r.level == levelRatio {
			a, b := mean(v.trailing(r.span, 0)), mean(v.trailing(r.span, k*r.period))
			if a*b <= 0 {
				x = math.NaN()
			} else {
				x *= min(max(a/b, .2), 5)
			}
		} else if r.level == levelLast {
			x -= v.season(r, v.now-k*r.period)
		}
		if !math.IsNaN(x) {
			buf[n] = x
			n++
		}
	}
	x := math.NaN()
	if r.kind == kindPeriodMed {
		x = stat.Median(buf[:n])
	} else if n > 0 {
		x = mean(buf[:n])
	}
	switch r.level {
	case levelSpan:
		x += mean(v.trailing(r.span, 0))
	case levelLast:
		x += v.last
	}
	return x
}

// season returns the value at t, smoothed where the rule says so.
func (v *View) season(r *rule, t int64) float64 {
	if r.smooth > 0 {
		return v.around(t, r.smooth)
	}
	return v.at(t)
}

// needsLong reports whether the predictor looks back further than the recent
// part of a window reaches.
func (r *rule) needsLong() bool {
	return r.span > 6*hour || r.period*int64(r.n) > 6*hour
}

// lacks returns the reasons that a forecast by the predictor has where the window
// does not reach so far back.
func (r *rule) lacks() forecast.Reasons {
	switch {
	case r.period == hour:
		return forecast.NoHour
	case r.period == 7*day:
		return forecast.NoWeek
	case r.period == day && r.n > 1:
		return forecast.NoDay | forecast.NoWeek
	case r.period == day:
		return forecast.NoDay
	}
	return 0
}
