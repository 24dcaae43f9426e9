package feature

import (
	"math"

	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// judged are the predictors whose recent errors are features; the first is
// persistence, that the others are compared with.
var judged = naive.Indices("last mean_30m median_30m median_1h median_2h ewm_10m ewm_40m" +
	" yesterday_smooth yesterday_moved_1h week_smooth days_median_smooth days_median_raw_moved_1h" +
	" days_mean_moved_1h hour hours_median_6 hours_median_24")

// skillCount is the number of features about recent errors.
const skillCount = 16

// trials is the number of past origins at which predictors are judged, and
// apart how many seconds lie between them.
const (
	trials = 4
	apart  = 5 * minute
)

// fillSkills computes how right predictors were of late: for each judged one
// the logarithm of its mean |error| over the last targets that are known, by
// persistence's, and of persistence its own by the scale.
func (r *Reader) fillSkills(dst []float32, ahead int64) {
	var sum [skillCount]float64
	n := 0
	gap := max(apart, r.recent.Step) / r.recent.Step * r.recent.Step
	for k := range int64(trials) {
		target := r.now - k*gap
		actual := r.recent.At(target)
		if math.IsNaN(actual) {
			continue
		}
		if !r.lookBack(target - ahead) {
			break
		}
		n++
		for i, p := range judged {
			x := r.past.Predict(p, ahead)
			if math.IsNaN(x) {
				x = r.past.Last()
			}
			sum[i] += math.Abs(actual - x)
		}
	}
	if n == 0 || !(sum[0] < math.MaxFloat64) {
		clear(dst)
		return
	}
	floor := 0.05*sum[0] + 0.01*float64(n)*r.scale
	dst[0] = float32(ratio(sum[0]/float64(n), r.scale))
	for i := 1; i < skillCount; i++ {
		dst[i] = float32(min(max(math.Log((sum[i]+floor)/(sum[0]+floor)), -3), 3))
	}
}

// lookBack makes r.past the view from a past origin; false where the recent
// part does not reach an hour before it.
func (r *Reader) lookBack(origin int64) bool {
	cells := r.recent.Index(origin) + 1
	if int64(cells)*r.recent.Step < hour {
		return false
	}
	recent := series.Series{Start: r.recent.Start, Step: r.recent.Step, Values: r.recent.Values[:cells]}
	long := r.long
	if len(long.Values) > 0 {
		// Only coarse cells whose time had passed.
		passed := (recent.End() - long.Start) / long.Step
		long.Values = long.Values[:max(0, min(passed, int64(len(long.Values))))]
	}
	r.past.Reset(recent, long, r.scratch)
	return true
}
