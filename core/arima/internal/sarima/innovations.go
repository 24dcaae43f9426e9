package sarima

import (
	"math"

	"github.com/foretide/foretide/core/internal/stat"
)

// steadyTol ends the exact recursions: from where the prediction variance is
// within this of its limit, relative to the innovation variance, the filter's
// gain is taken as constant. The log-likelihood moves by less than n times it.
const steadyTol = 1e-11

// innovations computes the exact one-step prediction errors of a stationary
// and invertible ARMA process without missing values. It is the Kalman filter
// with the Riccati recursion replaced by Chandrasekhar recursions (Morf,
// Sidhu and Kailath 1974; for ARMA Pearlman 1980, Mélard 1984): one update
// costs O(r) instead of O(r²) for a state of r. Once the gain is steady it is
// the plain recursion in the non-zero lags.
//
// It filters several columns at once (the series and its regressors) since
// they share all gains, and allocates nothing after its creation. Pulses, the
// same few values at different times, give the same innovations at different
// times where the gain is steady, and are filtered once.
type innovations struct {
	n          int
	from       []int // of each column: the first value that is not zero
	pulses     int   // columns 1 to pulses differ by a shift, later ones further back
	p, q, r    int
	initial    *initialCovariance
	k, y       []float64 // gain (unnormalised) and Chandrasekhar vector, r+1
	a          [][]float64
	invSD      []float64 // n: 1/√F_t
	ar, ma     stat.Filter
	steadyFrom int // of the last run: the first step of the plain recursion
}

// newInnovations returns the filter of columns of equal length.
func newInnovations(columns [][]float64, pulses, p, q int) *innovations {
	r, n := max(p, q+1), len(columns[0])
	f := &innovations{
		n: n, p: p, q: q, r: r, pulses: pulses,
		from:    make([]int, len(columns)),
		initial: newInitialCovariance(p, q),
		k:       make([]float64, r+1), y: make([]float64, r+1),
		a:     make([][]float64, len(columns)),
		invSD: make([]float64, n),
		ar:    stat.Filter{Lags: make([]int, 0, p), Coefs: make([]float64, 0, p)},
		ma:    stat.Filter{Lags: make([]int, 0, q), Coefs: make([]float64, 0, q)},
	}
	for i, c := range columns {
		f.a[i] = make([]float64, r+1)
		for i > 0 && f.from[i] < n && c[f.from[i]] == 0 {
			f.from[i]++
		}
	}
	return f
}

// run writes the standardised innovations v_t/√F_t of each column of w to
// out and returns Σ log F_t, F in units of the innovation variance. ok is
// false where φ is not stationary or the numbers break down.
func (f *innovations) run(out, w [][]float64, phi, theta []float64) (sumLog float64, ok bool) {
	if !f.initial.column(f.y[:f.r], phi, theta) {
		return 0, false
	}
	variance := f.y[0]
	f.y[f.r] = 0
	// K_1 = T P_1 Z, and ΔP_1 = P_2 - P_1 = -K_1 K_1'/F_1.
	for i := range f.r {
		f.k[i] = f.y[i+1]
		if i < f.p {
			f.k[i] += phi[i] * variance
		}
	}
	copy(f.y[:f.r], f.k[:f.r])
	m := -1 / variance
	for c := range w {
		clear(f.a[c])
	}
	t, product := 0, 1.0
	for steady := -1; t < f.n && (steady < 0 || t < steady+f.q); t++ {
		if !(variance > 0 && variance < 1e100) {
			return 0, false
		}
		inv := 1 / variance
		f.invSD[t] = math.Sqrt(inv)
		// One logarithm for many factors.
		if product *= variance; product > 1e200 || product < 1e-200 {
			sumLog += math.Log(product)
			product = 1
		}
		for c := range w {
			if t < f.from[c] {
				out[c][t] = 0
				continue
			}
			v := w[c][t] - f.a[c][0]
			out[c][t] = v
			f.predict(f.a[c], phi, v*inv)
		}
		if steady < 0 {
			variance, m = f.chandrasekhar(phi, variance, m)
			if t >= f.p && f.small(m) {
				steady, variance = t+1, 1
			}
		}
	}
	sumLog += math.Log(product)
	f.steadyFrom = t
	f.plain(out, w, phi, theta, t)
	for c := range w {
		e := out[c]
		for i := range t {
			e[i] *= f.invSD[i]
		}
	}
	return sumLog, true
}

// predict advances the state a of one column: a ← T a + K g.
func (f *innovations) predict(a, phi []float64, g float64) {
	r, x := f.r, a[0]
	next, cur, k := a[1:r+1], a[:r], f.k[:r]
	p := len(phi)
	next0, cur0, k0 := next[:p], cur[:p], k[:p]
	for i, c := range phi {
		cur0[i] = next0[i] + c*x + k0[i]*g
	}
	for i := p; i < len(cur); i++ {
		cur[i] = next[i] + k[i]*g
	}
}

// chandrasekhar advances the gain and the low-rank change of the covariance
// by one step and returns the new prediction variance and middle term.
func (f *innovations) chandrasekhar(phi []float64, variance, m float64) (float64, float64) {
	r, y1 := f.r, f.y[0]
	next := variance + m*y1*y1
	gain, back := m*y1, y1/next
	shifted, y, k := f.y[1:r+1], f.y[:r], f.k[:r]
	p := len(phi)
	for i, c := range phi {
		ty := shifted[i] + c*y1
		ki := k[i] + ty*gain
		k[i] = ki
		y[i] = ty - ki*back
	}
	for i := p; i < len(y); i++ {
		ty := shifted[i]
		ki := k[i] + ty*gain
		k[i] = ki
		y[i] = ty - ki*back
	}
	return next, m * (1 + m*y1*y1/variance)
}

// small reports whether the covariance has stopped changing.
func (f *innovations) small(m float64) bool {
	m = math.Abs(m)
	if f.y[0]*f.y[0]*m > steadyTol {
		return false
	}
	s, limit := 0.0, steadyTol/m
	for _, v := range f.y[:f.r] {
		if s += v * v; s > limit {
			return false
		}
	}
	return true
}

// plain fills the innovations from step t on by e_t = w_t - Σ φ_i w_{t-i} -
// Σ θ_j e_{t-j}; those before are there, not yet standardised.
func (f *innovations) plain(out, w [][]float64, phi, theta []float64, t int) {
	if t >= f.n {
		return
	}
	f.ar.Set(phi)
	f.ma.Set(theta)
	first := 0 // the first pulse that is all in the steady part
	for c := range w {
		at := max(t, min(f.from[c], f.n))
		clear(out[c][t:at])
		if c > 0 && c <= f.pulses && f.from[c] >= t {
			if first > 0 {
				copy(out[c][at:], out[first][f.from[first]:])
				continue
			}
			first = c
		}
		stat.Recurse(out[c], w[c], &f.ar, &f.ma, at)
	}
}
