//go:build noasm || !(amd64 || arm64)

package kernel

import "testing"

// forEach runs f with plain Go, which is all there is.
func forEach(t *testing.T, f func(t *testing.T, kind string)) {
	t.Run("plain", func(t *testing.T) { f(t, "plain") })
}

// forEachBenchmark runs f with plain Go.
func forEachBenchmark(b *testing.B, f func(b *testing.B, peak func() int)) {
	b.Run("plain", func(b *testing.B) { f(b, nil) })
}
