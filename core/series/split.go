package series

import (
	"errors"
	"math"
)

// ErrSplit is returned by SplitTimes where the test part would begin before the
// validation part.
var ErrSplit = errors.New("series: the test part begins before the validation part")

// A Part is the cells [From, To) of a grid.
type Part struct{ From, To int }

// Len returns the number of cells.
func (p Part) Len() int { return p.To - p.From }

// Contains reports whether the cell is in the part.
func (p Part) Contains(cell int) bool { return p.From <= cell && cell < p.To }

// Origins returns the origins whose targets up to ahead cells later are all in
// the part. It is empty where the part is too short for any. What lies between
// the last of them and the next part's first, ahead cells, is the embargo that
// keeps targets of this part out of the next one.
func (p Part) Origins(ahead int) Part {
	return Part{p.From, max(p.To-max(ahead, 0), p.From)}
}

// A Split is a grid in three parts, in order of time and without a cell
// between them: what models are fitted to, what they are chosen and calibrated
// by, and what they are judged by. Any may be empty.
//
// Nothing leaks from a later part into an earlier one as long as a fit sees
// the cells of its own part only, and forecasts for a part are made from its
// Origins. The window of an origin may look back into the parts before: that is
// the past.
type Split struct{ Train, Validation, Test Part }

// SplitShares splits n cells by the shares of validation and test part at
// their end, each counted in whole cells, to the nearest. Shares are cut to
// [0, 1], and what they leave to the training part to one cell at least, where
// there is one.
func SplitShares(n int, validation, test float64) Split {
	validation, test = min(max(validation, 0), 1), min(max(test, 0), 1)
	cells := func(share float64) int { return min(int(math.Round(share*float64(n))), n) }
	from := max(n-cells(validation+test), min(1, n))
	to := max(n-cells(test), from)
	return Split{Part{0, from}, Part{from, to}, Part{to, n}}
}

// SplitTimes splits a series at two times, Unix seconds: a cell belongs to the
// last part that begins at or before the cell's own beginning, the training
// part having no beginning. Times outside of the series give empty parts. The
// error is ErrSplit.
func SplitTimes(s Series, validation, test int64) (Split, error) {
	if test < validation {
		return Split{}, ErrSplit
	}
	n := int64(s.Len())
	cell := func(t int64) int { // the first that begins at or after t
		t = min(max(t, s.Start), s.End())
		return int(min((t-s.Start+s.Step-1)/s.Step, n))
	}
	from, to := cell(validation), cell(test)
	return Split{Part{0, from}, Part{from, to}, Part{to, s.Len()}}, nil
}

// Origins returns the origins of each part (see Part.Origins).
func (s Split) Origins(ahead int) Split {
	return Split{s.Train.Origins(ahead), s.Validation.Origins(ahead), s.Test.Origins(ahead)}
}
