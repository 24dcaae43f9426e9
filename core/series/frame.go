package series

import "math"

// A Frame is the metrics of one container on one grid. Metrics[k] names
// Columns[k]; all columns have the same length. Like Series it is a view.
type Frame struct {
	Container string
	Start     int64 // Unix seconds at which the first cell begins, a multiple of Step
	Step      int64 // seconds between cells, > 0
	Metrics   []string
	Columns   [][]float64
}

// Len returns the number of cells of each column.
func (f *Frame) Len() int {
	if len(f.Columns) == 0 {
		return 0
	}
	return len(f.Columns[0])
}

// Time returns the Unix seconds at which cell i begins.
func (f *Frame) Time(i int) int64 { return f.Start + int64(i)*f.Step }

// Column returns the index of a metric's column, or -1.
func (f *Frame) Column(metric string) int {
	for k, m := range f.Metrics {
		if m == metric {
			return k
		}
	}
	return -1
}

// Series returns the column of a metric; ok is false where the frame has none.
func (f *Frame) Series(metric string) (s Series, ok bool) {
	k := f.Column(metric)
	if k < 0 {
		return Series{Start: f.Start, Step: f.Step}, false
	}
	return Series{Start: f.Start, Step: f.Step, Values: f.Columns[k]}, true
}

// SliceInto makes dst the cells [from, to) of f without copying values. It
// reuses dst's storage, so that a rolling origin allocates nothing.
func (f *Frame) SliceInto(dst *Frame, from, to int) {
	dst.Container, dst.Metrics = f.Container, f.Metrics
	dst.Start, dst.Step = f.Time(from), f.Step
	dst.Columns = dst.Columns[:0]
	for _, c := range f.Columns {
		dst.Columns = append(dst.Columns, c[from:to:to])
	}
}

// Slice returns the cells [from, to) of f without copying values.
func (f *Frame) Slice(from, to int) Frame {
	var dst Frame
	f.SliceInto(&dst, from, to)
	return dst
}

// DropEmpty removes the columns without a value.
func (f *Frame) DropEmpty() {
	all, columns := f.Metrics, f.Columns
	f.Metrics, f.Columns = nil, nil
	for k, c := range columns {
		for _, v := range c {
			if !math.IsNaN(v) {
				f.Metrics, f.Columns = append(f.Metrics, all[k]), append(f.Columns, c)
				break
			}
		}
	}
}

// FrameOf returns a frame of one metric that shares the values of s.
func FrameOf(container, metric string, s Series) Frame {
	return Frame{
		Container: container,
		Start:     s.Start,
		Step:      s.Step,
		Metrics:   []string{metric},
		Columns:   [][]float64{s.Values},
	}
}
