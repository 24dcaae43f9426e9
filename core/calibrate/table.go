package calibrate

import (
	"math"
	"slices"
)

// knots are the probabilities at which a table holds the quantiles of the
// scaled errors.
var knots = [...]float64{
	0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5,
	0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99, 0.995,
}

// A table is the quantiles of errors, actual less forecast, divided by the
// scale, at the knots; never decreasing.
type table [len(knots)]float64

// tableOf returns the table of errors, which it sorts. The quantile at p is
// the order statistic at p(n+1), linear in between: in split conformal
// prediction (Lei et al., "Distribution-free predictive inference for
// regression", JASA 2018) a new exchangeable error is at most it with
// probability p. Beyond the outermost errors it is these, as no interval can
// be infinite here.
func tableOf(errors []float64) table {
	sortFloats(errors)
	var t table
	for k, p := range knots {
		t[k] = conformal(errors, p)
	}
	return t
}

// at returns the p-quantile, linear between knots and constant beyond them.
func (t *table) at(p float64) float64 {
	if p <= knots[0] {
		return t[0]
	}
	for k := 1; k < len(knots); k++ {
		if p <= knots[k] {
			w := (p - knots[k-1]) / (knots[k] - knots[k-1])
			return t[k-1] + w*(t[k]-t[k-1])
		}
	}
	return t[len(t)-1]
}

// conformal returns the order statistic at p(n+1) of sorted errors, 0 where
// there are none.
func conformal(sorted []float64, p float64) float64 {
	return orderStatistic(sorted, p*float64(len(sorted)+1)-1)
}

// quantile returns the p-quantile of sorted values, NaN where there are none.
func quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return orderStatistic(sorted, p*float64(len(sorted)-1))
}

// orderStatistic returns the value at the fractional index x.
func orderStatistic(sorted []float64, x float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case x <= 0:
		return sorted[0]
	case x >= float64(n-1):
		return sorted[n-1]
	}
	i := int(x)
	return sorted[i] + (x-float64(i))*(sorted[i+1]-sorted[i])
}

func sortFloats(x []float64) { slices.Sort(x) }
