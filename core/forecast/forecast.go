package forecast

import "math"

// DefaultLevels are the quantile probabilities that forecasts have unless a
// configuration says otherwise: the median and the bounds of central 50, 80,
// 90 and 95 % intervals.
func DefaultLevels() []float64 {
	return []float64{0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975}
}

// A Forecast is the quantile forecast of one metric made at one origin. It is
// meant to be reused: Fitted.Forecast overwrites it without allocating. It is
// not safe for concurrent use.
type Forecast struct {
	Container string
	Metric    string
	Origin    int64     // Unix seconds at which the window's last cell begins
	Levels    []float64 // quantile probabilities, ascending; shared, do not modify
	At        []Horizon // one for each horizon, ascending

	scratch   Scratch
	subs      []*Forecast
	workspace any
}

// A Horizon is the forecast for one time ahead: the mean of the cell that
// begins at Origin + Ahead.
type Horizon struct {
	Ahead     int64 // seconds after the origin
	Mean      float64
	Quantiles []float64 // one for each of Forecast.Levels, never decreasing
	Model     string    // the family that made it
	Detail    string    // how, for people: "ARIMA(2,1,2)", "median of 24 h × 0.7"
	Reasons   Reasons
	// Parts are the medians of the models that a combination is made of, in their
	// order; empty otherwise.
	Parts []float64
}

// Reset prepares f for a forecast of the spec from the window: every horizon
// is there, with NaN for its numbers and no reason. It keeps f's storage.
func (f *Forecast) Reset(spec *Spec, w *Window) {
	f.Container, f.Metric = w.Recent.Container, spec.Metric
	f.Origin, f.Levels = w.Origin(), spec.Levels
	f.scratch.off = 0
	if cap(f.At) < len(spec.Horizons) {
		f.At = append(f.At[:cap(f.At)], make([]Horizon, len(spec.Horizons)-cap(f.At))...)
	}
	f.At = f.At[:len(spec.Horizons)]
	for i := range f.At {
		h := &f.At[i]
		q := h.Quantiles
		if cap(q) < len(spec.Levels) {
			q = make([]float64, len(spec.Levels))
		}
		q = q[:len(spec.Levels)]
		for j := range q {
			q[j] = math.NaN()
		}
		*h = Horizon{Ahead: spec.Horizons[i], Mean: math.NaN(), Quantiles: q, Model: spec.Model, Parts: h.Parts[:0]}
	}
}

// Scratch returns the workspace that models take their temporary slices from.
func (f *Forecast) Scratch() *Scratch { return &f.scratch }

// Workspace returns the place of one value that a model keeps with f from one
// forecast to the next: storage that Scratch does not fit. Another model may
// have left its own there.
func (f *Forecast) Workspace() *any { return &f.workspace }

// Sub returns the i-th forecast nested in f, for a model that is made of other
// models and needs theirs beside its own. Its storage is kept with f's.
func (f *Forecast) Sub(i int) *Forecast {
	for len(f.subs) <= i {
		f.subs = append(f.subs, new(Forecast))
	}
	return f.subs[i]
}

// Reasons returns the union of the reasons of all horizons.
func (f *Forecast) Reasons() Reasons {
	var r Reasons
	for i := range f.At {
		r |= f.At[i].Reasons
	}
	return r
}

// Find returns the horizon that is the given seconds ahead, or nil.
func (f *Forecast) Find(ahead int64) *Horizon {
	for i := range f.At {
		if f.At[i].Ahead == ahead {
			return &f.At[i]
		}
	}
	return nil
}

// Quantile returns the p-quantile at horizon h, linear in the probability
// between the levels that are there and constant beyond the outermost.
func (f *Forecast) Quantile(h *Horizon, p float64) float64 {
	l := f.Levels
	if p <= l[0] {
		return h.Quantiles[0]
	}
	for i := range l {
		if math.Abs(p-l[i]) < 1e-12 { // (1-0.95)/2 is not quite 0.025
			return h.Quantiles[i]
		}
		if p < l[i] {
			t := (p - l[i-1]) / (l[i] - l[i-1])
			return h.Quantiles[i-1] + t*(h.Quantiles[i]-h.Quantiles[i-1])
		}
	}
	return h.Quantiles[len(l)-1]
}

// Median returns the median at horizon h: the point forecast that is judged
// by absolute error.
func (f *Forecast) Median(h *Horizon) float64 { return f.Quantile(h, 0.5) }

// Interval returns the central interval that holds the actual value with
// probability coverage, in (0,1).
func (f *Forecast) Interval(h *Horizon, coverage float64) (lo, hi float64) {
	return f.Quantile(h, (1-coverage)/2), f.Quantile(h, (1+coverage)/2)
}

// Scratch is a stack of temporary float64 slices. Its storage is kept from
// one forecast to the next.
type Scratch struct {
	buf []float64
	off int
}

// Floats returns a slice of n values that are not cleared. It is valid until
// Release is called with an earlier mark.
//
//go:noinline
func (s *Scratch) Floats(n int) []float64 {
	if s.off+n > len(s.buf) {
		// Slices handed out before keep the old array.
		s.buf = make([]float64, max(2*len(s.buf), s.off+n, 512))
	}
	out := s.buf[s.off : s.off+n : s.off+n]
	s.off += n
	return out
}

// Mark returns the place in the stack to give to Release.
func (s *Scratch) Mark() int { return s.off }

// Release gives back all slices taken since the mark.
func (s *Scratch) Release(mark int) { s.off = mark }
