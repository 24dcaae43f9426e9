package feature

import (
	"math"

	"github.com/foretide/foretide/core/internal/stat"
)

// Roll tells d that its windows are from now on of one series, whose values do not
// change, each about as long after the one before: what they share is kept from
// one to the next. All inputs have the bits that they have without it. (A zero's
// sign aside.) It is for training, where origin follows origin; a window that is
// served comes from anywhere.
func (d *Direct) Roll() { d.rolling = new(rolling) }

// A rolling is what is kept from one window to the next.
type rolling struct {
	longStart  int64
	longCells  int
	volatility float64
	spans      [len(directSpans)]trail
}

// A trail is the cells of the last so many seconds, with their mean and median.
type trail struct {
	start, step  int64     // of the first cell
	cells        []float64 // in the window before
	mean, median float64
	sorted       []float64 // the observed ones, if the median is made of them
	isSorted     bool

	hasMean, hasMedian bool
}

// moveTo has t be the cells of a window, the first of which begins at start.
func (t *trail) moveTo(start, step int64, cells []float64) {
	if t.start == start && t.step == step && len(t.cells) == len(cells) {
		return
	}
	t.hasMean, t.hasMedian = false, false
	gone := start - t.start
	if t.step != step || gone < 0 || gone%step != 0 {
		t.isSorted = false
	} else {
		t.slide(int(gone/step), cells)
	}
	t.start, t.step, t.cells = start, step, cells
}

// slide keeps the sorted values up to date where some of the oldest cells are gone
// and others have come; where that is a good part of all, it is left.
func (t *trail) slide(gone int, cells []float64) {
	came := len(cells) - (len(t.cells) - gone)
	if gone > len(t.cells) || came < 0 || 8*(gone+came) > len(cells) {
		t.isSorted = false
		return
	}
	if !t.isSorted {
		t.sorted = t.sorted[:0]
		for _, x := range t.cells {
			t.insert(x)
		}
		t.isSorted = true
	}
	for _, x := range t.cells[:gone] {
		t.remove(x)
	}
	for _, x := range cells[len(cells)-came:] {
		t.insert(x)
	}
}

// place returns how many of the sorted values are below x.
func (t *trail) place(x float64) int {
	lo, hi := 0, len(t.sorted)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if t.sorted[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (t *trail) insert(x float64) {
	if x != x {
		return
	}
	i := t.place(x)
	t.sorted = append(t.sorted, 0)
	copy(t.sorted[i+1:], t.sorted[i:])
	t.sorted[i] = x
}

func (t *trail) remove(x float64) {
	if x != x {
		return
	}
	i := t.place(x)
	t.sorted = append(t.sorted[:i], t.sorted[i+1:]...)
}

// middle returns the median, as stat.Median does.
func (t *trail) middle(buf []float64) float64 {
	if t.hasMedian {
		return t.median
	}
	t.hasMedian = true
	n := len(t.sorted)
	switch {
	case !t.isSorted:
		t.median = stat.Median(observed(buf, t.cells))
	case n == 0:
		t.median = math.NaN()
	case n%2 == 1:
		t.median = t.sorted[n/2]
	default:
		lo, hi := t.sorted[n/2-1], t.sorted[n/2]
		t.median = lo + (hi-lo)/2
	}
	return t.median
}

// usual returns the volatility of a window.
func (r *rolling) usual(d *Direct) float64 {
	long := &d.long
	if len(long.Values) < 3 || long.Start != r.longStart || len(long.Values) != r.longCells {
		r.longStart, r.longCells, r.volatility = long.Start, len(long.Values), d.volatility()
	}
	return r.volatility
}

// meanOver returns the mean of the last seconds of directSpans[k].
func (d *Direct) meanOver(k int) float64 {
	if d.rolling == nil {
		return meanOf(d.trailing(directSpans[k]))
	}
	t := d.trailAt(k)
	if !t.hasMean {
		t.mean, t.hasMean = meanOf(t.cells), true
	}
	return t.mean
}

// medianOver returns the median of the last seconds of directSpans[k]; buf is room.
func (d *Direct) medianOver(k int, buf []float64) float64 {
	if d.rolling == nil {
		return stat.Median(observed(buf, d.trailing(directSpans[k])))
	}
	return d.trailAt(k).middle(buf)
}

// trailAt returns the cells of directSpans[k] in the window.
func (d *Direct) trailAt(k int) *trail {
	of := &d.recent
	if directSpans[k] > hour && len(d.long.Values) > 0 {
		of = &d.long
	}
	cells := d.trailing(directSpans[k])
	t := &d.rolling.spans[k]
	t.moveTo(of.End()-int64(len(cells))*of.Step, of.Step, cells)
	return t
}
