package link

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

var (
	errShort  = errors.New("ends too early")
	errNumber = errors.New("number is too long")
	errName   = errors.New("name is not UTF-8")
	errCount  = errors.New("more elements than there are bytes")
)

// A reader reads numbers and bytes; after an error it reads zeros.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.at = len(r.data)
}

func (r *reader) left() int { return len(r.data) - r.at }

func (r *reader) rest() []byte { return r.data[r.at:] }

func (r *reader) byte() byte {
	if r.left() < 1 {
		r.fail(errShort)
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// take returns the next n bytes.
func (r *reader) take(n int) []byte {
	if n < 0 || n > r.left() {
		r.fail(errShort)
		return nil
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

// u32 reads an unsigned number of 32 bits in LEB128.
func (r *reader) u32() uint32 {
	var x uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		x |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if x > 1<<32-1 {
				break
			}
			return uint32(x)
		}
	}
	r.fail(errNumber)
	return 0
}

// signed reads a signed number of up to so many bits in LEB128.
func (r *reader) signed(bits int) int64 {
	var x int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		x |= int64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if shift+7 < 64 && b&0x40 != 0 {
			x |= -1 << (shift + 7)
		}
		if bits == 32 && x != int64(int32(x)) {
			break
		}
		return x
	}
	r.fail(errNumber)
	return 0
}

// count reads a number of elements, each of a byte at least.
func (r *reader) count() int {
	n := r.u32()
	if int64(n) > int64(r.left()) || n > maxCount {
		r.fail(errCount)
		return 0
	}
	return int(n)
}

// bytes reads a number of bytes and these.
func (r *reader) bytes() []byte { return r.take(int(r.u32())) }

func (r *reader) name() string {
	b := r.bytes()
	if !utf8.Valid(b) {
		r.fail(errName)
		return ""
	}
	return string(b)
}

// end returns the first error of reading what, or that bytes were left over.
func (r *reader) end(what string) error {
	if r.err == nil && r.left() > 0 {
		r.err = fmt.Errorf("%d bytes too many", r.left())
	}
	if r.err != nil {
		return fmt.Errorf("%s: %w", what, r.err)
	}
	return nil
}
