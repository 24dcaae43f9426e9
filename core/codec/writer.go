package codec

import "math"

// A wire type says how a field's value is laid out, and so how to step over a
// field that is not known. The numbers are those of Protocol Buffers.
const (
	wireVarint  = 0 // base 128, 7 bits a byte, the least significant first
	wireFixed64 = 1 // 8 bytes, little-endian
	wireBytes   = 2 // length as a varint, then that many bytes
	wireFixed32 = 5 // 4 bytes, little-endian; read over, never written
)

// maxField is the largest field number, as in Protocol Buffers.
const maxField = 1<<29 - 1

// A Writer appends tagged fields to a byte slice. The same calls give the same
// bytes. Its zero value is an empty writer that is ready for use; it is not
// safe for concurrent use.
//
// A field number is given once and keeps its meaning for ever: a field that
// is no longer wanted leaves a number that is not used again. The methods
// panic where a number is not in [1, 2^29).
type Writer struct{ buf []byte }

// NewWriter returns a writer that appends to dst.
func NewWriter(dst []byte) *Writer { return &Writer{buf: dst} }

// Bytes returns what has been written, after the bytes that NewWriter was
// given.
func (w *Writer) Bytes() []byte { return w.buf }

// Uint writes an unsigned integer.
func (w *Writer) Uint(field int, v uint64) {
	w.tag(field, wireVarint)
	w.buf = appendUvarint(w.buf, v)
}

// Int writes a signed integer; a small magnitude takes few bytes (zigzag).
func (w *Writer) Int(field int, v int64) { w.Uint(field, zigzag(v)) }

// Bool writes a truth value.
func (w *Writer) Bool(field int, v bool) {
	n := uint64(0)
	if v {
		n = 1
	}
	w.Uint(field, n)
}

// Float writes a float64, bit by bit: NaN and the sign of zero are kept.
func (w *Writer) Float(field int, v float64) {
	w.tag(field, wireFixed64)
	w.buf = AppendUint64(w.buf, math.Float64bits(v))
}

// Data writes a byte string.
func (w *Writer) Data(field int, v []byte) {
	w.length(field, len(v))
	w.buf = append(w.buf, v...)
}

// String writes a string.
func (w *Writer) String(field int, v string) {
	w.length(field, len(v))
	w.buf = append(w.buf, v...)
}

// Floats writes an array of float64 values, 8 bytes each.
func (w *Writer) Floats(field int, v []float64) {
	w.length(field, 8*len(v))
	for _, x := range v {
		w.buf = AppendUint64(w.buf, math.Float64bits(x))
	}
}

// Floats32 writes an array of float32 values, 4 bytes each.
func (w *Writer) Floats32(field int, v []float32) {
	w.length(field, 4*len(v))
	for _, x := range v {
		w.buf = AppendUint32(w.buf, math.Float32bits(x))
	}
}

// Ints writes an array of signed integers, each as Int does.
func (w *Writer) Ints(field int, v []int64) {
	n := 0
	for _, x := range v {
		n += uvarintLen(zigzag(x))
	}
	w.length(field, n)
	for _, x := range v {
		w.buf = appendUvarint(w.buf, zigzag(x))
	}
}

// Message writes a nested message: the fields that write gives to the writer.
// A message for each element, under one field number, is a list of them.
func (w *Writer) Message(field int, write func(w *Writer)) {
	w.tag(field, wireBytes)
	start := len(w.buf)
	write(w)
	n := len(w.buf) - start
	// The length goes before the fields, but is known only after them.
	k := uvarintLen(uint64(n))
	for range k {
		w.buf = append(w.buf, 0)
	}
	copy(w.buf[start+k:], w.buf[start:start+n])
	appendUvarint(w.buf[:start], uint64(n))
}

func (w *Writer) tag(field, wire int) {
	if field < 1 || field > maxField {
		panic("codec: field number is out of range")
	}
	w.buf = appendUvarint(w.buf, uint64(field)<<3|uint64(wire))
}

func (w *Writer) length(field, n int) {
	w.tag(field, wireBytes)
	w.buf = appendUvarint(w.buf, uint64(n))
}
