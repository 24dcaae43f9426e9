// Package quantile turns the outputs of a network into quantiles that never
// cross, and has the loss that trains them. It is part of the WebAssembly
// guest.
//
// The raw outputs of one horizon are a number for each level. That of the
// median is the median; each other is turned by softplus, ln(1+exp(x)), into
// the distance from its neighbour towards the median.
package quantile

import "math"

// FromOutputs turns raw outputs, in place, into quantiles: ascending, and not
// finite where the outputs are not.
func FromOutputs(q []float64, median int) {
	for j := median + 1; j < len(q); j++ {
		q[j] = q[j-1] + softplus(q[j])
	}
	for j := median - 1; j >= 0; j-- {
		q[j] = q[j+1] - softplus(q[j])
	}
}

// Gradient turns a gradient by the quantiles, in place, into that by the raw
// outputs, which are given: an output away from the median moves all quantiles
// beyond it.
func Gradient(by, raw []float64, median int) {
	total, beyond := by[median], 0.0
	for j := len(by) - 1; j > median; j-- {
		beyond += by[j]
		by[j] = beyond * logistic(raw[j])
	}
	total += beyond
	beyond = 0
	for j := range median {
		beyond += by[j]
		by[j] = -beyond * logistic(raw[j])
	}
	by[median] = total + beyond
}

// A Loss is the weighted sum of the pinball losses of all levels (Koenker and
// Bassett 1978).
type Loss struct {
	Levels  []float64 // probabilities
	Weights []float64 // of the levels
}

// NewLoss returns the loss that counts the median 1 and all other levels together
// tail.
func NewLoss(levels []float64, tail float64) Loss {
	l := Loss{Levels: levels, Weights: make([]float64, len(levels))}
	for j, p := range levels {
		l.Weights[j] = tail / max(float64(len(levels)-1), 1)
		if p == 0.5 {
			l.Weights[j] = 1
		}
	}
	return l
}

// Of returns Σ_j Weights[j]·pinball_j(y - q[j]).
func (l *Loss) Of(q []float64, y float64) float64 {
	sum := 0.0
	for j, p := range l.Levels {
		e := y - q[j]
		if e < 0 {
			p--
		}
		sum += l.Weights[j] * p * e
	}
	return sum
}

// Slopes sets by to the derivatives of Of by the quantiles.
func (l *Loss) Slopes(by, q []float64, y float64) {
	for j, p := range l.Levels {
		switch e := y - q[j]; {
		case e > 0:
			by[j] = -l.Weights[j] * p
		case e < 0:
			by[j] = l.Weights[j] * (1 - p)
		default:
			by[j] = 0
		}
	}
}

// Initial returns the raw output of level j of a network that knows nothing:
// zero for the median, else what gives the distance to the neighbour towards it
// in a Laplace distribution of mean absolute error one.
func Initial(levels []float64, j, median int) float64 {
	if j == median || len(levels) == 0 {
		return 0
	}
	next := j - 1
	if j < median {
		next = j + 1
	}
	gap := math.Abs(laplace(levels[j]) - laplace(levels[next]))
	return math.Log(math.Expm1(max(gap, 1e-3)))
}

// laplace is the quantile of the Laplace distribution at p.
func laplace(p float64) float64 {
	if p < 0.5 {
		return math.Log(2 * p)
	}
	return -math.Log(2 * (1 - p))
}

// softplus is ln(1+exp(x)), above zero.
func softplus(x float64) float64 {
	if x > 30 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// logistic is the derivative of softplus.
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
