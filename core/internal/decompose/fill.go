package decompose

import "math"

// Fill writes y to dst with its missing values (NaN) replaced: by the line
// between the observed neighbours of the series less its seasonal means, plus
// the seasonal mean of that phase. Beyond the first and the last observed
// value the line is level. A period below 2, or fewer than two periods, gives
// plain linear interpolation. It reports false, and copies y, where no value
// is observed. dst may be y itself; it panics where their lengths differ.
func Fill(dst, y []float64, period int) bool {
	if len(dst) != len(y) {
		panic("decompose: slice lengths do not match")
	}
	copy(dst, y)
	observed, sum := 0, 0.0
	for _, v := range y {
		if !math.IsNaN(v) {
			observed++
			sum += v
		}
	}
	if observed == 0 || observed == len(y) {
		return observed > 0
	}
	if period < 2 || len(y) < 2*period {
		line(dst)
		return true
	}
	season := seasonalMeans(dst, period, sum/float64(observed))
	for i := range dst {
		dst[i] -= season[i%period]
	}
	line(dst)
	for i := range dst {
		dst[i] += season[i%period]
	}
	return true
}

// seasonalMeans returns the mean of the observed values at each phase, less
// the given mean; zero where a phase has none.
func seasonalMeans(y []float64, period int, mean float64) []float64 {
	season, count := make([]float64, period), make([]int, period)
	for i, v := range y {
		if !math.IsNaN(v) {
			season[i%period] += v - mean
			count[i%period]++
		}
	}
	for k := range season {
		if count[k] > 0 {
			season[k] /= float64(count[k])
		}
	}
	return season
}

// line replaces missing values by linear interpolation, level at the ends.
func line(v []float64) {
	last := -1
	for i := range v {
		if math.IsNaN(v[i]) {
			continue
		}
		if last < 0 {
			for j := range i {
				v[j] = v[i]
			}
		} else if i > last+1 {
			interpolate(v, last, i)
		}
		last = i
	}
	for j := last + 1; last >= 0 && j < len(v); j++ {
		v[j] = v[last]
	}
}
