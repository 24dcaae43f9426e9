package forecast

import (
	"math"

	"github.com/foretide/foretide/core/series"
)

// A Window is the recent past of one container that a forecast is made from.
//
// Recent is at the full step and ends with the cell of the origin. Long is at
// a coarser step, reaches days back, and ends at or before the origin's end;
// it has only cells whose time has passed, and may be empty. Its cells stand
// on multiples of its step (see series.Coarsen), so it can be kept and added
// to from one origin to the next. Where the full step is as coarse as the
// long one, both hold the same values and Recent is merely the shorter.
type Window struct {
	Recent series.Frame
	Long   series.Frame
}

// An Actual is a value that came true: the mean of the cell that begins Ahead
// seconds after a window's origin; NaN where it is not known.
type Actual struct {
	Ahead int64
	Value float64
	// Origin and Parts are those of what was forecast for it (Horizon.Parts):
	// Updater.Update of a model that Learns reads them.
	Origin int64
	Parts  []float64
}

// Origin returns the Unix seconds at which the last recent cell begins: the
// time that horizons count from. It is 0 for an empty window.
func (w *Window) Origin() int64 {
	n := w.Recent.Len()
	if n == 0 {
		return 0
	}
	return w.Recent.Time(n - 1)
}

// Check returns the metric's recent and long series, or the error of the
// contract where the window does not fit the spec. The long series is empty
// where the window has none.
func (w *Window) Check(spec *Spec) (recent, long series.Series, err error) {
	if w.Recent.Len() == 0 {
		return recent, long, ErrEmpty
	}
	recent, ok := w.Recent.Series(spec.Metric)
	if !ok {
		return recent, long, ErrMetric
	}
	if w.Recent.Step != spec.Step || (w.Long.Len() > 0 && spec.Needs.Long > 0 && w.Long.Step != spec.Needs.LongStep) {
		return recent, long, ErrStep
	}
	long, _ = w.Long.Series(spec.Metric)
	return recent, long, nil
}

// Windows cuts windows at any origin from a longer frame. It coarsens the
// frame once; a window is then two views and copies nothing.
type Windows struct {
	frame, long series.Frame
	needs       Needs
}

// NewWindows returns the windows of a frame as a model needs them. The frame
// must not change while they are in use.
func NewWindows(f *series.Frame, needs Needs) *Windows {
	ws := &Windows{frame: *f, needs: needs}
	if needs.Long > 0 {
		if needs.LongStep == f.Step {
			ws.long = *f
		} else {
			ws.long = series.CoarsenFrame(f, needs.LongStep)
		}
	}
	return ws
}

// At makes dst the window whose origin is cell i of the frame, with as much
// of the past as there is up to what the model needs.
func (ws *Windows) At(dst *Window, i int) {
	ws.frame.SliceInto(&dst.Recent, max(0, i+1-ws.needs.Recent), i+1)
	if ws.needs.Long == 0 {
		dst.Long = series.Frame{}
		return
	}
	// Only coarse cells whose time has passed by the end of the origin's cell.
	passed := int((ws.frame.Time(i+1) - ws.long.Start) / ws.long.Step)
	passed = min(passed, ws.long.Len())
	ws.long.SliceInto(&dst.Long, max(0, passed-ws.needs.Long), passed)
}

// WindowOf returns the window at the end of a frame.
func WindowOf(f *series.Frame, needs Needs) Window {
	var w Window
	if f.Len() > 0 {
		NewWindows(f, needs).At(&w, f.Len()-1)
	}
	return w
}

// LastValue returns the last observed value of a window, given as Window.Check
// returns it: of the recent part or, where that has none, of the long one; NaN
// where neither has.
func LastValue(recent, long series.Series) float64 {
	if i := recent.Last(); i >= 0 {
		return recent.Values[i]
	}
	if i := long.Last(); i >= 0 {
		return long.Values[i]
	}
	return math.NaN()
}
