package abi

import (
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A Window is what a forecast is made from: a window as the model needs it or,
// with Frame, a longer frame (in Recent; Long is empty) at a step that divides
// the model's, which the guest cuts the window from.
type Window struct {
	forecast.Window
	Frame bool
}

// A Request asks for forecasts.
type Request struct {
	Metric  string  // of handle 0; otherwise empty, or the checkpoint's own
	Ahead   []int64 // seconds, ascending; empty: all that the model has
	Windows []Window
}

const flagFrame = 1

// Append appends the request's bytes to dst.
func (q *Request) Append(dst []byte) []byte {
	start := len(dst)
	dst = codec.AppendUint32(dst, uint32(len(q.Windows)))
	dst = codec.AppendUint32(dst, uint32(len(q.Ahead)))
	dst = appendInts(dst, q.Ahead)
	dst = pad(appendString(dst, q.Metric), start)
	for i := range q.Windows {
		dst = q.Windows[i].append(dst)
	}
	return dst
}

const windowHeader = 56

func (w *Window) append(dst []byte) []byte {
	start := len(dst)
	flags := uint32(0)
	if w.Frame {
		flags = flagFrame
	}
	r, l := &w.Recent, &w.Long
	// A long part without a column for each metric is none.
	cells := l.Len()
	if len(l.Columns) != len(r.Columns) {
		cells = 0
	}
	for _, n := range []uint32{0, flags, uint32(len(r.Columns)), uint32(r.Len()), uint32(cells), 0} {
		dst = codec.AppendUint32(dst, n)
	}
	dst = appendInts(dst, []int64{r.Start, r.Step, l.Start, l.Step})
	dst = appendString(dst, r.Container)
	for _, m := range r.Metrics {
		dst = appendString(dst, m)
	}
	dst = pad(dst, start)
	for _, c := range r.Columns {
		dst = appendFloats(dst, c)
	}
	if cells > 0 {
		for _, c := range l.Columns {
			dst = appendFloats(dst, c)
		}
	}
	setSize(dst, start)
	return dst
}

// AppendUpdate appends the bytes of a request to update a calibration by what
// became of the forecasts from a window.
func AppendUpdate(dst []byte, actuals []forecast.Actual, w *Window) []byte {
	dst = codec.AppendUint32(dst, uint32(len(actuals)))
	dst = codec.AppendUint32(dst, 0)
	for _, a := range actuals {
		dst = appendFloat(codec.AppendUint64(dst, uint64(a.Ahead)), a.Value)
	}
	return w.append(dst)
}

// readActuals reads the head of a request to update.
func (r *reader) readActuals() []forecast.Actual {
	n := r.count(maxHorizons, "values")
	if zero := r.u32("a reserved number"); zero != 0 {
		r.fail(badRequest, "unknown flags")
	}
	var out []forecast.Actual
	for i := 0; i < n && r.err == nil; i++ {
		out = append(out, forecast.Actual{Ahead: r.i64("a horizon"), Value: r.f64("a value")})
	}
	return out
}

// A windowReader reads windows into storage that it keeps: first what a window
// says of itself, then of its values those that a model makes use of.
type windowReader struct {
	window Window
	values []float64
	names  []string

	bytes                 []byte // of all values
	metrics, recent, long int    // columns, and cells of each
}

// head reads the window that the reader is at, but for its values. The error is
// the window's alone where the next one can be read nevertheless.
func (s *windowReader) head(r *reader) (err error) {
	start := r.off
	size := r.u32("a window's size")
	if r.err == nil && (size < windowHeader || size%8 != 0 || size > len(r.b)-start) {
		r.off = start
		r.fail(badRequest, "a window of "+strconv.Itoa(size)+" bytes, of which there are "+strconv.Itoa(len(r.b)-start))
	}
	if r.err != nil {
		return r.err
	}
	inner := reader{b: r.b[:start+size], off: r.off}
	r.off = start + size
	s.fill(&inner)
	if inner.err == nil && inner.off != start+size {
		inner.fail(badRequest, "a window of other bytes than its counts say")
	}
	return inner.err
}

func (s *windowReader) fill(r *reader) {
	flags := r.u32("flags")
	metrics := r.count(maxMetrics, "metrics")
	recent, long := r.u32("recent cells"), r.u32("long cells")
	if zero := r.u32("a reserved number"); flags&^flagFrame != 0 || zero != 0 {
		r.fail(badRequest, "unknown flags")
	}
	if r.err == nil && (recent > MaxCells || long > MaxCells || metrics*(recent+long) > MaxCells) {
		r.fail(TooLarge, "a window of more than "+strconv.Itoa(MaxCells)+" values")
	}
	w := &s.window
	w.Frame = flags&flagFrame != 0
	s.frame(r, &w.Recent, recent > 0 && metrics > 0)
	s.frame(r, &w.Long, long > 0 && metrics > 0)
	if w.Frame && long > 0 {
		r.fail(badRequest, "a frame with a long part")
	}
	w.Recent.Container = r.string(maxName, "a container's name")
	s.names = s.names[:0]
	for range metrics {
		s.names = append(s.names, r.string(maxName, "a metric's name"))
	}
	r.pad("padding")
	if r.err != nil {
		return
	}
	if n := 8 * metrics * (recent + long); len(r.b)-r.off != n {
		r.fail(badRequest, strconv.Itoa(len(r.b)-r.off)+" bytes of values instead of "+strconv.Itoa(n))
		return
	}
	if metrics == 0 {
		recent, long = 0, 0
	}
	s.bytes, s.metrics, s.recent, s.long = r.b[r.off:], metrics, recent, long
	r.off = len(r.b)
}

// tail reads the values that a model of the spec makes use of, which stand at
// the ends of the columns: how long the rest is costs nothing.
func (s *windowReader) tail(spec *forecast.Spec) {
	w := &s.window
	recent, long := min(s.recent, spec.Needs.Recent), min(s.long, spec.Needs.Long)
	if w.Frame && s.recent > 0 {
		recent = cellsOf(w.Recent.Step, s.recent, spec)
	}
	w.Recent.Start += int64(s.recent-recent) * w.Recent.Step
	w.Long.Start += int64(s.long-long) * w.Long.Step
	w.Recent.Metrics, w.Long.Metrics, w.Long.Container = s.names, s.names, w.Recent.Container
	if n := s.metrics * (recent + long); cap(s.values) < n {
		s.values = make([]float64, 0, n)
	}
	s.values = s.values[:0]
	w.Recent.Columns = s.columns(w.Recent.Columns[:0], s.bytes, s.recent, recent)
	w.Long.Columns = s.columns(w.Long.Columns[:0], s.bytes[8*s.metrics*s.recent:], s.long, long)
	if long == 0 {
		w.Long = series.Frame{Columns: w.Long.Columns[:0]}
	}
}

// cellsOf returns how many of a frame's n cells serve.Cut makes use of, with one
// to spare for a coarse cell that the first of them would be cut from.
func cellsOf(step int64, n int, spec *forecast.Spec) int {
	need := &spec.Needs
	span := max(int64(need.Recent+1)*spec.Step, int64(need.Long+1)*need.LongStep)
	return int(min(max(span/step, 0)+2, int64(n)))
}

// frame reads the grid of a frame, which must be one where there are values.
func (s *windowReader) frame(r *reader, f *series.Frame, values bool) {
	f.Start, f.Step = r.i64("a start"), r.i64("a step")
	if !values || r.err != nil {
		return
	}
	if f.Step < 1 || f.Step > maxStep {
		r.fail(badStep, "a step of "+strconv.FormatInt(f.Step, 10)+" s")
	} else if f.Start < -maxTime || f.Start > maxTime || f.Start%f.Step != 0 {
		r.fail(badRequest, "a start at "+strconv.FormatInt(f.Start, 10)+" of cells of "+strconv.FormatInt(f.Step, 10)+" s")
	}
}

// columns reads the last n of each column's cells.
func (s *windowReader) columns(dst [][]float64, b []byte, cells, n int) [][]float64 {
	for k := range s.metrics {
		at := len(s.values)
		s.values = appendValues(s.values, b[8*(k*cells+cells-n):8*(k+1)*cells])
		dst = append(dst, s.values[at:len(s.values):len(s.values)])
	}
	return dst
}
