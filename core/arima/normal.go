package arima

import "math"

// normalQuantile returns the p-quantile of the standard normal distribution,
// p in (0,1); at most 38 from zero, beyond which p is not distinguished from 0
// and 1.
func normalQuantile(p float64) float64 {
	return min(max(math.Sqrt2*math.Erfinv(2*p-1), -38), 38)
}
