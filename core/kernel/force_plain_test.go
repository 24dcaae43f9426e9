//go:build noasm || !(amd64 || arm64)

package kernel

import "testing"

// forEach runs f with the one implementation there is: plain Go, or the kernels
// of WebAssembly, which have the same bits.
func forEach(t *testing.T, f func(t *testing.T, kind string)) {
	t.Run(Implementation(), func(t *testing.T) { f(t, "plain") })
}

// forEachBenchmark runs f with the one implementation there is.
func forEachBenchmark(b *testing.B, f func(b *testing.B, peak func() int)) {
	b.Run(Implementation(), func(b *testing.B) { f(b, nil) })
}
