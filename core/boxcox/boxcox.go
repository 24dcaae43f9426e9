// Package boxcox has the power transforms of Box and Cox, which make the
// variation of a positive series independent of its level, and Guerrero's
// choice of the power.
package boxcox

import "math"

// Transform returns (v^λ − 1)/λ with the sign of v kept, and log v for λ = 0:
// Bickel and Doksum's form (JASA 76, 1981), which for λ > 0 takes any v. The
// result is NaN for a NaN, and for a negative v where λ is not positive.
func Transform(v, lambda float64) float64 {
	switch {
	case lambda == 0:
		return math.Log(v)
	case lambda < 0 && v < 0:
		return math.NaN()
	}
	return (math.Copysign(math.Pow(math.Abs(v), lambda), v) - 1) / lambda
}

// Invert is the inverse of Transform. It is NaN for a w that no value has as
// its transform.
func Invert(w, lambda float64) float64 {
	if lambda == 0 {
		return math.Exp(w)
	}
	u := lambda*w + 1
	if lambda < 0 && u < 0 {
		return math.NaN()
	}
	return math.Copysign(math.Pow(math.Abs(u), 1/lambda), u)
}

// Lambda returns the power within [lower, upper] (usual: −1 and 2) that makes
// the coefficient of variation of s/m^(1−λ) over blocks of a period least,
// with m and s the mean and standard deviation of a block: Guerrero,
// "Time-series analysis supported by power transformations", J. Forecasting 12
// (1993). Blocks have period points, at least two, and end with the series. It
// is R's forecast::BoxCox.lambda, to the tolerance of 1.2e-4 of its minimiser.
//
// Missing values (NaN) are left out of their block. Where a value is zero or
// negative lower is at least 0. A series of two periods or less, or one whose
// blocks do not vary, gives 1.
func Lambda(y []float64, period int, lower, upper float64) float64 {
	period = max(period, 1)
	if len(y) <= 2*period {
		return 1
	}
	for _, v := range y {
		if v <= 0 {
			lower = max(lower, 0)
			break
		}
	}
	mean, sd := blocks(y, max(period, 2))
	ratio := make([]float64, len(mean))
	variation := func(lambda float64) float64 {
		for i := range ratio {
			ratio[i] = sd[i] / math.Pow(mean[i], 1-lambda)
		}
		m, s := moments(ratio)
		return s / m
	}
	if math.IsNaN(variation(1)) {
		return 1
	}
	return minimise(variation, lower, upper, math.Pow(0x1p-52, 0.25))
}

// blocks returns the mean and standard deviation of each block of the given
// length, the last of which ends with y.
func blocks(y []float64, length int) (mean, sd []float64) {
	for y = y[len(y)%length:]; len(y) > 0; y = y[length:] {
		m, s := moments(y[:length])
		mean, sd = append(mean, m), append(sd, s)
	}
	return mean, sd
}

// moments returns the mean and the sample standard deviation of the values
// that are not NaN.
func moments(y []float64) (mean, sd float64) {
	n, sum := 0.0, 0.0
	for _, v := range y {
		if !math.IsNaN(v) {
			n++
			sum += v
		}
	}
	mean, sum = sum/n, 0
	for _, v := range y {
		if !math.IsNaN(v) {
			sum += (v - mean) * (v - mean)
		}
	}
	return mean, math.Sqrt(sum / (n - 1))
}
