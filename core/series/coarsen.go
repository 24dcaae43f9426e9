package series

import (
	"math"

	"github.com/foretide/foretide/core/kernel"
)

// pause is how many values are worked on before a WebAssembly host has its turn:
// they take about a millisecond.
const pause = 1 << 14

// Coarsen returns s on a grid of the coarser step, a multiple of s.Step:
// each cell is the mean of the observed values within it, NaN where there are
// none. Cells stand on multiples of step, wherever s begins, so that every
// window of a container shares the same coarse cells. A last cell that s does
// not reach the end of is left out: it would change when its time has passed.
// It panics where step is not a multiple of s.Step.
func Coarsen(s Series, step int64) Series {
	if step <= 0 || step%s.Step != 0 {
		panic("series: coarser step is not a multiple of the step")
	}
	start := floorDiv(s.Start, step) * step
	n := int(floorDiv(s.End()-start, step))
	if n <= 0 || len(s.Values) == 0 {
		return Series{Start: start, Step: step}
	}
	out := make([]float64, n)
	j := 0
	for i := range out {
		end := start + int64(i+1)*step
		sum, count := 0.0, 0
		for ; j < len(s.Values) && s.Time(j) < end; j++ {
			if j%pause == 0 {
				kernel.Yield()
			}
			if v := s.Values[j]; !math.IsNaN(v) {
				sum += v
				count++
			}
		}
		if count > 0 {
			out[i] = sum / float64(count)
		} else {
			out[i] = math.NaN()
		}
	}
	return Series{Start: start, Step: step, Values: out}
}

// CoarsenFrame coarsens every column of f as Coarsen does.
func CoarsenFrame(f *Frame, step int64) Frame {
	out := Frame{Container: f.Container, Step: step, Metrics: f.Metrics,
		Start: floorDiv(f.Start, step) * step}
	for _, c := range f.Columns {
		s := Coarsen(Series{Start: f.Start, Step: f.Step, Values: c}, step)
		out.Columns = append(out.Columns, s.Values)
	}
	return out
}

// Fold writes the means of blocks of values to dst; the last block ends with the
// last value. Missing values do not count, and a block without any other is NaN.
// It returns the index of the first block that is not NaN, or -1.
func Fold(dst, values []float64, block int) (first int) {
	first = -1
	values = values[len(values)-len(dst)*block:]
	for i := range dst {
		sum, n := 0.0, 0
		for _, v := range values[i*block : (i+1)*block] {
			if v == v {
				sum += v
				n++
			}
		}
		dst[i] = sum / float64(n) // NaN for n = 0
		if n > 0 && first < 0 {
			first = i
		}
	}
	return first
}
