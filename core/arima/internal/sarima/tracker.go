package sarima

import "math"

// release is the number of innovations of one sign in a row, all cut, with
// which the tracker starts again from the last value: the level has moved, it
// is no outlier.
const release = 6

// A Tracker follows a series through an ARIMA process without a seasonal part
// by the steady-state recursion
//
//	x̂_t = c + Σ φ_j x_{t-j} + Σ θ_j e_{t-j},  e_t = x_t - x̂_t
//
// with φ of the differencing included. Innovations beyond Clip are cut to it
// and x_t is replaced by x̂_t + e_t: an outlier then moves neither the level
// nor the forecasts by more than the bound (bounded innovations, Muler, Peña
// and Yohai 2009, applied to the filter of Masreliez and Martin). A missing
// value is replaced by its prediction; the first value after a gap is spread
// over the innovations of the gap by their share in it. The coefficients are
// shared and read only; the state is the caller's.
type Tracker struct {
	Phi, Theta []float64
	C          float64
	Clip       float64   // +Inf: none
	Psi        []float64 // weights from ψ_0 on, as many as the longest gap that is told from longer ones
}

// longestGap is the number of ψ weights of a tracker.
const longestGap = 96

// NewTracker returns the tracker of a process without a seasonal part.
func NewTracker(p *Process, clip float64) Tracker {
	t := Tracker{Phi: convolveAR(p.AR, DiffPoly(p.Order)), Theta: p.MA, Clip: clip}
	if p.Constant {
		t.C = p.Beta[0]
		for _, f := range p.AR {
			t.C -= p.Beta[0] * f
		}
	}
	t.Psi = make([]float64, longestGap)
	PsiWeights(t.Psi, t.Phi, t.Theta)
	return t
}

// Lags returns the number of past values that the recursion reaches back.
func (k *Tracker) Lags() int { return max(len(k.Phi), len(k.Theta)) }

// State is the recent past of a series as a tracker sees it: the last Lags
// values and innovations, latest first.
type State struct {
	X, E []float64
	run  int // innovations cut in a row, signed
	gap  int // missing values before the next
}

// NewState returns a state for trackers of as many lags.
func NewState(lags int) State {
	return State{X: make([]float64, lags), E: make([]float64, lags)}
}

// Copy makes s a copy of the state of, which has as many lags.
func (s *State) Copy(of *State) {
	copy(s.X, of.X)
	copy(s.E, of.E)
	s.run, s.gap = of.run, of.gap
}

// Reset makes s the state before any innovation, all values x.
func (s *State) Reset(x float64) {
	for i := range s.X {
		s.X[i], s.E[i] = x, 0
	}
	s.run, s.gap = 0, 0
}

// Step advances the state by the value x, NaN for missing, and returns the
// innovation before it is cut; NaN where x is missing.
func (k *Tracker) Step(s *State, x float64) float64 {
	pred := k.predict(s)
	e := x - pred
	if math.IsNaN(e) {
		s.push(pred, 0)
		s.gap++
		return e
	}
	clip := k.Clip
	if s.gap > 0 {
		clip *= math.Sqrt(k.spread(s.gap))
	}
	kept := min(max(e, -clip), clip)
	switch {
	case kept == e:
		s.run = 0
	case e > 0:
		s.run = max(s.run, 0) + 1
	default:
		s.run = min(s.run, 0) - 1
	}
	if s.run >= release || s.run <= -release {
		s.Reset(x)
		return e
	}
	s.push(pred+kept, kept)
	if s.gap > 0 {
		k.bridge(s, kept)
	}
	return e
}

// spread is the variance, relative to the innovations', of the prediction
// error after a gap.
func (k *Tracker) spread(gap int) float64 {
	v := 0.0
	for _, p := range k.Psi[:min(gap+1, len(k.Psi))] {
		v += p * p
	}
	return v
}

// bridge replaces what the state assumed of a gap, just ended by the error e,
// by its expectation given e: the innovation j steps back was e·ψ_j/Σψ², and
// the value Σ_i ψ_{i-j} ψ_i e/Σψ² above its prediction.
func (k *Tracker) bridge(s *State, e float64) {
	g := min(s.gap, len(k.Psi)-1)
	psi := k.Psi[:g+1]
	e /= k.spread(s.gap)
	s.gap = 0
	for j := range s.X {
		if j > g {
			return
		}
		s.E[j] = psi[j] * e
		if j > 0 {
			v := 0.0
			for i := j; i <= g; i++ {
				v += psi[i-j] * psi[i]
			}
			s.X[j] += v * e
		}
	}
}

func (k *Tracker) predict(s *State) float64 {
	pred := k.C
	for j, f := range k.Phi {
		pred += f * s.X[j]
	}
	for j, f := range k.Theta {
		pred += f * s.E[j]
	}
	return pred
}

func (s *State) push(x, e float64) {
	copy(s.X[1:], s.X)
	copy(s.E[1:], s.E)
	if len(s.X) > 0 {
		s.X[0], s.E[0] = x, e
	}
}

// Forecast writes the forecasts of the steps 1, 2, … to dst. It changes the
// state: its values become forecasts.
func (k *Tracker) Forecast(dst []float64, s *State) {
	for h := range dst {
		dst[h] = k.predict(s)
		s.push(dst[h], 0)
	}
}
