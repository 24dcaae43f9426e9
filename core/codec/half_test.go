package codec

import (
	"math"
	"testing"
)

// TestHalf: every binary16 comes back, and rounding is to the nearest.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		x := fromHalf(uint16(h))
		if x != x || math.IsInf(float64(x), 0) {
			continue
		}
		if got := toHalf(x); got != uint16(h) {
			t.Fatalf("%04x is %v, which is %04x", h, x, got)
		}
	}
	for _, c := range []struct {
		x    float32
		want uint16
	}{
		{1 + 1.0/2048, 0x3c00}, {1 + 3.0/2048, 0x3c02}, {1 + 1.0/2048 + 1.0/65536, 0x3c01},
		{65519, 0x7bff}, {1e30, 0x7bff}, {float32(math.Inf(-1)), 0xfbff}, {float32(math.NaN()), 0x7e00},
		{1.0 / (1 << 25), 0}, {1.5 / (1 << 25), 1}, {-3.0 / (1 << 25), 0x8002}, {0.99999 / (1 << 14), 0x400},
	} {
		if got := toHalf(c.x); got != c.want {
			t.Errorf("%v is %04x, want %04x", c.x, got, c.want)
		}
	}
	// Nearest, checked against the neighbours.
	for i := range 100000 {
		x := float32(math.Exp(float64(i%300)/10-20) * (1 + float64(i)/1e5))
		h := toHalf(x)
		d := math.Abs(float64(fromHalf(h) - x))
		for _, n := range []uint16{h - 1, h + 1} {
			if y := fromHalf(n); n < 0x7c00 && math.Abs(float64(y-x)) < d {
				t.Fatalf("%v is %v, but %v is nearer", x, fromHalf(h), y)
			}
		}
	}
}
