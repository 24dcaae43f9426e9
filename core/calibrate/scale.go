package calibrate

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/series"
)

// parts are the measures of recent volatility that scales are blended from, in
// the unit of the metric.
const (
	partRun    = iota // a constant: the mean |error| when the model was calibrated
	partHours         // mean |change over the horizon| of the last two hours
	partRecent        // of the last six hours, or of all the recent part
	partDay           // of the last day, from the long part
	partLong          // of all the long part
	partOff           // distance of the last value from the median of the last hour
	partSpread        // half the model's own central 80 % interval
	partMove          // distance of the gated point forecast from the last value
	partCount
)

// A blend is the weights of the parts that make a scale.
type blend [partCount]float64

// blends are the scales that calibration chooses from. Each holds a little of
// the constant, so that a window without changes does not give an interval of
// no width. Checkpoints hold the weights themselves.
var blends = []blend{
	{partRun: 1},
	{partRun: 0.1, partLong: 1},
	{partRun: 0.1, partDay: 0.5, partLong: 0.5},
	{partRun: 0.1, partRecent: 0.5, partLong: 0.5},
	{partRun: 0.1, partHours: 0.5, partLong: 0.5},
	{partRun: 0.1, partHours: 0.25, partRecent: 0.25, partDay: 0.25, partLong: 0.25},
	{partRun: 0.1, partHours: 0.5, partRecent: 0.5},
	{partRun: 0.5, partRecent: 0.5},
	{partRun: 0.5, partDay: 0.5},
	{partRun: 0.1, partDay: 0.5, partLong: 0.5, partOff: 0.5},
	{partRun: 0.1, partHours: 0.25, partRecent: 0.25, partDay: 0.25, partLong: 0.25, partOff: 0.5},
	{partRun: 0.5, partOff: 0.5},
	{partRun: 0.05, partSpread: 1},
	{partRun: 0.1, partSpread: 0.6, partHours: 0.2, partLong: 0.2},
	{partRun: 0.3, partSpread: 0.7},
	{partRun: 0.1, partHours: 0.25, partRecent: 0.25, partDay: 0.25, partLong: 0.25, partMove: 0.5},
	{partRun: 0.1, partDay: 0.5, partLong: 0.5, partMove: 0.5},
	{partRun: 0.5, partMove: 0.5},
	{partRun: 0.05, partSpread: 1, partMove: 0.5},
	{partRun: 0.1, partHours: 0.25, partRecent: 0.25, partDay: 0.25, partLong: 0.25, partMove: 1},
	{partRun: 0.1, partLong: 0.5, partMove: 1},
	{partRun: 0.05, partSpread: 1, partMove: 1},
}

// ofModel reports whether the scale takes the model's forecast.
func (b *blend) ofModel() bool { return b[partSpread] != 0 }

// ofWindow reports whether the scale takes the window's volatility.
func (b *blend) ofWindow() bool {
	for k := partHours; k <= partOff; k++ {
		if b[k] != 0 {
			return true
		}
	}
	return false
}

// spread returns half of the central 80 % interval of a horizon of a model's
// forecast.
func spread(f *forecast.Forecast, h *forecast.Horizon) float64 {
	s := (f.Quantile(h, 0.9) - f.Quantile(h, 0.1)) / 2
	if !(s >= 0) || math.IsInf(s, 0) {
		return 0
	}
	return s
}

// volatility fills parts with the window's measures for a horizon, ahead
// seconds; partRun, partSpread and partMove are left as they are. A measure that the window
// does not hold is that of the next longer or shorter span that it does.
func volatility(parts *[partCount]float64, recent, long series.Series, ahead int64, scratch *forecast.Scratch) {
	r := recent.Values
	lag := int(ahead / recent.Step)
	parts[partHours] = meanChange(tail(r, int(2*3600/recent.Step)+lag), lag)
	parts[partRecent] = meanChange(tail(r, int(6*3600/recent.Step)+lag), lag)
	if long.Len() > 1 {
		longLag := int(max((ahead+long.Step/2)/long.Step, 1))
		parts[partDay] = meanChange(tail(long.Values, int(24*3600/long.Step)+longLag), longLag)
		parts[partLong] = meanChange(long.Values, longLag)
	} else {
		parts[partDay], parts[partLong] = math.NaN(), math.NaN()
	}
	for k := partRecent; k <= partLong; k++ {
		if math.IsNaN(parts[k]) {
			parts[k] = parts[k-1]
		}
	}
	if math.IsNaN(parts[partLong]) {
		parts[partLong] = shorterChange(r, lag)
	}
	for k := partLong; k >= partHours; k-- {
		if math.IsNaN(parts[k]) {
			parts[k] = 0
			if k < partLong {
				parts[k] = parts[k+1]
			}
		}
	}
	parts[partOff] = off(r, recent.Step, scratch)
}

// tail returns the last n of values, or all.
func tail(values []float64, n int) []float64 { return values[max(0, len(values)-n):] }

// meanChange returns the mean |values[i]-values[i-lag]| over the i where both
// are observed, NaN where there are none.
func meanChange(values []float64, lag int) float64 {
	sum, n := stat.Changes(values, lag)
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// shorterChange returns the mean |change| over the lag as that over a shorter
// one tells, where the values do not reach over the lag: as of a random walk,
// it grows with the square root of time.
func shorterChange(values []float64, lag int) float64 {
	for l := lag / 2; l >= 1; l /= 2 {
		if m := meanChange(values, l); !math.IsNaN(m) {
			return m * math.Sqrt(float64(lag)/float64(l))
		}
	}
	return math.NaN()
}

// off returns the distance of the last observed value from the median of the
// last hour, 0 where there is none.
func off(values []float64, step int64, scratch *forecast.Scratch) float64 {
	values = tail(values, int(max(3600/step, 3)))
	mark := scratch.Mark()
	defer scratch.Release(mark)
	buf := scratch.Floats(len(values))
	n, last := 0, math.NaN()
	for _, x := range values {
		if !math.IsNaN(x) {
			buf[n] = x
			n++
			last = x
		}
	}
	if n == 0 {
		return 0
	}
	sortFloats(buf[:n])
	return math.Abs(last - quantile(buf[:n], 0.5))
}

// scale returns the blend of the parts, at least the smallest positive number
// so that it can be divided by.
func (b *blend) scale(parts *[partCount]float64) float64 {
	s := 0.0
	for k, w := range b {
		s += w * parts[k]
	}
	if s > 0 && !math.IsInf(s, 0) {
		return s
	}
	return math.SmallestNonzeroFloat64
}
