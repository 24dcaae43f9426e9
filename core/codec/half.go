package codec

import (
	"math"

	"github.com/foretide/foretide/core/kernel"
)

// pause is how many numbers, or bytes of a checksum, are read before a
// WebAssembly host has its turn: they take less than a millisecond.
const pause = 1 << 14

// toHalf rounds x to IEEE 754 binary16, to nearest, ties to even. What is too
// large becomes the largest finite number: a weight is never infinite.
func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00 // not a number
	case b >= 0x477ff000:
		return sign | 0x7bff
	case b >= 0x38800000: // normal
		b += 0xfff + (b >> 13 & 1)
		return sign | uint16(b>>13-(112<<10))
	case b < 0x33000001:
		return sign
	}
	// Subnormal: a multiple of 2^-24.
	shift := 126 - b>>23
	m := b&0x7fffff | 0x800000
	half := uint32(1) << (shift - 1)
	n := m >> shift
	if rest := m & (half<<1 - 1); rest > half || rest == half && n&1 == 1 {
		n++
	}
	return sign | uint16(n)
}

// fromHalf returns the number that h is.
func fromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	e, m := uint32(h>>10&31), uint32(h&0x3ff)
	switch {
	case e == 31:
		return math.Float32frombits(sign | 0x7f800000 | m<<13)
	case e > 0:
		return math.Float32frombits(sign | (e+112)<<23 | m<<13)
	}
	x := float32(m) / (1 << 24)
	return math.Float32frombits(math.Float32bits(x) | sign)
}

// AppendHalves appends numbers as binary16, 2 bytes each.
func AppendHalves(dst []byte, x []float32) []byte {
	for _, v := range x {
		h := toHalf(v)
		dst = append(dst, byte(h), byte(h>>8))
	}
	return dst
}

// Halves sets dst to the numbers that AppendHalves wrote; false where there are
// not as many, or one is not finite.
func Halves(dst []float32, data []byte) bool {
	if len(data) != 2*len(dst) {
		return false
	}
	for i := range dst {
		if i%pause == pause-1 {
			kernel.Yield()
		}
		dst[i] = fromHalf(uint16(data[2*i]) | uint16(data[2*i+1])<<8)
		if dst[i]-dst[i] != 0 {
			return false
		}
	}
	return true
}

// RoundHalves rounds numbers to what binary16 holds, so that they are the same
// before they are stored and after.
func RoundHalves(x []float32) {
	for i, v := range x {
		x[i] = fromHalf(toHalf(v))
	}
}
