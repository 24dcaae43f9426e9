package arima

import "math"

// A Season is the part of a series that repeats with the calendar, fixed when
// the model was fitted: harmonics, or a profile over one period. Times are
// Unix seconds, so it keeps its phase in any window. The zero value is none.
type Season struct {
	// Period is the length of the profile's or the harmonics' cycle, in seconds.
	Period int64
	// Cos and Sin are the coefficients of the harmonics 1, 2, ….
	Cos, Sin []float64
	// Profile are the values at equal steps through the period, from Unix
	// time 0 on.
	Profile []float64
}

// None reports whether there is no seasonal part.
func (s *Season) None() bool { return len(s.Cos) == 0 && len(s.Profile) == 0 }

// At returns the seasonal part at the Unix second t.
func (s *Season) At(t int64) float64 {
	if s.None() {
		return 0
	}
	phase := t % s.Period
	if phase < 0 {
		phase += s.Period
	}
	if n := len(s.Profile); n > 0 {
		return s.Profile[phase*int64(n)/s.Period]
	}
	// Chebyshev's recursion for the multiples of the angle.
	sin, cos := math.Sincos(2 * math.Pi * float64(phase) / float64(s.Period))
	v, c, d := 0.0, 1.0, 0.0
	for k := range s.Cos {
		c, d = c*cos-d*sin, d*cos+c*sin
		v += s.Cos[k]*c + s.Sin[k]*d
	}
	return v
}
