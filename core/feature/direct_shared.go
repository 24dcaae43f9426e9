package feature

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/stat"
)

// fillShared computes the inputs that are the same for every horizon.
func (d *Direct) fillShared(scratch *forecast.Scratch) {
	at := 0
	put := func(x float64) {
		d.shared[at] = x
		at++
	}
	put(1)
	for _, lag := range directLags {
		put(d.z(d.recent.At(d.now - lag)))
	}
	for _, half := range [...]int64{5 * minute, 10 * minute, 40 * minute} {
		put(d.z(d.ewm(half)))
	}
	for _, k := range [...]int{0, 2, 3, 4, 5} {
		put(d.z(d.meanOver(k)))
	}
	mark := scratch.Mark()
	buf := scratch.Floats(max(len(d.recent.Values), len(d.long.Values)))
	for k := 1; k < len(directSpans); k++ {
		put(d.z(d.medianOver(k, buf)))
	}
	scratch.Release(mark)
	smooth, n := d.smoothed(0)
	put(d.z(smooth[0]))
	put(d.z(stat.Median(observed(smooth[:], smooth[:n]))))
}

// observed copies the observed ones of values to dst and returns them.
func observed(dst, values []float64) []float64 {
	n := 0
	dst = dst[:len(values)]
	for _, x := range values {
		dst[n] = x
		if x == x {
			n++
		}
		if n == len(dst) {
			break
		}
	}
	return dst[:n]
}

// ewm returns the exponentially weighted mean over six half-lives of the recent
// part. Missing values have no weight. It runs four sums side by side, of every
// fourth cell.
func (d *Direct) ewm(half int64) float64 {
	x := tail(d.recent.Values, 6*half/d.recent.Step+1)
	keep := math.Exp2(-float64(d.recent.Step) / float64(half))
	keep2 := keep * keep
	keep4 := keep2 * keep2
	var s, w [4]float64
	for first := len(x) % 4; first > 0; first-- {
		// The oldest cells, before a multiple of four.
		for k := range s {
			s[k], w[k] = s[k]*keep, w[k]*keep
		}
		if v := x[0]; v == v {
			s[3] += v
			w[3]++
		}
		x = x[1:]
	}
	// Sum k holds the cells of which k more come before the newest of its four.
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	for len(x) >= 4 {
		a, b, c, e := x[0], x[1], x[2], x[3]
		x = x[4:]
		s0, s1, s2, s3 = s0*keep4, s1*keep4, s2*keep4, s3*keep4
		w0, w1, w2, w3 = w0*keep4, w1*keep4, w2*keep4, w3*keep4
		if a == a {
			s0 += a
			w0++
		}
		if b == b {
			s1 += b
			w1++
		}
		if c == c {
			s2 += c
			w2++
		}
		if e == e {
			s3 += e
			w3++
		}
	}
	sum := s3 + keep*(s2+keep*(s1+keep*s0))
	weight := w3 + keep*(w2+keep*(w1+keep*w0))
	if weight == 0 {
		return math.NaN()
	}
	return sum / weight
}

// trailing returns the cells of the last span of seconds: of the recent part up
// to an hour or where there is no long part, else of the long one.
func (d *Direct) trailing(span int64) []float64 {
	if span <= hour || len(d.long.Values) == 0 {
		return d.newest(span)
	}
	end := d.now + d.recent.Step
	return d.longCells(d.long.Index(end-span), d.long.Index(end-1)+1)
}

// newest returns the recent part's cells of the last span of seconds, the oldest
// of which may reach back further.
func (d *Direct) newest(span int64) []float64 {
	return tail(d.recent.Values, (span+d.recent.Step-1)/d.recent.Step)
}

// longCells returns the long part's cells [lo, hi) as far as they are there.
func (d *Direct) longCells(lo, hi int) []float64 {
	lo, hi = max(lo, 0), min(hi, len(d.long.Values))
	if lo >= hi {
		return nil
	}
	return d.long.Values[lo:hi]
}

// levels computes the means of the hour that ends at the origin, today and on
// each of the last days.
func (d *Direct) levels() {
	d.level[0] = meanOf(d.newest(hour))
	if len(d.long.Values) == 0 {
		for k := 1; k <= days; k++ {
			d.level[k], d.ratio[k] = math.NaN(), math.NaN()
		}
		return
	}
	end := d.now + d.recent.Step
	lo, hi := d.long.Index(end-hour), d.long.Index(end-1)+1
	for k := 1; k <= days; k++ {
		if d.perDay > 0 {
			lo, hi = lo-d.perDay, hi-d.perDay
		} else {
			back := int64(k) * day
			lo, hi = d.long.Index(end-back-hour), d.long.Index(end-back-1)+1
		}
		d.level[k] = meanOf(d.longCells(lo, hi))
		d.ratio[k] = math.NaN()
		if d.level[0]*d.level[k] > 0 {
			d.ratio[k] = min(max(d.level[0]/d.level[k], 0.2), 5)
		}
	}
}
