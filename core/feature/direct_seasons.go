package feature

import (
	"math"

	"github.com/foretide/foretide/core/internal/stat"
)

// Fill computes the inputs of a horizon, ahead seconds after the origin, in the
// window's scale about its last value. It panics where dst is not of length
// DirectCount. All inputs are finite, and within ±1e6.
func (d *Direct) Fill(dst []float64, ahead int64) {
	if len(dst) != DirectCount {
		panic("feature: destination is not of length DirectCount")
	}
	copy(dst, d.shared[:])
	dst = dst[directShared:]

	smooth, n := d.smoothed(ahead)
	raw := d.raw(ahead)
	dst[0] = d.z(smooth[0])
	dst[1] = d.z(raw[0])
	dst[2] = d.z(smooth[0] - d.level[1] + d.level[0])
	var buf [days]float64
	dst[3] = d.z(stat.Median(observed(buf[:], raw[:])))
	dst[4] = d.z(stat.Median(observed(buf[:], smooth[:n])))
	sum, m := 0.0, 0
	for k, x := range smooth[:n] {
		if v := x - d.level[k+1]; v == v {
			sum += v
			m++
		}
	}
	dst[5] = d.z(over(sum, m, math.NaN()) + d.level[0])
	var other [days]float64
	for k, x := range raw {
		other[k] = x - d.level[k+1]
	}
	dst[6] = d.z(stat.Median(observed(buf[:], other[:])) + d.level[0])
	for k, x := range raw {
		other[k] = x * d.ratio[k+1]
	}
	dst[7] = d.z(stat.Median(observed(buf[:], other[:])))
	for k, x := range smooth[:n] {
		other[k] = x * d.ratio[k+1]
	}
	dst[8] = d.z(stat.Median(observed(buf[:], other[:n])))
	d.hourly(dst[9:], ahead)
}

// hourly sets dst to the inputs of the last hours at the minute of a target.
func (d *Direct) hourly(dst []float64, ahead int64) {
	var at, buf [hours]float64
	d.hours(&at, ahead)
	dst[0] = d.z(at[0])
	dst[1] = d.z(stat.Median(observed(buf[:], at[:6])))
	dst[2] = d.z(stat.Median(observed(buf[:], at[:])))
	dst[3] = d.z(meanOf(at[:]))
}

// A place is a moment in the long part: between the centres of a cell and the
// next, and how far from the one to the other.
type place struct {
	cell   int
	toward float64
}

// place returns where the full-step cell that begins at t lies.
func (d *Direct) place(t int64) place {
	x := t + d.recent.Step/2 - d.long.Step/2
	i := d.long.Index(x)
	return place{i, float64(x-d.long.Time(i)) / float64(d.long.Step)}
}

// value returns the long part's value at a place, interpolated; NaN where it is
// not known.
func (d *Direct) value(p place) float64 {
	if p.cell < -1 || p.cell >= len(d.long.Values) {
		return math.NaN()
	}
	a, b := math.NaN(), math.NaN()
	if p.cell >= 0 {
		a = d.long.Values[p.cell]
	}
	if p.cell+1 < len(d.long.Values) {
		b = d.long.Values[p.cell+1]
	}
	switch {
	case p.toward == 0 || b != b && p.toward < 0.75:
		return a
	case a != a && p.toward > 0.25:
		return b
	}
	return a + p.toward*(b-a)
}

// raw returns the values of the last days at the time of a target, the newest
// first; NaN where they are not known.
func (d *Direct) raw(ahead int64) (out [days]float64) {
	if len(d.long.Values) == 0 {
		for k := range out {
			out[k] = math.NaN()
		}
		return out
	}
	first := (ahead + day - 1) / day
	p := d.place(d.now + ahead - first*day)
	for k := range out {
		if k > 0 && d.perDay > 0 {
			p.cell -= d.perDay
		} else if k > 0 {
			p = d.place(d.now + ahead - (first+int64(k))*day)
		}
		out[k] = d.value(p)
	}
	return out
}

// smoothed returns the means within a quarter of an hour around the time of a
// target on each of the last days, the newest first: the first n of them, which
// may be NaN.
func (d *Direct) smoothed(ahead int64) (out [days]float64, n int) {
	if len(d.long.Values) == 0 {
		out[0] = math.NaN()
		return out, 0
	}
	const half = 15 * minute
	first := max((ahead+day-1)/day, 1)
	c := d.now + ahead - first*day + d.recent.Step/2 - d.long.Step/2
	lo, hi := d.long.Index(c-half+d.long.Step-1), d.long.Index(c+half)
	for k := range days {
		if k > 0 && d.perDay > 0 {
			lo, hi = lo-d.perDay, hi-d.perDay
		} else if k > 0 {
			back := int64(k) * day
			lo, hi = d.long.Index(c-back-half+d.long.Step-1), d.long.Index(c-back+half)
		}
		out[k] = meanOf(d.longCells(lo, hi+1))
	}
	return out, days
}

// hours sets dst to the values at the minute of a target in each of the last
// hours, the newest first: of the recent part where it reaches, else of the long
// one, NaN where they are not known.
func (d *Direct) hours(dst *[hours]float64, ahead int64) {
	first := (ahead + hour - 1) / hour
	t := d.now + ahead - first*hour
	k := 0
	if i := d.recent.Index(t); d.perHour > 0 {
		for ; k < hours && i >= 0; k++ {
			dst[k] = math.NaN()
			if i < len(d.recent.Values) {
				dst[k] = d.recent.Values[i]
			}
			i -= d.perHour
		}
	} else {
		for ; k < hours && t-int64(k)*hour >= d.recent.Start; k++ {
			dst[k] = d.recent.At(t - int64(k)*hour)
		}
	}
	var p place
	for first := true; k < hours; k++ {
		switch {
		case len(d.long.Values) == 0:
			dst[k] = math.NaN()
			continue
		case first || d.longPerHour == 0:
			p = d.place(t - int64(k)*hour)
			first = false
		default:
			p.cell -= d.longPerHour
		}
		dst[k] = d.value(p)
	}
}
