// This file chooses how often to difference a series until it is stationary:
// first differences by the KPSS test, seasonal ones by the strength of the
// seasonal pattern, as R's forecast package does. A missing value is NaN, and no
// function changes its input.

package fit

import (
	"math"

	"github.com/foretide/foretide/core/internal/decompose"
)

// The usual settings of automatic ARIMA.
const (
	// kpssAlpha is the significance level of the KPSS test.
	kpssAlpha = 0.05
	// strongSeason is the seasonal strength above which a series is differenced
	// seasonally: it minimises the error of ARIMA forecasts of the M3 series,
	// by the authors of R's forecast package.
	strongSeason = 0.64
)

// differences returns how many first differences, 0 to max, make y stationary
// around a level by KPSS tests at significance alpha, which is taken to be
// within [0.01, 0.1] (usual: kpssAlpha and 2). It is R's
// forecast::ndiffs(y, alpha, "kpss", max.d = max): a constant series needs no
// further difference. Missing values are left out first and the gaps closed.
func differences(y []float64, alpha float64, max int) int {
	alpha = min(math.Max(alpha, kpssLevels[3]), kpssLevels[0])
	x := observed(y)
	work := make([]float64, len(x))
	for d := 0; ; d++ {
		if d >= max || len(x) == 0 || isConstant(x) {
			return d
		}
		_, p := kpss(work[:copy(work, x)], kpssLags(len(x)))
		if math.IsNaN(p) {
			// Not testable: the difference that led here is taken back.
			if d > 0 {
				d--
			}
			return d
		}
		if p >= alpha {
			return d
		}
		x = diff(x[:0], x, 1)
	}
}

// seasonalDifferences returns how many seasonal differences, 0 to max, y needs
// at a season of m points: one more as long as the seasonal strength is above
// strongSeason (usual max: 1). It is R's forecast::nsdiffs(y, test = "seas",
// max.D = max): none for a constant series, and a series of two periods or
// less is not tested. Missing values are as in seasonalStrength.
func seasonalDifferences(y []float64, m, max int) int {
	x := y
	for d := 0; ; d++ {
		// A NaN strength, of a series that cannot be tested, is not above.
		if d >= max || isConstant(x) || !(seasonalStrength(x, m) > strongSeason) {
			return d
		}
		x = diff(nil, x, m)
	}
}

// seasonalStrength returns how much of the variance of the detrended y its
// seasonal pattern of m points explains, in [0,1]: F = max(0, 1 − Var(R) /
// Var(S+R)) with S and R the seasonal part and the remainder of an STL with a
// seasonal window of 11 (Wang, Smith, Hyndman: "Characteristic-based
// clustering for time series data", 2006). It is NaN where m is below 2 or y
// has two periods or less. Missing values are filled (decompose.Fill) for the
// STL and left out of the variances; R fills them by a longer procedure, so
// that with missing values the results differ slightly.
func seasonalStrength(y []float64, m int) float64 {
	filled := make([]float64, len(y))
	var parts decompose.Result
	if m < 2 || !decompose.Fill(filled, y, m) ||
		decompose.STL(&parts, filled, m, decompose.Defaults(m, 11)) != nil {
		return math.NaN()
	}
	rest, both := parts.Remainder, filled
	for i := range y {
		if math.IsNaN(y[i]) {
			rest[i], both[i] = math.NaN(), math.NaN()
		} else {
			both[i] = parts.Seasonal[i] + rest[i]
		}
	}
	f := 1 - variance(rest)/variance(both)
	return min(math.Max(f, 0), 1)
}

// variance returns the mean squared deviation of the observed values; up to a
// factor that cancels here it is the sample variance.
func variance(y []float64) float64 {
	n, mean := 0.0, 0.0
	for _, v := range y {
		if !math.IsNaN(v) {
			n++
			mean += (v - mean) / n
		}
	}
	sum := 0.0
	for _, v := range y {
		if !math.IsNaN(v) {
			sum += (v - mean) * (v - mean)
		}
	}
	return sum / n
}

// diff appends y[i] − y[i−lag] for each i from lag on to dst. Where one of the
// two is missing so is the difference. dst may share the storage of y when it
// begins where y does.
func diff(dst, y []float64, lag int) []float64 {
	for i := lag; i < len(y); i++ {
		dst = append(dst, y[i]-y[i-lag])
	}
	return dst
}

// isConstant reports whether the observed values of y are all the same, up to a
// relative 1.5e-8 on average as R's all.equal has it. It is true where there
// is none.
func isConstant(y []float64) bool {
	first, n := math.NaN(), 0.0
	off, size := 0.0, 0.0
	for _, v := range y {
		switch {
		case math.IsNaN(v):
		case math.IsNaN(first):
			first = v
		case v != first:
			n++
			off += math.Abs(v - first)
			size += math.Abs(v)
		}
	}
	if n == 0 {
		return true
	}
	const tolerance = 1.5e-8
	off, size = off/n, size/n
	if size > tolerance {
		off /= size
	}
	return off <= tolerance
}
