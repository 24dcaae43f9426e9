package network

import (
	"math"

	"github.com/foretide/foretide/core/kernel"
)

// output returns the place in w.Out of level j of horizon k in a row.
func (w *Workspace) output(k, row, j int) int {
	b := kernel.Block
	return ((k*kernel.Blocks(w.shape.Levels)+j/b)*w.rows+row)*b + j%b
}

// Quantiles sets dst, one for each level, to the quantiles of horizon k in a
// row: ascending, and not finite where the network's outputs are not.
func (w *Workspace) Quantiles(dst []float64, k, row int) {
	m := w.shape.Median
	dst = dst[:w.shape.Levels]
	for j := range dst {
		dst[j] = float64(w.Out[w.output(k, row, j)])
	}
	for j := m + 1; j < len(dst); j++ {
		dst[j] = dst[j-1] + softplus(dst[j])
	}
	for j := m - 1; j >= 0; j-- {
		dst[j] = dst[j+1] - softplus(dst[j])
	}
}

// softplus is ln(1+exp(x)), above zero.
func softplus(x float64) float64 {
	if x > 30 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// A Loss is the weighted sum of the pinball losses of all levels (Koenker and
// Bassett 1978).
type Loss struct {
	Levels  []float64 // probabilities
	Weights []float64 // of the levels
}

// Gradient returns the loss of the batch,
//
//	Σ_row Σ_k weight[row][k] Σ_j Weights[j]·pinball_j(target[row][k] - q_j)
//
// and puts its gradient, by the raw outputs, into w.Out, for Network.Backward.
// target and weight have one element for each horizon of each row; a weight of
// zero leaves a target, which may be NaN, out.
func (l *Loss) Gradient(w *Workspace, target, weight []float32) float64 {
	s := &w.shape
	sum := 0.0
	var q, up [MaxLevels]float64
	for row := range w.rows {
		for k := range s.Horizons {
			wt := float64(weight[row*s.Horizons+k])
			if wt == 0 {
				for j := range s.Levels {
					w.Out[w.output(k, row, j)] = 0
				}
				continue
			}
			w.Quantiles(q[:], k, row)
			y := float64(target[row*s.Horizons+k])
			for j, p := range l.Levels {
				e := y - q[j]
				sum += wt * l.Weights[j] * pinball(e, p)
				// The gradient by the quantile itself.
				up[j] = wt * l.Weights[j] * slope(e, p)
			}
			w.outputGradient(up[:s.Levels], k, row)
		}
	}
	return sum
}

// Value is Gradient without the gradient.
func (l *Loss) Value(w *Workspace, target, weight []float32) float64 {
	s := &w.shape
	sum := 0.0
	var q [MaxLevels]float64
	for row := range w.rows {
		for k := range s.Horizons {
			wt := float64(weight[row*s.Horizons+k])
			if wt == 0 {
				continue
			}
			w.Quantiles(q[:], k, row)
			y := float64(target[row*s.Horizons+k])
			for j, p := range l.Levels {
				sum += wt * l.Weights[j] * pinball(y-q[j], p)
			}
		}
	}
	return sum
}

// outputGradient replaces the raw outputs by the gradient, from that by the
// quantiles: an output away from the median moves all quantiles beyond it.
func (w *Workspace) outputGradient(by []float64, k, row int) {
	m := w.shape.Median
	total := by[m]
	beyond := 0.0
	for j := len(by) - 1; j > m; j-- {
		beyond += by[j]
		at := w.output(k, row, j)
		w.Out[at] = float32(beyond * logistic(float64(w.Out[at])))
	}
	total += beyond
	beyond = 0
	for j := range m {
		beyond += by[j]
		at := w.output(k, row, j)
		w.Out[at] = float32(-beyond * logistic(float64(w.Out[at])))
	}
	w.Out[w.output(k, row, m)] = float32(total + beyond)
}

// logistic is the derivative of softplus.
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// pinball is the loss of a quantile at p that was e too low.
func pinball(e, p float64) float64 {
	if e >= 0 {
		return p * e
	}
	return (p - 1) * e
}

// slope is the derivative of pinball by the quantile.
func slope(e, p float64) float64 {
	switch {
	case e > 0:
		return -p
	case e < 0:
		return 1 - p
	}
	return 0
}
