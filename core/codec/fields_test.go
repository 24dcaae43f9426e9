package codec

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// sample has a field of every sort.
type sample struct {
	U    uint64
	I    int64
	B    bool
	F    float64
	D    []byte
	S    string
	Fs   []float64
	F32  []float32
	Is   []int64
	Subs []sample
}

func (s *sample) write(w *Writer) {
	w.Uint(1, s.U)
	w.Int(2, s.I)
	w.Bool(3, s.B)
	w.Float(4, s.F)
	w.Data(5, s.D)
	w.String(6, s.S)
	w.Floats(7, s.Fs)
	w.Floats32(8, s.F32)
	w.Ints(900, s.Is)
	for i := range s.Subs {
		w.Message(10, s.Subs[i].write)
	}
}

func (s *sample) read(r *Reader) {
	for r.Next() {
		switch r.Field() {
		case 1:
			s.U = r.Uint()
		case 2:
			s.I = r.Int()
		case 3:
			s.B = r.Bool()
		case 4:
			s.F = r.Float()
		case 5:
			s.D = r.Data()
		case 6:
			s.S = r.String()
		case 7:
			s.Fs = r.Floats()
		case 8:
			s.F32 = r.Floats32()
		case 900:
			s.Is = r.Ints()
		case 10:
			r.Message(func(r *Reader) {
				var sub sample
				sub.read(r)
				s.Subs = append(s.Subs, sub)
			})
		}
	}
}

func (s *sample) bytes() []byte {
	var w Writer
	s.write(&w)
	return w.Bytes()
}

func randomSample(rng *rand.Rand, depth int) sample {
	ints := []int64{0, -1, 1, 63, -64, 64, math.MaxInt64, math.MinInt64, rng.Int64()}
	floats := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.SmallestNonzeroFloat64, rng.NormFloat64()}
	s := sample{
		U: []uint64{0, 127, 128, math.MaxUint64, rng.Uint64()}[rng.IntN(5)],
		I: ints[rng.IntN(len(ints))],
		B: rng.IntN(2) == 1,
		F: floats[rng.IntN(len(floats))],
		S: string(make([]byte, rng.IntN(200))) + "é\x00",
	}
	for range rng.IntN(5) {
		s.D = append(s.D, byte(rng.Uint32()))
		s.Fs = append(s.Fs, floats[rng.IntN(len(floats))])
		s.F32 = append(s.F32, float32(floats[rng.IntN(len(floats))]))
		s.Is = append(s.Is, ints[rng.IntN(len(ints))])
	}
	for range rng.IntN(3) {
		if depth > 0 {
			s.Subs = append(s.Subs, randomSample(rng, depth-1))
		}
	}
	return s
}

func TestFieldsRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		in := randomSample(rng, 3)
		b := in.bytes()
		var out sample
		r := NewReader(b)
		out.read(r)
		if r.Err() != nil {
			t.Fatalf("sample %d: %v", i, r.Err())
		}
		// Equal bytes: NaN and -0 count, and writing is deterministic.
		if !slices.Equal(out.bytes(), b) {
			t.Fatalf("sample %d differs after a round trip:\n%+v\n%+v", i, in, out)
		}
		if out.U != in.U || out.I != in.I || out.B != in.B || out.S != in.S || !slices.Equal(out.Is, in.Is) ||
			math.Float64bits(out.F) != math.Float64bits(in.F) || len(out.Subs) != len(in.Subs) {
			t.Fatalf("sample %d: wrote %+v, read %+v", i, in, out)
		}
	}
}

// The bytes below were worked out by hand from the Protocol Buffers encoding
// guide (https://protobuf.dev/programming-guides/encoding/); field 1 = 150 and
// field 2 = "testing" are its own examples.
func TestFieldsBytes(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(w *Writer)
		want  []byte
	}{
		{"varint", func(w *Writer) { w.Uint(1, 150) }, []byte{0x08, 0x96, 0x01}},
		{"zigzag", func(w *Writer) { w.Int(1, -2) }, []byte{0x08, 0x03}},
		{"string", func(w *Writer) { w.String(2, "testing") }, []byte("\x12\x07testing")},
		{"float", func(w *Writer) { w.Float(3, 1.5) }, []byte{0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}},
		{"floats32", func(w *Writer) { w.Floats32(3, []float32{1.5}) }, []byte{0x1a, 4, 0, 0, 0xc0, 0x3f}},
		{"two-byte tag", func(w *Writer) { w.Bool(16, true) }, []byte{0x80, 0x01, 0x01}},
		{"message", func(w *Writer) {
			w.Message(3, func(w *Writer) { w.Uint(1, 150) })
		}, []byte{0x1a, 0x03, 0x08, 0x96, 0x01}},
		{"ints", func(w *Writer) { w.Ints(4, []int64{1, -1, 64}) }, []byte{0x22, 4, 2, 1, 0x80, 0x01}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Writer
			c.write(&w)
			if !slices.Equal(w.Bytes(), c.want) {
				t.Errorf("wrote % x, want % x", w.Bytes(), c.want)
			}
			for n := 1; n < len(c.want); n++ {
				if r := NewReader(c.want[:n]); r.Next() || r.Err() != ErrTruncated {
					t.Errorf("cut to %d bytes: field %d, %v", n, r.Field(), r.Err())
				}
			}
		})
	}
}

func TestWriterLongMessage(t *testing.T) {
	text := string(make([]byte, 1<<15)) // its length takes three bytes
	w := NewWriter([]byte("before"))
	w.Message(1, func(w *Writer) { w.Message(2, func(w *Writer) { w.String(3, text) }) })
	w.Uint(4, 7)
	var got string
	var after uint64
	r := NewReader(w.Bytes()[len("before"):])
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *Reader) {
				for r.Next() {
					r.Message(func(r *Reader) {
						for r.Next() {
							got = r.String()
						}
					})
				}
			})
		case 4:
			after = r.Uint()
		}
	}
	if r.Err() != nil || got != text || after != 7 || string(w.Bytes()[:6]) != "before" {
		t.Errorf("read %d bytes, %d, %v", len(got), after, r.Err())
	}
}

func TestReaderSkipsUnknownFields(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	unknown := randomSample(rng, 2)
	var w Writer
	w.Message(77, unknown.write)
	w.buf = append(w.buf, 78<<3&0x7f|0x80|5, 78>>4, 1, 2, 3, 4) // fixed32
	w.Float(79, 1)
	w.Uint(1, 5)
	w.Data(80, []byte("x"))
	s := sample{I: -42}
	r := NewReader(w.Bytes())
	s.read(r)
	if r.Err() != nil || s.U != 5 || s.I != -42 {
		t.Errorf("read %+v, %v; want 5 and the default -42", s, r.Err())
	}
}

func TestReaderErrors(t *testing.T) {
	varint := func(w *Writer) { w.Uint(1, 1) }
	text := func(w *Writer) { w.String(1, "abc") }
	for _, c := range []struct {
		name  string
		write func(w *Writer)
		read  func(r *Reader)
		want  string
	}{
		{"integer as float", varint, func(r *Reader) { r.Float() }, "codec: field 1 is not a float"},
		{"integer as string", varint, func(r *Reader) { _ = r.String() }, "codec: field 1 is not a string"},
		{"integer as bytes", varint, func(r *Reader) { r.Data() }, "codec: field 1 is not a byte string"},
		{"integer as message", varint, func(r *Reader) { r.Message(func(*Reader) {}) }, "codec: field 1 is not a message"},
		{"string as integer", text, func(r *Reader) { r.Int() }, "codec: field 1 is not an integer"},
		{"three bytes as floats", text, func(r *Reader) { r.Floats() }, "codec: field 1 is not an array of floats"},
		{"three bytes as 32-bit floats", text, func(r *Reader) { r.Floats32() }, "codec: field 1 is not an array of 32-bit floats"},
		{"cut integers", func(w *Writer) { w.Data(1, []byte{1, 0x80}) }, func(r *Reader) { r.Ints() }, "codec: field 1 is not an array of integers"},
		{"two as truth", func(w *Writer) { w.Uint(1, 2) }, func(r *Reader) { r.Bool() }, "codec: field 1 is not a truth value"},
		{"in a message", text, func(r *Reader) { r.Message(func(r *Reader) { r.Next() }) }, ErrTruncated.Error()},
		{"of the caller", varint, func(r *Reader) { r.Fail(errors.New("too many")) }, "too many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Writer
			c.write(&w)
			w.Uint(2, 9)
			r := NewReader(w.Bytes())
			if !r.Next() {
				t.Fatal(r.Err())
			}
			c.read(r)
			if r.Err() == nil || r.Err().Error() != c.want {
				t.Errorf("got error %v, want %s", r.Err(), c.want)
			}
			r.Fail(errors.New("later"))
			if r.Next() || r.Uint() != 0 || r.Err().Error() != c.want {
				t.Errorf("the first error does not stay: %v", r.Err())
			}
		})
	}
}

func TestReaderMalformed(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"field 0", []byte{0x00, 0x01}, ErrMalformed},
		{"field 2^29", appendUvarint(nil, 1<<32), ErrMalformed},
		{"group", []byte{0x0b}, ErrMalformed},
		{"wire type 7", []byte{0x0f}, ErrMalformed},
		{"no value", []byte{0x08}, ErrTruncated},
		{"cut varint", []byte{0x08, 0x80}, ErrTruncated},
		{"65 bits", []byte{0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}, ErrTruncated},
		{"cut float", []byte{0x09, 1, 2, 3, 4, 5, 6, 7}, ErrTruncated},
		{"length beyond the end", []byte{0x0a, 2, 1}, ErrTruncated},
		{"length 2^64-1", []byte{0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(c.b)
			for r.Next() {
				t.Errorf("took field %d", r.Field())
			}
			if r.Err() != c.want {
				t.Errorf("got error %v, want %v", r.Err(), c.want)
			}
		})
	}
}

func TestWriterFieldRange(t *testing.T) {
	for _, field := range []int{-1, 0, maxField + 1} {
		t.Run(strconv.Itoa(field), func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			new(Writer).Uint(field, 1)
		})
	}
}

// FuzzReader reads arbitrary bytes as a sample; what it accepts must read the
// same after it was written again, and reading must not allocate more than a
// small multiple of the input.
func FuzzReader(f *testing.F) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 8 {
		s := randomSample(rng, 2)
		f.Add(s.bytes())
	}
	f.Add([]byte{0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s sample
		var r *Reader
		limit := 1<<17 + 1<<10*uint64(len(b))
		if n := testkit.Allocated(limit, func() { s, r = sample{}, NewReader(b); s.read(r) }); n > limit {
			t.Fatalf("%d bytes of input allocated %d bytes", len(b), n)
		}
		if r.Err() != nil {
			return
		}
		var again sample
		r = NewReader(s.bytes())
		again.read(r)
		if r.Err() != nil || !slices.Equal(again.bytes(), s.bytes()) {
			t.Fatalf("%+v reads as %+v, %v", s, again, r.Err())
		}
	})
}
