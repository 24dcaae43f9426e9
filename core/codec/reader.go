package codec

import (
	"errors"
	"math"
	"strconv"

	"github.com/foretide/foretide/core/kernel"
)

var (
	// ErrTruncated: the bytes end within a field, or claim a length that
	// exceeds them.
	ErrTruncated = errors.New("codec: data ends within a field")
	// ErrMalformed: a tag, a number or an array's length is impossible.
	ErrMalformed = errors.New("codec: malformed field")
)

// A fieldError is a field that is there in a form that its reader cannot use.
type fieldError struct {
	Field int    // number of the field
	Want  string // what the reader asked for: "an integer" …
}

// Error says which field it is and what was asked for.
func (e *fieldError) Error() string {
	return "codec: field " + strconv.Itoa(e.Field) + " is not " + e.Want
}

// A Reader reads the fields that a Writer wrote, in whatever order they come:
//
//	m := Model{Step: 300} // the defaults of fields that are not there
//	r := codec.NewReader(b)
//	for r.Next() {
//		switch r.Field() {
//		case 1:
//			m.Step = r.Int()
//		case 2:
//			m.Weights = r.Floats()
//		case 3:
//			r.Message(func(r *codec.Reader) { m.Parts = append(m.Parts, readPart(r)) })
//		}
//	}
//	return m, r.Err()
//
// A field that no case takes is stepped over, so that an older program reads
// what a newer one wrote. Of a field that comes twice, the later one is what a
// plain assignment keeps. The first error stays: from it on Next is false and
// every value is zero. A Reader never panics on any input, and what a call
// allocates is at most eight times the bytes of its field: an array's length
// is what its bytes hold, never a number that they claim.
type Reader struct {
	rest  []byte // after the current field
	field int
	wire  int
	num   uint64 // value of a varint or fixed field
	data  []byte // value of a bytes field
	err   error
}

// NewReader returns a reader of b. Values never share memory with b.
func NewReader(b []byte) *Reader { return &Reader{rest: b} }

// Err returns the first error; nil where all was well.
func (r *Reader) Err() error { return r.err }

// Fail makes err the reader's error, unless it has one: for a value that is
// well-formed and yet impossible.
//
//go:noinline
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Field returns the number of the current field.
func (r *Reader) Field() int { return r.field }

// Next goes on to the next field. It is false at the end and after an error.
func (r *Reader) Next() bool {
	if r.err != nil || len(r.rest) == 0 {
		return false
	}
	tag := r.varint()
	r.wire, r.num, r.data = int(tag&7), 0, nil
	if n := tag >> 3; r.err == nil && (n < 1 || n > maxField) {
		r.err = ErrMalformed
	}
	r.field = int(tag >> 3 & maxField)
	if r.err != nil {
		return false
	}
	switch r.wire {
	case wireVarint:
		r.num = r.varint()
	case wireFixed64:
		if b := r.take(8); b != nil {
			r.num = Uint64(b)
		}
	case wireFixed32:
		if b := r.take(4); b != nil {
			r.num = uint64(Uint32(b))
		}
	case wireBytes:
		r.data = r.take(r.varint())
	default:
		r.err = ErrMalformed
	}
	return r.err == nil
}

// Uint returns the current field as an unsigned integer.
//
//go:noinline
func (r *Reader) Uint() uint64 {
	if !r.is(wireVarint, "an integer") {
		return 0
	}
	return r.num
}

// Int returns the current field as a signed integer.
//
//go:noinline
func (r *Reader) Int() int64 { return unzigzag(r.Uint()) }

// Bool returns the current field as a truth value.
//
//go:noinline
func (r *Reader) Bool() bool {
	v := r.Uint()
	if v > 1 {
		r.Fail(&fieldError{r.field, "a truth value"})
	}
	return v == 1
}

// Float returns the current field as a float64. NaN is a value like any other.
//
//go:noinline
func (r *Reader) Float() float64 {
	if !r.is(wireFixed64, "a float") {
		return 0
	}
	return math.Float64frombits(r.num)
}

// Data returns a copy of the current field's bytes.
func (r *Reader) Data() []byte {
	if !r.is(wireBytes, "a byte string") {
		return nil
	}
	if len(r.data) == 0 {
		return nil
	}
	out := make([]byte, len(r.data))
	for at := 0; at < len(out); at += 16 * pause { // as fast as memory is
		copy(out[at:min(at+64*pause, len(out))], r.data[at:])
		kernel.Yield()
	}
	return out
}

// String returns the current field as a string.
//
//go:noinline
func (r *Reader) String() string {
	if !r.is(wireBytes, "a string") {
		return ""
	}
	return string(r.data)
}

// Floats returns the current field as an array of float64 values; nil where
// it is empty.
func (r *Reader) Floats() []float64 {
	if !r.array(8, "an array of floats") {
		return nil
	}
	out := make([]float64, len(r.data)/8)
	for i := range out {
		if i%pause == pause-1 {
			kernel.Yield()
		}
		out[i] = math.Float64frombits(Uint64(r.data[8*i:]))
	}
	return out
}

// Floats32 returns the current field as an array of float32 values; nil where
// it is empty.
func (r *Reader) Floats32() []float32 {
	if !r.array(4, "an array of 32-bit floats") {
		return nil
	}
	out := make([]float32, len(r.data)/4)
	for i := range out {
		if i%pause == pause-1 {
			kernel.Yield()
		}
		out[i] = math.Float32frombits(Uint32(r.data[4*i:]))
	}
	return out
}

// Ints returns the current field as an array of signed integers; nil where it
// is empty.
func (r *Reader) Ints() []int64 {
	if !r.array(1, "an array of integers") {
		return nil
	}
	n := 0
	for _, c := range r.data {
		if c < 0x80 {
			n++
		}
	}
	out := make([]int64, 0, n)
	for b := r.data; len(b) > 0; {
		v, k := uvarint(b)
		if k == 0 {
			r.Fail(&fieldError{r.field, "an array of integers"})
			return nil
		}
		if out, b = append(out, unzigzag(v)), b[k:]; len(out)%pause == 0 {
			kernel.Yield()
		}
	}
	return out
}

// Message hands the fields of the nested message that is the current field to
// read. An error that read leaves in its reader is r's error too.
func (r *Reader) Message(read func(r *Reader)) {
	if !r.is(wireBytes, "a message") {
		return
	}
	sub := Reader{rest: r.data}
	read(&sub)
	if sub.err != nil {
		r.Fail(sub.err)
	}
}

// is reports whether the current field has the wire type; otherwise that is
// an error.
//
//go:noinline
func (r *Reader) is(wire int, want string) bool {
	if r.err == nil && r.wire != wire {
		r.err = &fieldError{r.field, want}
	}
	return r.err == nil
}

// array reports whether the current field is an array with elements of size
// bytes and at least one of them.
//
//go:noinline
func (r *Reader) array(size int, want string) bool {
	if r.is(wireBytes, want) && len(r.data)%size != 0 {
		r.err = &fieldError{r.field, want}
	}
	return r.err == nil && len(r.data) > 0
}

//go:noinline
func (r *Reader) varint() uint64 {
	v, n := uvarint(r.rest)
	if n == 0 {
		r.Fail(ErrTruncated)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// take returns the next n bytes without copying them.
//
//go:noinline
func (r *Reader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.rest)) {
		r.err = ErrTruncated
	}
	if r.err != nil {
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}
