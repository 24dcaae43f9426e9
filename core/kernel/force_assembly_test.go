//go:build amd64 && !noasm

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
		t.Run(i.String(), func(t *testing.T) { f(t, kind) })
	}
}
