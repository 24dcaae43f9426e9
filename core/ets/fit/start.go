package fit

import (
	"math"

	"github.com/foretide/foretide/core/ets"
)

// A seed is where the initial states of the forms with a kind of season start
// from.
type seed struct {
	ok           bool
	least        float64 // smallest value
	level, slope float64 // before the first value
	seasons      []float64
	scale        float64 // typical change from value to value, without the season
}

// seasonsSeen is how many periods the first guess of the seasons is made of.
const seasonsSeen = 5

// seeds sets the seeds of the three kinds of season.
func (s *searcher) seeds() {
	for i := range s.seed {
		d := &s.seed[i]
		kind := ets.Season(i)
		if kind != ets.NoSeason && (s.size < 2 || len(s.y) < 2*s.size) || kind == ets.Multiplies && s.seed[0].least <= 0 {
			continue
		}
		d.seasons = make([]float64, s.size)
		if kind != ets.NoSeason && !s.seasons(d.seasons, kind) {
			continue
		}
		d.ok = true
		s.line(d, kind)
	}
}

// seasons sets dst to the mean of what the first periods' values have above, or
// as multiples of, their period's mean. It is false where a phase has none.
func (s *searcher) seasons(dst []float64, kind ets.Season) bool {
	m := s.size
	counts := make([]float64, m)
	for k := 0; k < seasonsSeen && (k+1)*m <= len(s.y); k++ {
		period := s.y[k*m : k*m+m]
		mean, n := 0.0, 0.0
		for _, v := range period {
			if v == v {
				mean += v
				n++
			}
		}
		if mean /= n; n < float64(m+1)/2 {
			continue
		}
		for i, v := range period {
			if v != v {
				continue
			}
			counts[i]++
			if kind == ets.Multiplies {
				dst[i] += v / mean
			} else {
				dst[i] += v - mean
			}
		}
	}
	mean := 0.0
	for i, n := range counts {
		if n == 0 {
			return false
		}
		dst[i] /= n
		mean += dst[i] / float64(m)
	}
	for i := range dst {
		if kind == ets.Multiplies {
			dst[i] = max(dst[i]/mean, 0.01)
		} else {
			dst[i] -= mean
		}
	}
	return true
}

// line sets level and slope to those of a line through the first values, less
// their season, and the scale to the root mean square of the changes.
func (s *searcher) line(d *seed, kind ets.Season) {
	rest := func(i int) float64 {
		switch v := s.y[i]; kind {
		case ets.Adds:
			return v - d.seasons[i%s.size]
		case ets.Multiplies:
			return v / d.seasons[i%s.size]
		default:
			return v
		}
	}
	d.least = math.Inf(1)
	first := max(10, 2*s.size)
	var n, x, y, xx, xy, changes, squares float64
	last := math.NaN()
	for i := range s.y {
		v := rest(i)
		if v != v {
			continue
		}
		d.least = min(d.least, s.y[i])
		if n < float64(first) {
			t := float64(i + 1)
			n, x, y, xx, xy = n+1, x+t, y+v, xx+t*t, xy+t*v
		}
		if last == last {
			changes++
			squares += (v - last) * (v - last)
		}
		last = v
	}
	d.level = y / n
	if det := n*xx - x*x; det > 0 {
		d.slope = (n*xy - x*y) / det
	}
	d.scale = math.Sqrt(squares / changes)
	if !(d.scale > 0) {
		d.scale = 1
	}
}
