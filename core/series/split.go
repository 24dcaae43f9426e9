package series

import (
	"math"
)

// A Part is the cells [From, To) of a grid.
type Part struct{ From, To int }

// Len returns the number of cells.
func (p Part) Len() int { return p.To - p.From }

// Contains reports whether the cell is in the part.
func (p Part) Contains(cell int) bool { return p.From <= cell && cell < p.To }

// A Split is a grid in three parts, in order of time and without a cell
// between them: what models are fitted to, what they are chosen and calibrated
// by, and what they are judged by. Any may be empty.
//
// Nothing leaks from a later part into an earlier one as long as a fit sees
// the cells of its own part only, and both an origin and its targets are in one
// part. The window of an origin may look back into the parts before: that is
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
