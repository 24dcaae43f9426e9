package fit

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

// The memory is estimated as it serves: on errors of curves that were fitted
// to an earlier part of the history and know nothing of what follows.
const (
	// foldsFrom is the share of the history that the first such curve is
	// fitted to; each of the folds predicts the next equal part of the rest.
	foldsFrom = 0.3
	folds     = 6
	// mostRows is about the most origins that the weights are estimated from.
	mostRows = 4000
)

// rows are the origins of one horizon.
type rows struct {
	errors   [][prophet.ErrorCount]float64
	rest     []float64 // actual value less the curve
	volatile []float64 // mean change between long cells over the last day
}

// memory estimates the weights of recent errors for each horizon.
func (c *Config) memory(frame *series.Frame, task *forecast.Task, opts *forecast.Options) []prophet.Memory {
	all := make([]rows, len(task.Horizons))
	n := float64(frame.Len())
	stride := max(1, int(n*(1-foldsFrom))/mostRows)
	cell := func(k int) int { return int(n * (foldsFrom + (1-foldsFrom)*float64(k)/folds)) }
	for k := range folds {
		if opts.Interrupted() {
			break
		}
		opts.Emit(forecast.Event{Stage: "fit", Done: k, Total: folds, Loss: math.NaN()})
		past := frame.Slice(0, cell(k))
		e, err := c.Estimate(c.dataOf(&past, task), opts.Interrupt)
		if err != nil {
			continue // too little to fit; the next fold has more
		}
		curve, err := prophet.NewCurve(e.Params)
		if err != nil {
			continue
		}
		collect(all, curve, frame, task, cell(k), cell(k+1), stride)
	}
	out := make([]prophet.Memory, len(all))
	for h := range all {
		out[h] = all[h].weigh()
	}
	return out
}

// collect appends the origins of a part of the frame, each as the window there
// shows it.
func collect(all []rows, curve *prophet.Curve, frame *series.Frame, task *forecast.Task, from, to, stride int) {
	s, _ := frame.Series(task.Metric)
	windows := forecast.NewWindows(frame, prophet.NeedsOf(task.Step))
	var w forecast.Window
	var r prophet.Recall
	var scratch forecast.Scratch
	for i := from; i < to; i += stride {
		if math.IsNaN(s.Values[i]) {
			continue
		}
		windows.At(&w, i)
		recent, _ := w.Recent.Series(task.Metric)
		long, _ := w.Long.Series(task.Metric)
		volatile := meanChange(long.Values[max(0, long.Len()-day/int(max(long.Step, 1))):])
		mark := scratch.Mark()
		in, _ := curve.InputsAt(&w, &scratch)
		r.Reset(curve, &w, recent, long, in, &scratch)
		for h, ahead := range task.Horizons {
			j := i + int(ahead/task.Step)
			if j >= to || math.IsNaN(s.Values[j]) {
				continue
			}
			o := &all[h]
			var e [prophet.ErrorCount]float64
			at := r.Errors(&e, ahead)
			o.errors = append(o.errors, e)
			o.rest = append(o.rest, s.Values[j]-at)
			o.volatile = append(o.volatile, volatile)
		}
		scratch.Release(mark)
	}
}

// meanChange returns the mean |change| between neighbours that are both
// observed, 0 where there are none.
func meanChange(values []float64) float64 {
	sum, n := 0.0, 0
	for i := 1; i < len(values); i++ {
		if d := math.Abs(values[i] - values[i-1]); d == d {
			sum += d
			n++
		}
	}
	return sum / float64(max(n, 1))
}
