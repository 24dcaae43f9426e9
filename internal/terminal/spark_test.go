package terminal

import (
	"math"
	"testing"
)

// TestSpark: a small curve shows the course of the values.
func TestSpark(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v     []float64
		width int
		want  string
	}{
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8}, 32, "▁▂▃▄▅▆▇█"},
		{[]float64{8, 8, 1, 1}, 2, "█▁"},
		{[]float64{3, 3}, 32, "▁▁"},
		{[]float64{1, math.NaN(), 2, math.Inf(1)}, 32, "▁ █ "},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 32, "▁█"},
		{nil, 32, ""},
	} {
		if got := Spark(c.v, c.width); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}
