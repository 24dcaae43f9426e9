package sarima

import (
	"math"
	"math/rand/v2"
)

// Simulate writes a sample path of the process to dst: the values after the
// series y, or from a stationary start and zero levels where y is nil. x are
// the regressors over y and dst, as for Predict. The same seed gives the same
// path on one platform.
//
// Seed 0 is a seed like any other. After a series the path starts from the
// filtered innovations, without the uncertainty of missing values.
func (p *Process) Simulate(dst, y []float64, x [][]float64, seed uint64) error {
	if err := p.Check(); err != nil {
		return err
	}
	level, err := p.regression(len(y)+len(dst), x)
	if err != nil {
		return err
	}
	phi, theta := p.Expand()
	if !Stationary(phi, 1, make([]float64, len(phi))) {
		return ErrNotStationary
	}
	rng := rand.New(rand.NewPCG(seed, 0x5eed))
	full := convolveAR(phi, DiffPoly(p.Order))
	sd := math.Sqrt(p.Sigma2)
	var past, e []float64
	if len(y) == 0 {
		past, e = p.warmUp(phi, theta, sd, rng)
	} else {
		past, e = p.filtered(y, level, phi, theta)
	}
	n, m := len(past), len(e)
	past = append(past, make([]float64, len(dst))...)
	e = append(e, make([]float64, len(dst))...)
	for t := range dst {
		v := rng.NormFloat64() * sd
		e[m+t] = v
		for j, c := range theta {
			if i := m + t - 1 - j; i >= 0 {
				v += c * e[i]
			}
		}
		for j, c := range full {
			if i := n + t - 1 - j; i >= 0 {
				v += c * past[i]
			}
		}
		past[n+t] = v
		dst[t] = v + level[len(y)+t]
	}
	return nil
}

// warmUp returns a long past of the stationary part, integrated from zero at
// its end: differencing it gives the stationary past again.
func (p *Process) warmUp(phi, theta []float64, sd float64, rng *rand.Rand) (past, e []float64) {
	n := 500 + 20*(len(phi)+len(theta))
	w, e := make([]float64, n), make([]float64, n)
	for t := range w {
		e[t] = rng.NormFloat64() * sd
		v := e[t]
		for j, c := range theta {
			if t > j {
				v += c * e[t-1-j]
			}
		}
		for j, c := range phi {
			if t > j {
				v += c * w[t-1-j]
			}
		}
		w[t] = v
	}
	delta := DiffPoly(p.Order)
	if len(delta) == 0 {
		return w, e
	}
	// Levels backwards from zeros: y_{t-L} from w_t and the later levels.
	size := len(phi) + len(delta)
	past = make([]float64, size)
	lead := delta[len(delta)-1]
	for i := size - 1 - len(delta); i >= 0; i-- {
		t := i + len(delta)
		v := past[t] - w[n-size+t]
		for j, c := range delta[:len(delta)-1] {
			v -= c * past[t-1-j]
		}
		past[i] = v / lead
	}
	return past, e
}

// filtered returns the series less its regression, and its innovations, both
// with missing values replaced by their predictions.
func (p *Process) filtered(y, level, phi, theta []float64) (past, e []float64) {
	full := convolveAR(phi, DiffPoly(p.Order))
	past, e = make([]float64, len(y)), make([]float64, len(y))
	for t := range y {
		pred := 0.0
		ready := t >= len(full)
		for j, c := range full {
			if t > j {
				pred += c * past[t-1-j]
			}
		}
		for j, c := range theta {
			if t > j {
				pred += c * e[t-1-j]
			}
		}
		past[t] = y[t] - level[t]
		switch {
		case math.IsNaN(y[t]):
			past[t] = pred
		case ready:
			e[t] = past[t] - pred
		}
	}
	return past, e
}
