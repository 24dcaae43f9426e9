package zstd

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/foretide/foretide/internal/testkit"
)

// samples are bytes of many kinds: random, of few symbols, text, repetitions at
// all distances, of all sizes around the formats' limits.
func samples() [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	out := [][]byte{nil, {7}, bytes.Repeat([]byte{5}, 300), []byte(strings.Repeat("the metrics of one container on one grid, ", 4000))}
	for _, n := range []int{1, 5, 31, 32, 255, 256, 4096, 1<<17 - 1, 1 << 17, 1<<17 + 1, 700_000} {
		for _, symbols := range []int{2, 17, 200, 256} {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(r.ExpFloat64() * float64(symbols) / 6)
				if i > 50 && r.IntN(40) == 0 {
					from := r.IntN(i - 20)
					copy(b[i-20:], b[from:from+20])
				}
			}
			out = append(out, b)
		}
	}
	return out
}

func encoders(t testing.TB) []*zstd.Encoder {
	var out []*zstd.Encoder
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(level != zstd.SpeedFastest))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func TestDecode(t *testing.T) {
	for _, e := range encoders(t) {
		for i, want := range samples() {
			packed := e.EncodeAll(want, nil)
			got, err := Decode(packed, len(want))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("sample %d of %d bytes in %d: %v", i, len(want), len(packed), err)
			}
			if len(want) > 0 {
				if _, err := Decode(packed, len(want)-1); err == nil {
					t.Errorf("sample %d: one byte more than asked for", i)
				}
				if _, err := Decode(packed[:len(packed)-1], len(want)); err == nil {
					t.Errorf("sample %d: cut", i)
				}
			}
			if _, err := Decode(packed, len(want)+1); err == nil {
				t.Errorf("sample %d: one byte less than asked for", i)
			}
		}
	}
	// Two frames with one to be skipped between them.
	e := encoders(t)[0]
	two := slices.Concat(e.EncodeAll([]byte("one"), nil), []byte{0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9}, e.EncodeAll([]byte("two"), nil))
	if got, err := Decode(two, 6); err != nil || string(got) != "onetwo" {
		t.Errorf("two frames: %q, %v", got, err)
	}
}

// FuzzDecode compares with another decoder, which checks checksums: what that
// accepts must be accepted too, with the same bytes.
func FuzzDecode(f *testing.F) {
	for _, e := range encoders(f) {
		for _, s := range samples() {
			if len(s) < 5000 {
				f.Add(e.EncodeAll(s, nil), len(s))
			}
		}
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<20), zstd.IgnoreChecksum(true))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		var got []byte
		var err error
		if n := testkit.Allocated(16<<20, func() { got, err = Decode(b, size) }); n > 16<<20 {
			t.Fatalf("allocated %d bytes", n)
		}
		want, wantErr := d.DecodeAll(b, nil)
		if err == nil && wantErr == nil && !bytes.Equal(got, want) {
			t.Fatal("other bytes than another decoder")
		}
		if err != nil && wantErr == nil && len(want) == size && len(b) > 0 {
			t.Fatalf("%v where another decoder has %d bytes", err, len(want))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	want := samples()[len(samples())-2]
	packed := encoders(b)[2].EncodeAll(want, nil)
	b.SetBytes(int64(len(want)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(packed, len(want)); err != nil {
			b.Fatal(err)
		}
	}
}
