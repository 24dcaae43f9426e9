package sarima

import "math"

// The non-stationary part of the state starts with variance kappa, relative
// to the innovation variance, and an observation whose prediction variance is
// above diffuseGain only serves to start it: it does not count in the
// likelihood. Both values are those of R's arima, so that log-likelihoods
// with missing values agree.
const (
	kappa       = 1e6
	diffuseGain = 1e4
)

// kalman is the Kalman filter of an ARIMA process in levels, for series with
// missing values (Durbin and Koopman 2012, section 3.4). The state is
// Harvey's ARMA state followed by the last DiffLags values of the series.
// Like innovations it filters several columns at once and allocates nothing
// after its creation. One step costs O(dim²) until the gain is steady.
type kalman struct {
	dim, r  int
	phi     []float64 // r, padded with zeros
	theta   []float64 // r, theta[0] = 1
	delta   []float64
	initial *initialCovariance
	cov     []float64 // dim×dim, of the predicted state
	next    []float64 // dim×dim
	tmp     []float64 // dim
	gain    []float64 // dim: P Z' of the current step
	a       [][]float64
	work    []float64
}

func newKalman(columns, p, q int, delta []float64) *kalman {
	r := max(p, q+1)
	dim := r + len(delta)
	k := &kalman{
		dim: dim, r: r, delta: delta,
		phi: make([]float64, r), theta: make([]float64, r),
		initial: newInitialCovariance(p, q),
		cov:     make([]float64, dim*dim), next: make([]float64, dim*dim),
		tmp: make([]float64, dim), gain: make([]float64, dim),
		a: make([][]float64, columns), work: make([]float64, dim),
	}
	for c := range k.a {
		k.a[c] = make([]float64, dim)
	}
	return k
}

// start sets the parameters and the prior; false where phi is not stationary.
func (k *kalman) start(phi, theta []float64) bool {
	clear(k.phi)
	copy(k.phi, phi)
	clear(k.theta)
	k.theta[0] = 1
	copy(k.theta[1:], theta)
	for c := range k.a {
		clear(k.a[c])
	}
	clear(k.cov)
	if !k.stationaryCov(phi, theta) {
		return false
	}
	for i := k.r; i < k.dim; i++ {
		k.cov[i*k.dim+i] = kappa
	}
	return true
}

// stationaryCov fills the ARMA block of the covariance: P = T P T' + R R'
// from its first column, row by row.
func (k *kalman) stationaryCov(phi, theta []float64) bool {
	r, d := k.r, k.dim
	if !k.initial.column(k.tmp[:r], phi, theta) {
		return false
	}
	for i := range r {
		k.cov[i*d], k.cov[i] = k.tmp[i], k.tmp[i]
	}
	// P_ij = φ_i φ_j P_00 + φ_i P_0,j+1 + φ_j P_i+1,0 + P_i+1,j+1 + θ_i θ_j,
	// solved for P_i+1,j+1.
	p00 := k.cov[0]
	for i := 0; i+1 < r; i++ {
		for j := i; j+1 < r; j++ {
			v := k.cov[i*d+j] - k.phi[i]*k.phi[j]*p00 - k.phi[i]*k.tmp[j+1] -
				k.phi[j]*k.tmp[i+1] - k.theta[i]*k.theta[j]
			k.cov[(i+1)*d+j+1], k.cov[(j+1)*d+i+1] = v, v
		}
	}
	return true
}

// observe computes the gain P Z' and returns the prediction variance.
func (k *kalman) observe() float64 {
	d, r := k.dim, k.r
	for i := range d {
		row := k.cov[i*d : (i+1)*d]
		s := row[0]
		for j, c := range k.delta {
			s += c * row[r+j]
		}
		k.gain[i] = s
	}
	return k.project(k.gain)
}

// project returns Z·a.
func (k *kalman) project(a []float64) float64 {
	s := a[0]
	for j, c := range k.delta {
		s += c * a[k.r+j]
	}
	return s
}

// transition computes dst = T a.
func (k *kalman) transition(dst, a []float64) {
	r, x := k.r, a[0]
	for i := range r - 1 {
		dst[i] = a[i+1] + k.phi[i]*x
	}
	dst[r-1] = k.phi[r-1] * x
	if k.dim > r {
		y := k.project(a)
		copy(dst[r+1:k.dim], a[r:k.dim-1])
		dst[r] = y
	}
}

// advance replaces the covariance by that of the next step's prediction:
// T (P - g g'/f) T' + R R', with f = 0 for a missing observation. It returns
// the largest change of an element.
func (k *kalman) advance(f float64) float64 {
	d := k.dim
	for i := range d {
		row := k.work
		copy(row, k.cov[i*d:(i+1)*d])
		if f > 0 {
			g := k.gain[i] / f
			for j, gj := range k.gain {
				row[j] -= g * gj
			}
		}
		k.transition(k.next[i*d:(i+1)*d], row)
	}
	changed := 0.0
	for j := range d {
		for i := range d {
			k.work[i] = k.next[i*d+j]
		}
		k.transition(k.tmp, k.work)
		if j < k.r {
			for i := range k.r {
				k.tmp[i] += k.theta[i] * k.theta[j]
			}
		}
		row := k.cov[j*d : (j+1)*d]
		for i, v := range k.tmp {
			changed = max(changed, math.Abs(v-row[i]))
			row[i] = v
		}
	}
	return changed
}

// run filters the columns of w and writes the standardised innovations to
// out: NaN where w[0] is missing, zero where the observation was used up to
// start the non-stationary part. It returns Σ log F_t over the observations
// that count and their number. The state is left at the prediction of the
// step after the last.
func (k *kalman) run(out, w [][]float64, phi, theta []float64) (sumLog float64, count int, ok bool) {
	if !k.start(phi, theta) {
		return 0, 0, false
	}
	steady := false
	variance := 0.0
	for t := range w[0] {
		if math.IsNaN(w[0][t]) {
			k.skip(out, t)
			steady = false
			continue
		}
		if !steady {
			variance = k.observe()
			if !(variance > 0) {
				return 0, 0, false
			}
		}
		scale := 0.0
		if variance < diffuseGain {
			scale = 1 / math.Sqrt(variance)
			sumLog += math.Log(variance)
			count++
		}
		for c, a := range k.a {
			v := w[c][t] - k.project(a)
			out[c][t] = v * scale
			for i, g := range k.gain {
				a[i] += g * v / variance
			}
			k.transition(k.tmp, a)
			copy(a, k.tmp)
		}
		if !steady {
			steady = k.advance(variance) < steadyTol
		}
	}
	return sumLog, count, true
}

// skip advances over a missing observation.
func (k *kalman) skip(out [][]float64, t int) {
	for c, a := range k.a {
		out[c][t] = math.NaN()
		k.transition(k.tmp, a)
		copy(a, k.tmp)
	}
	k.advance(0)
}
