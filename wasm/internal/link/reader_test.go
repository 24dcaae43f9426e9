package link

import (
	"math"
	"testing"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// TestNumbers: what package simd writes is read as what it was, and a number
// that does not fit is refused.
func TestNumbers(t *testing.T) {
	for _, x := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, -8193, math.MaxInt32, math.MinInt32} {
		b := simd.AppendSigned(nil, x)
		r := &reader{data: b}
		if got := r.signed(32); got != x || r.err != nil || r.left() > 0 {
			t.Errorf("%d is read as %d, %v, from %x", x, got, r.err, b)
		}
		if x < 0 {
			continue
		}
		r = &reader{data: simd.AppendUnsigned(nil, uint64(x))}
		if got := r.u32(); int64(got) != x || r.err != nil || r.left() > 0 {
			t.Errorf("%d is read as %d, %v", x, got, r.err)
		}
	}
	for _, x := range []int64{math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64, math.MinInt64} {
		b := simd.AppendSigned(nil, x)
		if r := (&reader{data: b}); r.signed(32) != 0 || r.err == nil {
			t.Errorf("%d fits 32 bits", x)
		}
		if r := (&reader{data: b}); r.signed(64) != x || r.err != nil {
			t.Errorf("%d does not fit 64 bits: %v", x, r.err)
		}
	}
	for _, b := range [][]byte{{}, {0x80}, {0xff, 0xff, 0xff, 0xff, 0x10}, {0x80, 0x80, 0x80, 0x80, 0x80, 0}} {
		if r := (&reader{data: b}); r.u32() != 0 || r.err == nil {
			t.Errorf("%x is a number of 32 bits", b)
		}
	}
}
