package series

import (
	"errors"
	"math"
	"strconv"

	"github.com/foretide/foretide/core/kernel"
)

// DefaultMaxCells is the longest grid that a Builder makes unless told
// otherwise: two years of 15 s, eight years of minutes.
const DefaultMaxCells = 1 << 22

// MaxMagnitude is the largest absolute value that a series can have; a larger
// one counts as infinite. The sum of squares of a whole grid stays finite.
const MaxMagnitude = 1e150

// ErrNoSamples is returned by Builder.Frame when no value was added.
var ErrNoSamples = errors.New("series: no samples")

// A SpanError tells that the samples lie too far apart for one grid, as a
// single wrong timestamp makes them.
type SpanError struct {
	First, Last int64 // the earliest and latest sample, Unix seconds
	Step        int64 // seconds between cells
	Cells, Max  int64 // cells from First to Last, and how many there may be
}

// Error names the two ends of the span, its cells and the limit.
func (e *SpanError) Error() string {
	return "series: samples from " + strconv.FormatInt(e.First, 10) + " to " +
		strconv.FormatInt(e.Last, 10) + " (Unix seconds) need " + strconv.FormatInt(e.Cells, 10) +
		" cells of " + strconv.FormatInt(e.Step, 10) + " s, more than " + strconv.FormatInt(e.Max, 10)
}

const (
	chunkBits  = 8
	chunkCells = 1 << chunkBits
	chunkWords = 8       // 8-byte words that a chunk takes beside its columns, about
	maxTime    = 1 << 52 // seconds; keeps the arithmetic on cells from overflowing
)

// A chunk is the cells of the grid whose index is at after a shift by chunkBits.
type chunk struct {
	at      int64
	columns []*column // by metric, nil where it has no sample
}

// A column is the sums and weights of one metric in one chunk of the grid.
type column struct {
	sum   [chunkCells]float64
	count [chunkCells]uint32
}

// A Builder puts samples on a regular grid: a cell holds the mean of the
// samples in it. Samples may come in any order, with duplicate times and
// gaps. Storage grows with the cells that hold samples, in chunks of 256 for
// each metric, so that a stray timestamp costs no grid: 12 bytes for each
// metric and cell of a chunk. Sums are taken in the order of the calls to Add.
type Builder struct {
	// MaxCells is the longest grid; a longer one is a SpanError.
	MaxCells int64

	step        int64
	metrics     []string
	chunks      []chunk // ascending (a map would bring 30 kB of the runtime into the guest)
	recent      chunk   // the one of the last sample
	first, last int64   // earliest and latest sample
	lo, hi      int64   // their cells
	samples     int64
	columns     int
	switches    int // from a chunk to another
}

// NewBuilder returns a builder of frames with the given step in seconds and
// metrics. It panics where the step is not positive.
func NewBuilder(step int64, metrics []string) *Builder {
	if step <= 0 {
		panic("series: step is not positive")
	}
	return &Builder{MaxCells: DefaultMaxCells, step: step, metrics: metrics}
}

// Add adds a value of the metric with the given index at the Unix second t.
// A value that is NaN, infinite or beyond MaxMagnitude is missing: it is left
// out.
func (b *Builder) Add(t int64, metric int, v float64) {
	if math.Abs(v) <= MaxMagnitude {
		b.add(min(max(t, -maxTime), maxTime), metric, v, 1)
	}
}

// add adds a value with a weight, at a time that is no further from 0 than
// maxTime.
func (b *Builder) add(t int64, metric int, v float64, weight int64) {
	cell := floorDiv(t, b.step)
	if b.samples == 0 {
		b.first, b.last, b.lo, b.hi = t, t, cell, cell
	} else if t < b.first {
		b.first, b.lo = t, cell
	} else if t > b.last {
		b.last, b.hi = t, cell
	}
	if b.samples++; b.samples%pause == 0 {
		kernel.Yield()
	}
	if b.hi-b.lo >= b.MaxCells {
		return // Frame will say so; until then nothing more is stored
	}
	if at := cell >> chunkBits; b.recent.columns == nil || at != b.recent.at {
		b.recent = b.chunk(at)
	}
	c := b.recent.columns[metric]
	if c == nil {
		c = new(column)
		b.recent.columns[metric] = c
		b.columns++
	}
	c.sum[cell&(chunkCells-1)] += float64(v * float64(weight)) // not fused on arm64
	c.count[cell&(chunkCells-1)] += uint32(weight)
}

// chunk returns the chunk with this index, a new one where there is none.
func (b *Builder) chunk(at int64) chunk {
	if b.switches++; b.switches%(pause/8) == 0 { // each takes as long as eight values
		kernel.Yield()
	}
	i, n := 0, len(b.chunks)
	if n > 0 && at > b.chunks[n-1].at { // as nearly always
		i = n
	}
	for i < n {
		if mid := int(uint(i+n) / 2); b.chunks[mid].at < at {
			i = mid + 1
		} else {
			n = mid
		}
	}
	if i == len(b.chunks) || b.chunks[i].at != at {
		b.chunks = append(b.chunks, chunk{})
		copy(b.chunks[i+1:], b.chunks[i:])
		b.chunks[i] = chunk{at, make([]*column, len(b.metrics))}
	}
	return b.chunks[i]
}

// Stored returns the builder's storage in units of 12 bytes: the number of
// values that it has room for, and a little for each chunk.
func (b *Builder) Stored() int {
	return b.columns*chunkCells + len(b.chunks)*(len(b.metrics)+chunkWords)*8/12
}

// Cells returns the number of cells from the first to the last sample: the
// length of the frame that Frame returns, unless that is more than MaxCells.
func (b *Builder) Cells() int64 {
	if b.samples == 0 {
		return 0
	}
	return b.hi - b.lo + 1
}

// Frame returns what was added so far as a frame that reaches from the first
// to the last cell with a sample. All metrics have a column; one without
// samples is NaN throughout. The error is ErrNoSamples or a *SpanError. The
// builder may be added to afterwards.
func (b *Builder) Frame(container string) (Frame, error) {
	f := Frame{Container: container, Step: b.step, Metrics: b.metrics}
	if b.samples == 0 {
		return f, ErrNoSamples
	}
	n := b.Cells()
	if n > b.MaxCells {
		return f, &SpanError{First: b.first, Last: b.last, Step: b.step, Cells: n, Max: b.MaxCells}
	}
	f.Start = b.lo * b.step
	f.Columns = make([][]float64, len(b.metrics))
	for k := range f.Columns {
		f.Columns[k] = make([]float64, n)
		b.means(f.Columns[k], k)
	}
	return f, nil
}

// means writes the means of metric k to dst, whose first cell is b.lo.
func (b *Builder) means(dst []float64, k int) {
	for i := range dst {
		if i%pause == 0 {
			kernel.Yield()
		}
		dst[i] = math.NaN()
	}
	for j := range b.chunks {
		c := b.chunks[j].columns[k]
		if c == nil {
			continue
		}
		if j%(pause>>chunkBits) == 0 {
			kernel.Yield()
		}
		for i, n := range c.count {
			if n > 0 {
				dst[b.chunks[j].at<<chunkBits+int64(i)-b.lo] = c.sum[i] / float64(n)
			}
		}
	}
}
