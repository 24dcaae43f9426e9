package codec

// Little-endian helpers. Package encoding/binary has them too, but imports
// reflect, which makes a WebAssembly module bigger and slower to start.

// AppendUint32 appends the 4 bytes of v, the least significant first.
//
//go:noinline
func AppendUint32(dst []byte, v uint32) []byte {
	return append(dst, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}

// AppendUint64 appends the 8 bytes of v, the least significant first.
//
//go:noinline
func AppendUint64(dst []byte, v uint64) []byte {
	return append(dst, byte(v), byte(v>>8), byte(v>>16), byte(v>>24),
		byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
}

// Uint32 returns the number in the first 4 bytes of b. It panics where b is
// shorter.
func Uint32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// Uint64 returns the number in the first 8 bytes of b. It panics where b is
// shorter.
func Uint64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// appendUvarint appends v in base 128: 7 bits a byte, the least significant
// first, the top bit set on all bytes but the last. It takes 1 to 10 bytes.
//
//go:noinline
func appendUvarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// uvarint returns the number at the beginning of b and how many bytes it
// takes; 0 bytes where b ends within it or it exceeds 64 bits.
func uvarint(b []byte) (v uint64, n int) {
	for i, c := range b {
		if i == 9 && c > 1 {
			return 0, 0
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// uvarintLen returns how many bytes appendUvarint takes for v.
func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// zigzag maps 0, -1, 1, -2 … to 0, 1, 2, 3 …
func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
