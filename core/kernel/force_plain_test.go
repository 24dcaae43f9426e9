//go:build noasm || !amd64

package kernel

import "testing"

// forEach runs f with plain Go, which is all there is.
func forEach(t *testing.T, f func(t *testing.T, kind string)) {
	t.Run("plain", func(t *testing.T) { f(t, "plain") })
}
