package fit

import "math"

// kpssLevels are significance levels, and kpssCritical are the critical values
// of the KPSS statistic around a constant: table 1 of the paper.
var (
	kpssLevels   = [...]float64{0.10, 0.05, 0.025, 0.01}
	kpssCritical = [...]float64{0.347, 0.463, 0.574, 0.739}
)

// kpssLags returns the number of autocovariances in the long-run variance of the
// KPSS test for n values: trunc(3·√n/13), as R's forecast::ndiffs has it.
func kpssLags(n int) int { return int(3 * math.Sqrt(float64(n)) / 13) }

// kpss tests the hypothesis that a series without missing values is stationary
// around a level: Kwiatkowski, Phillips, Schmidt, Shin: "Testing the null
// hypothesis of stationarity against the alternative of a unit root",
// J. Econometrics 54 (1992). The long-run variance has Bartlett weights over
// the given lags (see kpssLags). It returns the statistic and its p-value, which is
// linear between the published critical values and so lies in [0.01, 0.1]. Both
// are NaN for fewer than two values and for a constant. It overwrites e.
func kpss(e []float64, lags int) (statistic, p float64) {
	n := float64(len(e))
	centre(e)
	partial, sumSquares, variance := 0.0, 0.0, 0.0
	for _, v := range e {
		partial += v
		sumSquares += partial * partial
		variance += v * v
	}
	lags = min(lags, len(e)-1)
	for l := 1; l <= lags; l++ {
		cov := 0.0
		for i, v := range e[l:] {
			cov += v * e[i]
		}
		variance += 2 * (1 - float64(l)/float64(lags+1)) * cov
	}
	statistic = sumSquares / (n * variance)
	return statistic, kpssP(statistic)
}

// kpssP interpolates the p-value of a statistic.
func kpssP(statistic float64) float64 {
	switch {
	case math.IsNaN(statistic):
		return math.NaN()
	case statistic <= kpssCritical[0]:
		return kpssLevels[0]
	}
	for i := 1; i < len(kpssCritical); i++ {
		if statistic <= kpssCritical[i] {
			t := (statistic - kpssCritical[i-1]) / (kpssCritical[i] - kpssCritical[i-1])
			return kpssLevels[i-1] + t*(kpssLevels[i]-kpssLevels[i-1])
		}
	}
	return kpssLevels[len(kpssLevels)-1]
}

// centre subtracts the mean.
func centre(e []float64) {
	sum := 0.0
	for _, v := range e {
		sum += v
	}
	mean := sum / float64(len(e))
	for i := range e {
		e[i] -= mean
	}
}

// observed returns the values of y that are not missing, in new storage.
func observed(y []float64) []float64 {
	out := make([]float64, 0, len(y))
	for _, v := range y {
		if !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}
