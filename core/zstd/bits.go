package zstd

import (
	"math/bits"

	"github.com/foretide/foretide/core/codec"
)

// A backward reads bits from the end of a stream towards its beginning: the
// last byte's highest set bit marks where they begin.
type backward struct {
	b    []byte
	left int // bits that were not read; negative when more were than there are
}

// begin starts to read b; ok is false where it has no mark.
func (r *backward) begin(b []byte) (ok bool) {
	r.b, r.left = b, 0
	if len(b) == 0 || b[len(b)-1] == 0 {
		return false
	}
	r.left = 8*(len(b)-1) + bits.Len8(b[len(b)-1]) - 1
	return true
}

// read returns the next n bits, n at most 32, with zeros for those that are not
// there.
func (r *backward) read(n int) int {
	v := r.peek(n)
	r.left -= n
	return v
}

func (r *backward) peek(n int) int {
	at, short := r.left-n, 0
	if at < 0 {
		at, short = 0, -at
	}
	if short >= n {
		return 0
	}
	return int(r.word(at)&(1<<(n-short)-1)) << short
}

// word returns 56 or more bits from bit at on.
func (r *backward) word(at int) uint64 {
	i := at >> 3
	if i+8 <= len(r.b) {
		return codec.Uint64(r.b[i:]) >> (at & 7)
	}
	var tail [8]byte
	copy(tail[:], r.b[min(i, len(r.b)):])
	return codec.Uint64(tail[:]) >> (at & 7)
}

// A forward reads bits from the beginning of a stream on.
type forward struct {
	b  []byte
	at int // bits
}

// peek returns the next n bits, n at most 32; those beyond the end are zero.
func (r *forward) peek(n int) int {
	return int((&backward{b: r.b}).word(r.at) & (1<<n - 1))
}
