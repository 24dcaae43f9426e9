package terminal

import (
	"math"
	"strings"
)

// Spark draws values as a line of blocks, at most width of them: each is the mean
// of as many values. What is not finite is a space.
func Spark(v []float64, width int) string {
	cells := v
	if len(v) > width {
		cells = make([]float64, width)
		for i := range cells {
			cells[i] = finiteMean(v[i*len(v)/width : (i+1)*len(v)/width])
		}
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, x := range cells {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	const blocks = "▁▂▃▄▅▆▇█"
	levels := []rune(blocks)
	var b strings.Builder
	for _, x := range cells {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			b.WriteByte(' ')
		case hi == lo:
			b.WriteRune(levels[0])
		default:
			share := (x/2 - lo/2) / (hi/2 - lo/2) // halves: they may be as large as a float can be
			b.WriteRune(levels[max(0, min(len(levels)-1, int(share*float64(len(levels)))))])
		}
	}
	return b.String()
}

// finiteMean is the mean of the values that are finite; NaN for none.
func finiteMean(v []float64) float64 {
	sum, n := 0.0, 0.0
	for _, x := range v {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			sum, n = sum+x, n+1
		}
	}
	return sum / n
}
