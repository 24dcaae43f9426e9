// Package series holds the values that Foretide forecasts from: series and
// frames on a regular time grid, and everything that turns raw samples into
// them (gridding, counters, coarsening, scaling, calendar, splits).
//
// Times are Unix seconds (UTC) and steps are whole seconds, both int64: the
// package is part of the WebAssembly guest and so does not use package time.
// A missing value is NaN, everywhere; an infinity never enters a series.
package series

import "math"

// A Series is the values of one metric of one container on a regular grid.
//
// Values[i] is the mean of the samples in the cell [Start+i*Step,
// Start+(i+1)*Step); an empty cell is NaN. Start is a multiple of Step, so
// that series of the same step share their cells. A Series is a view: slicing
// it copies no values.
type Series struct {
	Start  int64 // Unix seconds at which the first cell begins
	Step   int64 // seconds between cells, > 0
	Values []float64
}

// Len returns the number of cells.
func (s Series) Len() int { return len(s.Values) }

// Time returns the Unix seconds at which cell i begins.
func (s Series) Time(i int) int64 { return s.Start + int64(i)*s.Step }

// End returns the Unix seconds at which the last cell ends; Start when empty.
func (s Series) End() int64 { return s.Time(len(s.Values)) }

// Index returns the index of the cell that contains the Unix second t. It is
// negative before the series and at least Len after it.
func (s Series) Index(t int64) int { return int(floorDiv(t-s.Start, s.Step)) }

// At returns the value of the cell that contains t, or NaN outside the series.
func (s Series) At(t int64) float64 {
	if i := s.Index(t); i >= 0 && i < len(s.Values) {
		return s.Values[i]
	}
	return math.NaN()
}

// Slice returns the cells [from, to) without copying them. It panics where
// from or to is out of range, as a slice expression does.
func (s Series) Slice(from, to int) Series {
	return Series{Start: s.Time(from), Step: s.Step, Values: s.Values[from:to:to]}
}

// Last returns the index of the last observed value, or -1 where all are
// missing.
func (s Series) Last() int {
	for i := len(s.Values) - 1; i >= 0; i-- {
		if !math.IsNaN(s.Values[i]) {
			return i
		}
	}
	return -1
}

// Count returns the number of observed values.
func (s Series) Count() int {
	n := 0
	for _, v := range s.Values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// Trim returns s without the missing cells at its two ends; an empty series
// where all are missing.
func (s Series) Trim() Series {
	hi := s.Last() + 1
	lo := 0
	for lo < hi && math.IsNaN(s.Values[lo]) {
		lo++
	}
	return s.Slice(lo, hi)
}

// floorDiv is a/b rounded towards minus infinity, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
