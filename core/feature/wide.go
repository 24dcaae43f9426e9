package feature

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
	"github.com/foretide/foretide/core/series"
)

// WideCount is the number of inputs that Wide.Fill puts into dst, WideSkip of
// those into skip.
const (
	WideCount = wideShared + wideOwn
	WideSkip  = DirectCount - 1
)

// wideLags are the ages in seconds of values that Direct does not have.
var wideLags = [...]int64{20 * minute, 45 * minute}

// wideSpans are those over which extremes and volatility are inputs.
var wideSpans = [...]int64{30 * minute, 2 * hour, 6 * hour}

const (
	// Those that are the same for every horizon: Direct's; lags; least and
	// greatest value over spans and how it moved; those of the day; the last
	// value itself, whether it is zero, its age, how much of the last hour is
	// missing; whether the past does not reach a day back, and a week; how far
	// the last hour was from the hour before, the day before and the week
	// before.
	wideShared = directShared - 1 + len(wideLags) + 3*len(wideSpans) + 2 + 4 + 2 + 3
	// Those of a horizon: Direct's; how far the values of the last hour were
	// from those a horizon before; the time of the target; the horizon.
	wideOwn = DirectCount - directShared + 1 + wideClock + 2
	// Sine and cosine of the time of day, of twice that, of the hour, and of
	// twice that.
	wideClock = 8
)

// A Wide computes the inputs of the networks that serve any step and horizon,
// from one window after another: Direct's, squashed, and more about how the
// metric moves. What horizons share is computed once. It does not allocate, and
// is not safe for concurrent use.
type Wide struct {
	Direct
	common [wideShared]float32
	inputs [DirectCount]float64
}

// Reset prepares w for a metric's series in a window, as Window.Check returns
// them. Temporary slices are taken from scratch and given back.
func (w *Wide) Reset(recent, long series.Series, scratch *forecast.Scratch) {
	w.Direct.Reset(recent, long, scratch)
	at := 0
	put := func(x float64) {
		if x != x {
			x = 0
		}
		w.common[at] = float32(x)
		at++
	}
	for _, z := range w.shared[1:] {
		put(Squash(z))
	}
	for _, lag := range wideLags {
		put(Squash(w.z(recent.At(w.now - lag))))
	}
	for _, span := range wideSpans {
		cells := w.trailing(span)
		lo, hi := extremes(cells)
		put(Squash(w.z(lo)))
		put(Squash(w.z(hi)))
		apart := 1 // cells of about five minutes
		if span <= hour || len(long.Values) == 0 {
			apart = int(max(5*minute/recent.Step, 1))
		}
		sum, n := stat.Changes(cells, apart)
		put(w.usual(over(sum, n, math.NaN())))
	}
	lo, hi := extremes(w.trailing(day))
	put(Squash(w.z(lo)))
	put(Squash(w.z(hi)))
	put(Squash(w.last / w.scale))
	put(indicator(w.last == 0))
	put(Squash(float64(ageOf(recent)) / float64(5*minute)))
	put(missing(w.newest(hour)))
	reach := reachOf(recent, long)
	put(indicator(reach < day))
	put(indicator(reach < 7*day))
	for _, back := range [...]int64{hour, day, 7 * day} {
		put(w.usual(w.distance(back)))
	}
}

// Fill computes the inputs of a horizon, ahead seconds after the origin: skip is
// Direct's but the constant, held within ±30, for a linear map; dst the same,
// squashed, and the others. It panics where they are not of length WideSkip and
// WideCount. All inputs are finite.
func (w *Wide) Fill(dst, skip []float32, ahead int64) {
	if len(dst) != WideCount || len(skip) != WideSkip {
		panic("feature: destination is not of length WideCount or WideSkip")
	}
	w.Direct.Fill(w.inputs[:], ahead)
	for i, z := range w.inputs[1:] {
		skip[i] = float32(min(max(z, -skipLimit), skipLimit))
	}
	copy(dst, w.common[:])
	dst = dst[wideShared:]
	for i, z := range w.inputs[directShared:] {
		dst[i] = float32(Squash(z))
	}
	dst = dst[DirectCount-directShared:]
	dst[0] = 0
	if x := w.usual(w.distance(ahead)); x == x {
		dst[0] = float32(x)
	}
	var clock [calendarCount]float32
	fillCalendar(clock[:], w.now+ahead)
	copy(dst[1:], clock[:wideClock])
	dst[1+wideClock] = float32(math.Log(float64(ahead) / float64(15*minute)))
	dst[2+wideClock] = float32(float64(ahead) / float64(30*minute))
}

// usual returns the logarithm of a mean change by the scale, within ±5.
func (w *Wide) usual(change float64) float64 { return ratio(change, w.scale) }

// distance returns the mean distance between the values of the last hour, five
// minutes apart, and those so many seconds before each, NaN where none is known.
func (w *Wide) distance(back int64) float64 {
	const looks = 12
	every := max(int64(5*minute)/w.recent.Step, 1)
	i := int64(len(w.recent.Values) - 1)
	sum, n := 0.0, 0
	var p place
	inLong := back >= w.recent.Step*int64(len(w.recent.Values))
	if inLong {
		if len(w.long.Values) == 0 {
			return math.NaN()
		}
		p = w.place(w.now - back)
	}
	for k := int64(0); k < looks && i >= 0; k++ {
		before := math.NaN()
		switch {
		case !inLong:
			if j := i - back/w.recent.Step; j >= 0 {
				before = w.recent.Values[j]
			}
		case every*w.recent.Step == w.long.Step:
			before = w.value(p)
			p.cell--
		default:
			before = w.value(w.place(w.recent.Time(int(i)) - back))
		}
		if d := math.Abs(w.recent.Values[i] - before); d == d {
			sum += d
			n++
		}
		i -= every
	}
	return over(sum, n, math.NaN())
}
