//go:build (amd64 || arm64) && !noasm

package kernel

import "testing"

// forEach runs f once with each implementation that this processor has. The
// name is the kind of rounding, fused or plain, whose results agree in all
// bits.
func forEach(t *testing.T, f func(t *testing.T, kind string)) {
	defer func(i implementation) { using = i }(using)
	for i := plain; i <= best(); i++ {
		using = i
		kind := "fused"
		if i == plain {
			kind = "plain"
		}
		t.Run(Implementation(), func(t *testing.T) { f(t, kind) })
	}
}

// forEachBenchmark runs f once with each implementation; peak does as many
// multiply-adds as a core can with its registers, and returns how many
// operations these are.
func forEachBenchmark(b *testing.B, f func(b *testing.B, peak func() int)) {
	defer func(i implementation) { using = i }(using)
	for i := plain; i <= best(); i++ {
		using = i
		b.Run(i.String(), func(b *testing.B) { f(b, peakOf(i)) })
	}
}
