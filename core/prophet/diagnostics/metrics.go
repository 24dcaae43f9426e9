package diagnostics

import (
	"math"
	"slices"
)

// Scores are those of all rows up to a horizon, within a rolling window.
type Scores struct {
	Horizon        int64   // seconds after the cut-off: the window's right edge
	MSE, RMSE, MAE float64 // of yhat
	// MAPE and MdAPE are the mean and median of |y-yhat|/|y|; NaN where a y is
	// nearly 0.
	MAPE, MdAPE float64
	SMAPE       float64 // mean of 2|y-yhat|/(|y|+|yhat|)
	Coverage    float64 // share of y within Lower and Upper
}

// Performance returns the scores of forecasts by horizon (Prophet's
// performance_metrics): each over at least the given share of all rows, in
// (0, 1], those of the next shorter horizons included; over the rows of one
// horizon alone where the share is 0.
func Performance(rows []Row, window float64) []Scores {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return int(a.T - a.Cutoff - b.T + b.Cutoff) })
	size := min(max(int(window*float64(len(rows))), 1), len(rows))
	by := func(of func(r *Row) float64) ([]int64, []float64) { return rollingMean(rows, size, of) }
	horizons, mse := by(func(r *Row) float64 { return (r.Y - r.Yhat) * (r.Y - r.Yhat) })
	_, mae := by(func(r *Row) float64 { return math.Abs(r.Y - r.Yhat) })
	_, mape := by(relative)
	_, smape := by(func(r *Row) float64 {
		if both := math.Abs(r.Y) + math.Abs(r.Yhat); both > 0 {
			return 2 * math.Abs(r.Y-r.Yhat) / both
		}
		return 0
	})
	_, coverage := by(func(r *Row) float64 {
		if r.Y >= r.Lower && r.Y <= r.Upper {
			return 1
		}
		return 0
	})
	median := rollingMedian(rows, size, relative)
	zero := slices.ContainsFunc(rows, func(r Row) bool { return math.Abs(r.Y) < 1e-8 })
	out := make([]Scores, len(horizons))
	for i, h := range horizons {
		out[i] = Scores{h, mse[i], math.Sqrt(mse[i]), mae[i], mape[i], median[h], smape[i], coverage[i]}
		if zero {
			out[i].MAPE, out[i].MdAPE = math.NaN(), math.NaN()
		}
	}
	return out
}

func relative(r *Row) float64 { return math.Abs((r.Y - r.Yhat) / r.Y) }

// group returns the rows, sorted by horizon, of each: the first of each and the
// end.
func group(rows []Row) (horizons []int64, first []int) {
	for i := range rows {
		if h := rows[i].T - rows[i].Cutoff; i == 0 || h != horizons[len(horizons)-1] {
			horizons, first = append(horizons, h), append(first, i)
		}
	}
	return horizons, append(first, len(rows))
}

// rollingMean is Prophet's rolling_mean_by_h: means over size rows that end
// with all of a horizon's; rows of the shortest one that reaches in count in
// part.
func rollingMean(rows []Row, size int, of func(r *Row) float64) ([]int64, []float64) {
	horizons, first := group(rows)
	sums, counts := make([]float64, len(horizons)), make([]float64, len(horizons))
	for k := range horizons {
		for i := first[k]; i < first[k+1]; i++ {
			sums[k] += of(&rows[i])
			counts[k]++
		}
	}
	means := make([]float64, len(horizons))
	trailing := len(horizons) - 1
	sum, count := 0.0, 0.0
	for k := len(horizons) - 1; k >= 0; k-- {
		sum += sums[k]
		count += counts[k]
		for trailing >= 0 && count >= float64(size) {
			excess := (count - float64(size)) * sums[k] / counts[k]
			means[trailing] = (sum - excess) / float64(size)
			sum -= sums[trailing]
			count -= counts[trailing]
			trailing--
		}
	}
	return horizons[trailing+1:], means[trailing+1:]
}

// rollingMedian is Prophet's rolling_median_by_h: medians over a horizon's rows
// and, up to size, those before it.
func rollingMedian(rows []Row, size int, of func(r *Row) float64) map[int64]float64 {
	horizons, first := group(rows)
	out := map[int64]float64{}
	for k, h := range horizons {
		from := min(first[k], max(0, first[k+1]-size))
		if first[k+1]-from < size {
			continue
		}
		var x []float64
		for i := from; i < first[k+1]; i++ {
			x = append(x, of(&rows[i]))
		}
		slices.Sort(x)
		out[h] = (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	}
	return out
}
