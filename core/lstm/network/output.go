package network

import (
	"github.com/foretide/foretide/core/internal/quantile"
	"github.com/foretide/foretide/core/kernel"
)

// output returns the place in w.Out of level j of horizon k in a row.
func (w *Workspace) output(k, row, j int) int {
	b := kernel.Block
	return ((k*kernel.Blocks(w.shape.Levels)+j/b)*w.rows+row)*b + j%b
}

// outputs sets dst, one for each level, to the raw outputs of horizon k in a row.
func (w *Workspace) outputs(dst []float64, k, row int) {
	for j := range dst {
		dst[j] = float64(w.Out[w.output(k, row, j)])
	}
}

// Quantiles sets dst, one for each level, to the quantiles of horizon k in a
// row: ascending, and not finite where the network's outputs are not.
func (w *Workspace) Quantiles(dst []float64, k, row int) {
	dst = dst[:w.shape.Levels]
	w.outputs(dst, k, row)
	quantile.FromOutputs(dst, w.shape.Median)
}

// A Loss is that of quantiles, over the rows and horizons of a batch.
type Loss quantile.Loss

// Gradient returns the loss of the batch,
//
//	Σ_row Σ_k weight[row][k] Σ_j Weights[j]·pinball_j(target[row][k] - q_j)
//
// and puts its gradient, by the raw outputs, into w.Out, for Network.Backward.
// target and weight have one element for each horizon of each row; a weight of
// zero leaves a target, which may be NaN, out.
func (l *Loss) Gradient(w *Workspace, target, weight []float32) float64 {
	return l.over(w, target, weight, true)
}

// Value is Gradient without the gradient.
func (l *Loss) Value(w *Workspace, target, weight []float32) float64 {
	return l.over(w, target, weight, false)
}

func (l *Loss) over(w *Workspace, target, weight []float32, gradient bool) float64 {
	s := &w.shape
	sum := 0.0
	var store [3][MaxLevels]float64
	raw, q, by := store[0][:s.Levels], store[1][:s.Levels], store[2][:s.Levels]
	for row := range w.rows {
		for k := range s.Horizons {
			wt := float64(weight[row*s.Horizons+k])
			clear(by)
			if wt != 0 {
				w.outputs(raw, k, row)
				copy(q, raw)
				quantile.FromOutputs(q, s.Median)
				y := float64(target[row*s.Horizons+k])
				sum += wt * (*quantile.Loss)(l).Of(q, y)
				if gradient {
					(*quantile.Loss)(l).Slopes(by, q, y)
					quantile.Gradient(by, raw, s.Median)
				}
			}
			if !gradient {
				continue
			}
			for j, g := range by {
				w.Out[w.output(k, row, j)] = float32(wt * g)
			}
		}
	}
	return sum
}
