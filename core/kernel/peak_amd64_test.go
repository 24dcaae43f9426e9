//go:build !noasm

package kernel

import "github.com/foretide/foretide/internal/peak"

// peakOf returns what measures the peak of an implementation, or nil.
func peakOf(i implementation) func() int {
	switch i {
	case avx2:
		return func() int { return peak.FMA256(1e5) }
	case avx512:
		return func() int { return peak.FMA512(1e5) }
	}
	return nil
}
