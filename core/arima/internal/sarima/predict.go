package sarima

import "math"

// A Prediction is the distribution of the values after a series: normal with
// these means and standard deviations.
type Prediction struct {
	Mean, SD []float64
}

// Bounds returns the central interval of step h (from 0) whose normal
// quantile is z: 1.2816 for 80 %, 1.96 for 95 %.
func (p *Prediction) Bounds(h int, z float64) (lo, hi float64) {
	return p.Mean[h] - z*p.SD[h], p.Mean[h] + z*p.SD[h]
}

// Predict returns the predictive distribution of the h values after y, NaN
// for missing. x are the regressors over y and the h steps after it, without
// the constant, which the process brings itself. The filter is exact; the
// uncertainty of the estimated parameters is not in it, as is usual.
func (p *Process) Predict(y []float64, x [][]float64, h int) (*Prediction, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	level, err := p.regression(len(y)+h, x)
	if err != nil {
		return nil, err
	}
	shift := 0.0
	w := make([]float64, len(y))
	for t := range y {
		w[t] = y[t] - level[t]
	}
	if p.D+p.SD > 0 {
		shift = firstObserved(w)
	}
	for t := range w {
		w[t] -= shift
	}
	k := newKalman(1, p.ARLags(), p.MALags(), DiffPoly(p.Order))
	phi, theta := p.Expand()
	out := [][]float64{make([]float64, len(y))}
	if _, _, ok := k.run(out, [][]float64{w}, phi, theta); !ok {
		return nil, ErrNotStationary
	}
	res := &Prediction{Mean: make([]float64, h), SD: make([]float64, h)}
	for i := range h {
		variance := k.observe()
		res.Mean[i] = k.project(k.a[0]) + shift + level[len(y)+i]
		res.SD[i] = math.Sqrt(p.Sigma2 * variance)
		k.transition(k.tmp, k.a[0])
		copy(k.a[0], k.tmp)
		k.advance(0)
	}
	return res, nil
}

// regression returns x'β over n steps.
func (p *Process) regression(n int, x [][]float64) ([]float64, error) {
	level := make([]float64, n)
	beta := p.Beta
	if p.Constant {
		for t := range level {
			c := 1.0
			if p.D+p.SD > 0 {
				c = float64(t + 1)
			}
			level[t] = c * beta[0]
		}
		beta = beta[1:]
	}
	if len(x) != len(beta) {
		return nil, ErrRegressors
	}
	for i, c := range x {
		if len(c) != n || !finite(c) {
			return nil, ErrRegressors
		}
		for t, v := range c {
			level[t] += beta[i] * v
		}
	}
	return level, nil
}

func firstObserved(y []float64) float64 {
	for _, v := range y {
		if !math.IsNaN(v) {
			return v
		}
	}
	return 0
}
