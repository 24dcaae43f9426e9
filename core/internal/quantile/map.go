package quantile

import "math"

// A Map turns quantiles at some levels into those at others: between two levels
// by what would be exact of a normal distribution, beyond the outermost as if
// the tail were a normal one.
type Map struct {
	from   []int     // the lower of the two source levels
	toward []float64 // 0 at the lower one, 1 at the upper; outside it beyond the ends
	one    bool      // there is a single source level
}

// NewMap returns the map between ascending levels in (0,1).
func NewMap(source, target []float64) *Map {
	m := &Map{one: len(source) == 1}
	z := func(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
	for _, p := range target {
		i := 0
		for i+2 < len(source) && p > source[i+1] {
			i++
		}
		toward := 0.0
		if !m.one {
			a, b := z(source[i]), z(source[i+1])
			toward = (z(p) - a) / (b - a)
		}
		m.from, m.toward = append(m.from, i), append(m.toward, toward)
	}
	return m
}

// Apply sets dst, one for each target level, from quantiles at the source
// levels.
func (m *Map) Apply(dst, q []float64) {
	for k, i := range m.from {
		dst[k] = q[i]
		if !m.one && m.toward[k] != 0 {
			dst[k] += m.toward[k] * (q[i+1] - q[i])
		}
	}
}
