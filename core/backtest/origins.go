package backtest

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// An item is one series that is judged: the frame cut to the observed range
// of its metric, and where its test part begins.
type item struct {
	frame   series.Frame
	values  []float64 // of the metric
	task    forecast.Task
	test    int // index of the test part's first cell
	origins []int
	blocks  int // fits: 1, or the refits that have an origin
	scale   float64
}

// newItem prepares metric k of a frame; why says what is wrong where ok is
// false.
func newItem(f *series.Frame, k int, task forecast.Task, cfg *Config) (it *item, why string) {
	s := series.Series{Start: f.Start, Step: f.Step, Values: f.Columns[k]}
	t := s.Trim()
	if t.Len() == 0 {
		return nil, "no observed value"
	}
	if len(task.Horizons) == 0 {
		return nil, "no horizon is a multiple of its step"
	}
	lo := s.Index(t.Start)
	it = &item{frame: f.Slice(lo, lo+t.Len()), values: t.Values, task: task}
	it.test = TestStart(t.Len(), cfg.TestShare)
	it.origins = origins(t.Values, it.test, f.Step, task.Horizons, cfg.Every)
	if len(it.origins) == 0 || it.test == 0 {
		return nil, "too short: no origin with a target in its test part"
	}
	it.blocks = it.block(it.origins[len(it.origins)-1], cfg.Refit) + 1
	it.scale = meanStep(t.Values[:it.test])
	return it, ""
}

// TestStart returns the index of the first cell of the test part of a series
// of n cells.
func TestStart(n int, testShare float64) int { return int(float64(n) * (1 - testShare)) }

// origins returns the cells from which at least one horizon is scored.
func origins(values []float64, test int, step int64, horizons []int64, every int64) []int {
	var out []int
	for i := test; i < len(values); i += max(1, int(every/step)) {
		if math.IsNaN(values[i]) {
			continue
		}
		for _, h := range horizons {
			if j := i + int(h/step); j < len(values) && !math.IsNaN(values[j]) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

// block returns which fit serves the origin at cell i.
func (it *item) block(i int, refit int64) int {
	if refit <= 0 {
		return 0
	}
	return int(int64(i-it.test) * it.frame.Step / refit)
}

// history returns what the given fit may use: the cells before the test part,
// and for a refit those that began before its time.
func (it *item) history(block int, refit int64) series.Frame {
	end := it.test + int(int64(block)*refit/it.frame.Step)
	return it.frame.Slice(0, min(end, it.frame.Len()))
}

// meanStep is the mean absolute difference between neighbouring observed
// cells: the scale of MASE (Hyndman and Koehler 2006, section 3.4).
func meanStep(values []float64) float64 {
	sum, n := 0.0, 0
	for i := 1; i < len(values); i++ {
		if d := math.Abs(values[i] - values[i-1]); !math.IsNaN(d) {
			sum += d
			n++
		}
	}
	return sum / float64(n)
}
