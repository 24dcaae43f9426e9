package backtest

import "math"

// A Score says how good the forecasts of one series and horizon were. A share
// or mean over no rows is NaN.
type Score struct {
	Horizon int64 // seconds
	Rows    int   // forecasts scored

	MAE  float64 // mean |actual - point|, in the metric's unit
	RMSE float64 // square root of the mean squared error, in the metric's unit
	R2   float64 // 1 - squared errors / squared deviations from the mean of the actuals; NaN for constant actuals
	// SMAPE is the mean of 200 |a-f| / (|a|+|f|), in percent from 0 to 200 (as
	// in the M4 competition); a row where both are 0 counts 0.
	SMAPE float64
	// MASE is the MAE by the mean absolute difference between neighbouring
	// observed cells of the training part (one step, not seasonal; Hyndman and
	// Koehler 2006), the same scale for every horizon. NaN where that is 0.
	MASE float64
	// Persistence is the MAE of the last value on the same rows, and Ratio is
	// the MAE by it: NaN where persistence makes no error at all, and such a
	// series and horizon is left out of every summary.
	Persistence, Ratio float64

	// Coverage is the share of actuals inside the 80 % interval, bounds
	// included; Width the interval's mean width in the metric's unit.
	Coverage, Width float64
	// Winkler is the mean interval score (Gneiting and Raftery 2007, eq. 43)
	// of the 80 % interval, in the metric's unit: its width, and ten times the
	// distance of an actual that is outside.
	Winkler float64
	// Levels and Pinball are the mean quantile losses, in the metric's unit:
	// (a-q) p where the actual is above the quantile, (q-a) (1-p) below.
	Levels, Pinball []float64

	// Missing is the share of rows without a finite point forecast; they are
	// scored as persistence.
	Missing float64
}

// MeanPinball is the mean over the levels: half the continuous ranked
// probability score, roughly. NaN without levels.
func (s *Score) MeanPinball() float64 {
	sum := 0.0
	for _, p := range s.Pinball {
		sum += p
	}
	return sum / float64(len(s.Pinball))
}

// A tally gathers the rows of one series and horizon.
type tally struct {
	horizon               int64
	actual, point, last   []float64
	banded, inside        int
	width, outside        float64
	missing               int
	levels, pinball, used []float64 // per level: sum of losses and rows
}

func newTally(horizon int64, levels []float64) *tally {
	return &tally{horizon: horizon, levels: levels, pinball: make([]float64, len(levels)), used: make([]float64, len(levels))}
}

// add counts a row. Quantiles may be nil; a point or bound that is not finite
// is missing.
func (t *tally) add(r *Row) {
	point := r.Point
	if !finite(point) {
		point = r.Last
		t.missing++
	}
	t.actual = append(t.actual, r.Actual)
	t.point = append(t.point, point)
	t.last = append(t.last, r.Last)
	if finite(r.Lo) && finite(r.Hi) {
		t.banded++
		if r.Lo <= r.Actual && r.Actual <= r.Hi {
			t.inside++
		}
		t.width += r.Hi - r.Lo
		t.outside += max(r.Lo-r.Actual, 0) + max(r.Actual-r.Hi, 0)
	}
	for k, q := range r.Quantiles {
		if finite(q) {
			t.pinball[k] += Pinball(r.Actual, q, t.levels[k])
			t.used[k]++
		}
	}
}

// Pinball is the quantile loss of the p-quantile q for an actual value.
func Pinball(actual, q, p float64) float64 {
	if actual >= q {
		return (actual - q) * p
	}
	return (q - actual) * (1 - p)
}

// score returns the scores of what was added; scale is that of MASE.
func (t *tally) score(scale float64) Score {
	n := float64(len(t.actual))
	s := Score{Horizon: t.horizon, Rows: len(t.actual), Levels: t.levels, Missing: float64(t.missing) / n}
	mean := sum(t.actual) / n
	var abs, ref, sq, dev, smape float64
	for i, a := range t.actual {
		e := math.Abs(a - t.point[i])
		abs += e
		ref += math.Abs(a - t.last[i])
		sq += e * e
		dev += (a - mean) * (a - mean)
		if e > 0 {
			smape += 200 * e / (math.Abs(a) + math.Abs(t.point[i]))
		}
	}
	s.MAE, s.Persistence, s.RMSE, s.SMAPE = abs/n, ref/n, math.Sqrt(sq/n), smape/n
	s.R2 = ratio(dev-sq, dev)
	s.Ratio = ratio(s.MAE, s.Persistence)
	s.MASE = ratio(s.MAE, scale)
	b := float64(t.banded)
	s.Coverage, s.Width = float64(t.inside)/b, t.width/b
	s.Winkler = (t.width + 2/(1-Coverage)*t.outside) / b
	for k := range t.pinball {
		s.Pinball = append(s.Pinball, t.pinball[k]/t.used[k])
	}
	return s
}

// ratio is a/b, or NaN where b is not positive.
func ratio(a, b float64) float64 {
	if !(b > 0) {
		return math.NaN()
	}
	return a / b
}

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
