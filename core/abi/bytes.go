package abi

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/kernel"
)

// pad appends zeros up to a multiple of eight bytes, counted from start.
//
//go:noinline
func pad(dst []byte, start int) []byte {
	for (len(dst)-start)%8 != 0 {
		dst = append(dst, 0)
	}
	return dst
}

//go:noinline
func appendFloat(dst []byte, x float64) []byte { return codec.AppendUint64(dst, math.Float64bits(x)) }

func appendFloats(dst []byte, x []float64) []byte {
	dst = slices.Grow(dst, 8*len(x))
	for i, v := range x {
		if i%pause == 0 {
			kernel.Yield()
		}
		dst = codec.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

func appendInts(dst []byte, x []int64) []byte {
	for _, v := range x {
		dst = codec.AppendUint64(dst, uint64(v))
	}
	return dst
}

//go:noinline
func appendString(dst []byte, s string) []byte {
	dst = codec.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

// setSize writes the bytes from start on, as a uint32, at start.
func setSize(dst []byte, start int) {
	n := uint32(len(dst) - start)
	dst[start], dst[start+1], dst[start+2], dst[start+3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
}

// A reader takes bytes apart from front to back. After its first error it gives
// zeros.
type reader struct {
	b   []byte
	off int
	err error
}

//go:noinline
func (r *reader) fail(s Status, what string) {
	if r.err == nil {
		r.err = &Error{s, "abi: " + what + " at byte " + strconv.Itoa(r.off)}
	}
}

// take returns the next n bytes without copying them.
//
//go:noinline
func (r *reader) take(n int, what string) []byte {
	if r.err == nil && (n < 0 || n > len(r.b)-r.off) {
		r.fail(badRequest, "the bytes end within "+what)
	}
	if r.err != nil {
		return nil
	}
	out := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return out
}

//go:noinline
func (r *reader) u32(what string) int {
	if b := r.take(4, what); b != nil {
		return int(codec.Uint32(b))
	}
	return 0
}

//go:noinline
func (r *reader) i64(what string) int64 {
	if b := r.take(8, what); b != nil {
		return int64(codec.Uint64(b))
	}
	return 0
}

func (r *reader) f64(what string) float64 { return math.Float64frombits(uint64(r.i64(what))) }

// count returns a number that is at most limit.
//
//go:noinline
func (r *reader) count(limit int, what string) int {
	n := r.u32(what)
	if n > limit {
		r.fail(TooLarge, strconv.Itoa(n)+" "+what+", at most "+strconv.Itoa(limit))
		return 0
	}
	return n
}

func (r *reader) ints(n int, what string) []int64 {
	b := r.take(8*n, what)
	if b == nil {
		return nil
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(codec.Uint64(b[8*i:]))
	}
	return out
}

// floats appends n numbers to dst.
func (r *reader) floats(dst []float64, n int, what string) []float64 {
	return appendValues(dst, r.take(8*n, what))
}

// pause is how many values are read or written before a WebAssembly host has its turn: they
// take less than a millisecond.
const pause = 1 << 14

// appendValues appends the numbers that the bytes are. An infinity is not a
// value: it is missing.
func appendValues(dst []float64, b []byte) []float64 {
	for i := 0; len(b) > 0; i, b = i+1, b[8:] {
		if i%pause == 0 {
			kernel.Yield()
		}
		x := math.Float64frombits(codec.Uint64(b))
		if math.IsInf(x, 0) {
			x = math.NaN()
		}
		dst = append(dst, x)
	}
	return dst
}

//go:noinline
func (r *reader) string(limit int, what string) string {
	return string(r.take(r.count(limit, "bytes of "+what), what))
}

// pad steps over the zeros that follow strings.
//
//go:noinline
func (r *reader) pad(what string) {
	if n := r.off % 8; n != 0 && r.err == nil {
		r.take(8-n, what)
	}
}
