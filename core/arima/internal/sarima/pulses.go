package sarima

import "math"

// maxPulses is the number of missing values up to which pulses are faster
// than the filter in levels.
const maxPulses = 24

// A missing value is filled, and a regressor that is one there and zero
// elsewhere, a pulse, takes out what it was filled with. Integrating the
// Gaussian density of the filled series over the coefficient of a pulse gives
// the density of the observed values: least squares, and a factor
// |X'Ω⁻¹X|^-½ for the pulses X (Gómez, Maravall and Peña 1999). That is exact
// and needs only the fast filter.

// missing lists where y is NaN.
func missing(y []float64) []int {
	var at []int
	for t, v := range y {
		if math.IsNaN(v) {
			at = append(at, t)
		}
	}
	return at
}

// pulsed reports whether the missing values are to be integrated out by
// pulses. Among the values that differencing uses up the integral would be
// over the start, whose density is another.
func pulsed(holes []int, o Order) bool {
	return len(holes) == 0 || len(holes) <= maxPulses && holes[0] >= max(1, o.DiffLags())
}

// addPulses fills the missing values of the first column by interpolation and
// appends a pulse for each.
func (l *Likelihood) addPulses(holes []int) {
	y := l.columns[0]
	for _, t := range holes {
		next := t
		for next < len(y) && math.IsNaN(y[next]) {
			next++
		}
		y[t] = y[t-1]
		if next < len(y) {
			y[t] += (y[next] - y[t-1]) / float64(next-t+1)
		}
		pulse := make([]float64, len(y))
		pulse[t] = 1
		l.columns = append(l.columns, pulse)
	}
	l.pulses = len(holes)
}

// logPulses returns log |X'Ω⁻¹X| of the pulses at the last evaluation.
func (l *Likelihood) logPulses() float64 {
	k, product, sum := len(l.beta), 1.0, 0.0
	for i := range l.pulses {
		if product *= l.chol[i*k+i]; product > 1e200 || product < 1e-200 {
			sum += math.Log(product)
			product = 1
		}
	}
	return 2 * (sum + math.Log(product))
}
