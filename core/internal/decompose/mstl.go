package decompose

import "math"

// A Multi is a decomposition with several seasons: the series is the sum of
// Seasonal[k], one for each period, Trend and Remainder. MSTL overwrites it
// and reuses its storage.
type Multi struct {
	Seasonal  [][]float64
	Trend     []float64
	Remainder []float64
	Weights   []float64 // robustness weights of the last STL

	one  Result
	rest []float64
}

// A MultiConfig is the setting of MSTL.
type MultiConfig struct {
	Seasons []Config // the STL setting of each period, in their order
	Passes  int      // over the periods, at least 1; one is enough for a single period
}

// MultiDefaults returns the setting that R's forecast::mstl has: seasonal
// windows of 11, 15, 19 … cycles for ascending periods, and two passes, or one
// where there is a single period.
func MultiDefaults(periods []int) MultiConfig {
	c := MultiConfig{Passes: 2}
	if len(periods) == 1 {
		c.Passes = 1
	}
	for i, p := range periods {
		c.Seasons = append(c.Seasons, Defaults(p, 11+4*i))
	}
	return c
}

// MSTL decomposes y into several seasons of the given periods in points, which
// ascend, a trend and a remainder, by STL on what the other seasons leave:
// Bandara, Hyndman, Bergmeir: "MSTL: A Seasonal-Trend Decomposition Algorithm
// for Time Series with Multiple Seasonal Patterns" (2021, arXiv:2107.13462).
// y has no missing value and is longer than twice the longest period. The
// errors are those of STL; after one dst is not to be read. It panics where
// there is not one setting for each period, or no period.
func MSTL(dst *Multi, y []float64, periods []int, c MultiConfig) error {
	if len(periods) == 0 || len(c.Seasons) != len(periods) {
		panic("decompose: MSTL needs one setting for each period")
	}
	if c.Passes < 1 {
		return ErrConfig
	}
	for i, p := range periods[1:] {
		if p <= periods[i] {
			return ErrPeriod
		}
	}
	dst.prepare(len(y), len(periods))
	copy(dst.rest, y)
	for range c.Passes {
		for k, period := range periods {
			for i, v := range dst.Seasonal[k] {
				dst.rest[i] += v
			}
			if err := STL(&dst.one, dst.rest, period, c.Seasons[k]); err != nil {
				return err
			}
			copy(dst.Seasonal[k], dst.one.Seasonal)
			for i, v := range dst.Seasonal[k] {
				dst.rest[i] -= v
			}
		}
	}
	dst.Trend, dst.Weights, dst.Remainder = dst.one.Trend, dst.one.Weights, dst.one.Remainder
	return nil
}

func (m *Multi) prepare(n, seasons int) {
	m.rest = resize(m.rest, n)
	for len(m.Seasonal) < seasons {
		m.Seasonal = append(m.Seasonal, nil)
	}
	m.Seasonal = m.Seasonal[:seasons]
	for k := range m.Seasonal {
		m.Seasonal[k] = resize(m.Seasonal[k], n)
		clear(m.Seasonal[k])
	}
}

func resize(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	return v[:n]
}

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
