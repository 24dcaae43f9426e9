package plot

import "math"

// autocorrelations writes the sample autocorrelations of y at the lags 0, 1, …
// len(dst)−1 to dst: Σ (y[t]−μ)(y[t+k]−μ) / Σ (y[t]−μ)², the divisor being the
// same at all lags, so that they are those of some stationary process (Box,
// Jenkins, Reinsel: Time Series Analysis, section 2.1.5). It is R's acf.
//
// Missing values (NaN) are left out of the sums, each of which is divided by
// its number of terms, as R does with na.action = na.pass. All are NaN where y
// has no variation; a lag of len(y) or more gives 0.
func autocorrelations(dst, y []float64) {
	mean, n := 0.0, 0.0
	for _, v := range y {
		if !math.IsNaN(v) {
			n++
			mean += (v - mean) / n
		}
	}
	whole := 0.0
	for k := range dst {
		sum, terms := 0.0, 0
		for t := k; t < len(y); t++ {
			if p := (y[t] - mean) * (y[t-k] - mean); !math.IsNaN(p) {
				sum += p
				terms++
			}
		}
		// With nothing missing this divides by len(y) at every lag.
		if terms > 0 {
			sum /= float64(terms + k)
		}
		if k == 0 {
			whole = sum
		}
		dst[k] = sum / whole
	}
}
