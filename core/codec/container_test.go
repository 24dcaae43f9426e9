package codec

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// example is a checkpoint with something in every field.
func example() *Checkpoint {
	var payload Writer
	payload.Int(1, 300)
	payload.Floats(2, []float64{0.5, -0.25, math.NaN()})
	return &Checkpoint{
		Kind: "naive.1", Metric: "cpu", Container: "azure/vm-1", Step: 300,
		Horizons: []int64{300, 900, 1800},
		Levels:   []float64{0.1, 0.5, 0.9},
		Provenance: Provenance{
			Version: "0.1.0", Model: "naive", Config: "metric_name: cpu\n", Seed: math.MaxUint64,
			Containers: []string{"azure/vm-1", "azure/vm-2"},
			DataStart:  1700000100, DataEnd: 1700600100, Points: 1998, DataDigest: "sha256:00ff",
			Status: "converged", Summary: "median of 24 h × 0.7", Notes: []string{"2 cells missing"},
			Scores: []Score{
				{300, 500, 0.25, 0.5, 0.75, 0.5, 12.5, 0.875, 0.8125, 1.25},
				{900, 499, 0.5, 0.75, 0.875, 0.25, 15, 1, 0.78125, 1.5},
			},
		},
		Payload: payload.Bytes(),
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	shared := example()
	shared.Container, shared.Provenance = "", Provenance{}
	epochs := example()
	epochs.Provenance.Losses = []float64{0.5, 0.25, 0.375}
	for _, c := range []struct {
		name   string
		c      *Checkpoint
		method Method
		data   []byte
	}{
		{"stored", example(), Stored, example().Payload},
		{"compressed", example(), Zstd, []byte("as if compressed")},
		{"shared, without provenance", shared, Stored, shared.Payload},
		{"trained by epochs", epochs, Stored, epochs.Payload},
		{"unknown method", example(), 200, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.c.AppendCompressed(nil, c.method, c.data)
			f, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if f.Method != c.method || !bytes.Equal(f.Data, c.data) || f.Size != uint64(len(c.c.Payload)) {
				t.Errorf("method %d, size %d, data %q", f.Method, f.Size, f.Data)
			}
			f.Payload = c.c.Payload
			if !reflect.DeepEqual(&f.Checkpoint, c.c) {
				t.Errorf("wrote %+v\nread %+v", c.c, &f.Checkpoint)
			}
			if again := f.AppendCompressed(nil, c.method, c.data); !bytes.Equal(again, b) {
				t.Error("written again it has other bytes")
			}
		})
	}
}

// TestAppendKeepsPrefix: the checksum covers the checkpoint alone, whatever
// it is appended to.
func TestAppendKeepsPrefix(t *testing.T) {
	b := example().Append([]byte("before"))
	if string(b[:6]) != "before" || !bytes.Equal(b[6:], example().Append(nil)) {
		t.Error("what stands before a checkpoint changes it")
	}
}

// TestCheckpointGolden notices when the format changes. A checkpoint of an
// earlier version must be readable for ever: do not update the file, add one.
func TestCheckpointGolden(t *testing.T) {
	const name = "testdata/example-1.0.ckpt"
	b := example().Append(nil)
	if *update {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, golden) {
		t.Errorf("the format has changed: wrote\n% x\nwant\n% x", b, golden)
	}
	f, err := Parse(golden)
	if err != nil {
		t.Fatal(err)
	}
	f.Payload = f.Data
	if got, want := f.Append(nil), b; !bytes.Equal(got, want) {
		t.Error("the golden checkpoint reads as another one")
	}
}

// large returns a checkpoint of a few kilobytes.
func large() []byte {
	c := example()
	c.Provenance.Config = strings.Repeat("key: value # comment\n", 40)
	c.Payload = bytes.Repeat([]byte{0, 1, 2, 0xff}, 300)
	return c.Append(nil)
}

func TestParseEveryFlip(t *testing.T) {
	b := large()
	for i := range b {
		was := b[i]
		for v := range 256 {
			if byte(v) == was {
				continue
			}
			b[i] = byte(v)
			f, err := Parse(b)
			if err == nil || f != nil {
				t.Fatalf("byte %d changed from %#x to %#x is accepted", i, was, v)
			}
		}
		b[i] = was
	}
	if _, err := Parse(b); err != nil {
		t.Fatal(err)
	}
}

func TestParseEveryCut(t *testing.T) {
	b := large()
	for n := range b {
		_, err := Parse(b[:n:n])
		if want := n >= len(Magic); err == nil || errors.Is(err, ErrDamaged) != want || errors.Is(err, ErrNotCheckpoint) == want {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(b), err)
		}
	}
	for _, more := range [][]byte{{0}, b} {
		if _, err := Parse(append(b[:len(b):len(b)], more...)); !errors.Is(err, ErrDamaged) {
			t.Errorf("with %d bytes more: %v", len(more), err)
		}
	}
}

// sealed returns b, changed by f, with a checksum that matches.
func sealed(b []byte, f func(b []byte) []byte) []byte {
	b = f(append([]byte(nil), b[:len(b)-checksumSize]...))
	return AppendUint32(b, checksum(b))
}

func TestParseVersions(t *testing.T) {
	b := example().Append(nil)
	newer := sealed(b, func(b []byte) []byte { b[8] = 2; return b })
	_, err := Parse(newer)
	var ve *VersionError
	if !errors.As(err, &ve) || !errors.Is(err, ErrVersion) || ve.Major != 2 {
		t.Fatalf("major version 2: %v", err)
	}
	if want := "codec: unknown checkpoint format: it is version 2.0, this program understands 1.x"; err.Error() != want {
		t.Errorf("the error reads %q, want %q", err, want)
	}
	if _, err := Parse(sealed(b, func(b []byte) []byte { b[8] = 0; return b })); !errors.Is(err, ErrVersion) {
		t.Errorf("major version 0: %v", err)
	}
	// A later minor version: it says so, has a use for byte 13 and another
	// field in the header.
	minor := sealed(b, func(b []byte) []byte {
		h := Uint32(b[32:])
		var w Writer
		w.String(99, "new")
		field := w.Bytes()
		out := append([]byte(nil), b[:32]...)
		out[10], out[13] = 7, 1
		out = AppendUint32(out, h+uint32(len(field)))
		out = append(out, b[36:36+h]...)
		out = append(out, field...)
		return append(out, b[36+h:]...)
	})
	f, err := Parse(minor)
	if err != nil {
		t.Fatal(err)
	}
	f.Payload = f.Data
	if f.Minor != 7 || !reflect.DeepEqual(&f.Checkpoint, example()) {
		t.Errorf("minor version 7 reads as %+v", f)
	}
}

// TestParseHostile: with a checksum that matches, the claims still cannot
// make Parse allocate, panic or accept.
func TestParseHostile(t *testing.T) {
	b := example().Append(nil)
	fill := func(from, to int) []byte {
		return sealed(b, func(b []byte) []byte {
			for i := from; i < to; i++ {
				b[i] = 0xff
			}
			return b
		})
	}
	noKind := example()
	noKind.Kind = ""
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, ErrNotCheckpoint},
		{"text", []byte("timestamp,container,cpu\n"), ErrNotCheckpoint},
		{"magic alone", []byte(Magic), ErrDamaged},
		{"line breaks changed", bytes.Replace(b, []byte("\r\n"), []byte("\n"), 1), ErrNotCheckpoint},
		{"huge payload", fill(24, 32), ErrDamaged},
		{"huge header", fill(32, 36), ErrDamaged},
		{"huge both", fill(24, 36), ErrDamaged},
		{"huge size when stored", fill(16, 24), ErrDamaged},
		{"header of no fields", fill(36, 60), ErrDamaged},
		{"more than its lengths", sealed(example().AppendCompressed(nil, Zstd, []byte("z")), func(b []byte) []byte { return append(b, 0) }), ErrDamaged},
		{"no kind", noKind.Append(nil), ErrHeader},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := testkit.Allocated(1<<17, func() {
				f, err := Parse(c.b)
				if !errors.Is(err, c.want) || f != nil {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
			if n > 1<<17 {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
}

func TestCheckpointCheck(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(c *Checkpoint)
	}{
		{"no kind", func(c *Checkpoint) { c.Kind = "" }},
		{"no metric", func(c *Checkpoint) { c.Metric = "" }},
		{"step is not positive", func(c *Checkpoint) { c.Step = 0 }},
		{"no horizon", func(c *Checkpoint) { c.Horizons = nil }},
		{"horizons are not positive and ascending", func(c *Checkpoint) { c.Horizons = []int64{300, 300} }},
		{"horizons are not positive and ascending", func(c *Checkpoint) { c.Horizons = []int64{0, 300} }},
		{"a horizon is not a multiple of the step", func(c *Checkpoint) { c.Horizons = []int64{300, 400} }},
		{"no quantile level", func(c *Checkpoint) { c.Levels = nil }},
		{"quantile levels are not ascending within (0,1)", func(c *Checkpoint) { c.Levels = []float64{0, 0.5} }},
		{"quantile levels are not ascending within (0,1)", func(c *Checkpoint) { c.Levels = []float64{0.5, 1} }},
		{"quantile levels are not ascending within (0,1)", func(c *Checkpoint) { c.Levels = []float64{math.NaN()} }},
	} {
		t.Run(c.want, func(t *testing.T) {
			ck := example()
			if err := ck.Check(); err != nil {
				t.Fatal(err)
			}
			c.change(ck)
			err := ck.Check()
			if want := ErrHeader.Error() + ": " + c.want; !errors.Is(err, ErrHeader) || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestScoreDefaults(t *testing.T) {
	var w Writer
	w.Int(1, 300)
	w.Float(3, 0.5)
	s := readScore(NewReader(w.Bytes()))
	if s.Ahead != 300 || s.MAE != 0.5 || !math.IsNaN(s.RMSE) || !math.IsNaN(s.Width) {
		t.Errorf("read %+v; want NaN for what is not there", s)
	}
}

// FuzzParse parses arbitrary bytes, and the same bytes with a checksum that
// matches, so that the header's reader is reached.
func FuzzParse(f *testing.F) {
	f.Add(example().Append(nil))
	f.Add(example().AppendCompressed(nil, Zstd, []byte{1, 2, 3}))
	f.Add(large())
	f.Add([]byte(Magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, AppendUint32(b[:len(b):len(b)], checksum(b))} {
			var file *File
			var err error
			limit := 1<<17 + 1<<10*uint64(len(b))
			if n := testkit.Allocated(limit, func() { file, err = Parse(b) }); n > limit {
				t.Fatalf("%d bytes of input allocated %d bytes", len(b), n)
			}
			if err != nil {
				continue
			}
			file.Payload = make([]byte, min(file.Size, 1<<20))
			c, err := Parse(file.AppendCompressed(nil, file.Method, file.Data))
			if file.Size <= 1<<20 && (err != nil || c.Kind != file.Kind || len(c.Provenance.Scores) != len(file.Provenance.Scores)) {
				t.Fatalf("%+v reads as %+v, %v", file, c, err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	c := example()
	c.Payload = make([]byte, 1<<20)
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Payload)))
	var buf []byte
	for b.Loop() {
		buf = c.Append(buf[:0])
	}
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		c := example()
		c.Payload = make([]byte, size)
		file := c.Append(nil)
		b.Run(map[int]string{1 << 10: "1KiB", 1 << 20: "1MiB"}[size], func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := Parse(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
