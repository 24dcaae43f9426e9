package torch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// bytesOf returns a file with the header and the data.
func bytesOf(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

// write writes the file that the tests read.
func writeFile(t *testing.T, path string) {
	t.Helper()
	w, err := createTensors(path, map[string]string{"format": "pt", "who": "us \"é\""},
		fileTensor{Name: "w", Type: typeF32, Shape: []int{2, 3}}, fileTensor{Name: "at", Type: typeI64, Shape: []int{2}},
		fileTensor{Name: "last", Type: typeF64, Shape: []int{3}}, fileTensor{Name: "none", Type: typeF32, Shape: []int{0, 5}},
		fileTensor{Name: "one", Type: typeF32})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	// In parts, one tensor between the others.
	for _, err := range []error{
		w.Floats("w", []float32{1, -2}), w.Ints("at", math.MinInt64), w.Floats("one", []float32{0.5}),
		w.Floats("w", []float32{3, 4, float32(math.Inf(1)), 1e-40}), w.Doubles("last", 0.1, math.Inf(-1), 7),
		w.Ints("at", 5), w.Commit(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFileRoundTrip: what is written is read.
func TestFileRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.safetensors")
	writeFile(t, path)
	f, err := openTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := map[string]string{"format": "pt", "who": "us \"é\""}; !maps.Equal(f.Metadata, want) {
		t.Errorf("metadata %v", f.Metadata)
	}
	if w, ok := f.Tensor("w"); !ok || w.Type != typeF32 || !slices.Equal(w.Shape, []int{2, 3}) || len(f.Tensors) != 5 {
		t.Errorf("tensors %+v", f.Tensors)
	}
	if got, err := f.Floats("w"); err != nil || !slices.Equal(got, []float32{1, -2, 3, 4, float32(math.Inf(1)), 1e-40}) {
		t.Errorf("w %v, %v", got, err)
	}
	if got, err := f.Ints("at"); err != nil || !slices.Equal(got, []int64{math.MinInt64, 5}) {
		t.Errorf("at %v, %v", got, err)
	}
	if got, err := f.Doubles("last"); err != nil || !slices.Equal(got, []float64{0.1, math.Inf(-1), 7}) {
		t.Errorf("last %v, %v", got, err)
	}
	if got, err := f.Floats("none"); err != nil || len(got) != 0 {
		t.Errorf("none %v, %v", got, err)
	}
	if got, err := f.Floats("one"); err != nil || !slices.Equal(got, []float32{0.5}) {
		t.Errorf("one %v, %v", got, err)
	}
	part := make([]float32, 2)
	if err := f.FloatsAt(part, "w", 2); err != nil || !slices.Equal(part, []float32{3, 4}) {
		t.Errorf("w from 2 on: %v, %v", part, err)
	}
	for _, err := range []error{f.FloatsAt(part, "w", 5), f.FloatsAt(part, "at", 0), f.FloatsAt(part, "x", 0)} {
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v", err)
		}
	}
}

// TestTypes reads every type that can be read as floats.
func TestTypes(t *testing.T) {
	t.Parallel()
	b := bytesOf(`{"h":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},`+
		`"b":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},"d":{"dtype":"F64","shape":[],"data_offsets":[16,24]}}  `,
		0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc, 0xff, 0x7b, 0x00, 0x80, 0x00, 0xc2, 0x80, 0x3f, 0x49, 0xc0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f)
	f, err := newTensorFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float32{
		"h": {1, 5.9604645e-8, float32(math.Inf(-1)), 65504, float32(math.Copysign(0, -1)), -3}, "b": {1, -3.140625}, "d": {1.5},
	} {
		if got, err := f.Floats(name); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, not %v (%v)", name, got, want, err)
		}
	}
	if got, _ := f.Floats("d"); !reflect.DeepEqual(got, []float32{1.5}) {
		t.Errorf("%v", got)
	}
}

// TestBadFiles: what is no such file says what is wrong with it.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	tensor := func(dtype, shape, offsets string) string {
		return `{"a":{"dtype":` + dtype + `,"shape":` + shape + `,"data_offsets":` + offsets + `}}`
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":            {nil, "it has 0 bytes"},
		"cut":              {bytesOf(`{}`)[:9], "announce a header of 2 bytes, and it has 9"},
		"huge":             {[]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "announce a header of 18446744073709551615 bytes"},
		"a zip":            {[]byte("PK\x03\x04\x00\x00\x00\x00something"), "announce a header of 67324752 bytes"},
		"no JSON":          {bytesOf(`[1]`), "not a JSON object"},
		"half JSON":        {bytesOf(`{"a":{}`), "lacks one of"},
		"not UTF-8":        {bytesOf("{\"\xff\":1}"), "not a JSON object"},
		"no end":           {bytesOf(`{`), "the header:"},
		"more JSON":        {bytesOf(`{}{}`), "something follows"},
		"metadata":         {bytesOf(`{"__metadata__":{"a":1}}`), "not an object of strings"},
		"a number":         {bytesOf(`{"a":1}`), `tensor "a": json`},
		"no dtype":         {bytesOf(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "lacks one of dtype"},
		"one offset":       {bytesOf(tensor(`"F32"`, `[1]`, `[4]`), 0, 0, 0, 0), "lacks one of dtype"},
		"dtype":            {bytesOf(tensor(`"Q4"`, `[1]`, `[0,4]`), 0, 0, 0, 0), `dtype "Q4" is none`},
		"past the end":     {bytesOf(tensor(`"F32"`, `[2]`, `[0,8]`), 0, 0, 0, 0), "not within the 4 bytes of data"},
		"backwards":        {bytesOf(tensor(`"F32"`, `[1]`, `[4,0]`), 0, 0, 0, 0), "not within"},
		"another size":     {bytesOf(tensor(`"F32"`, `[2]`, `[0,4]`), 0, 0, 0, 0), "2 elements of F32 take 8 bytes, data_offsets give it 4"},
		"negative":         {bytesOf(tensor(`"F32"`, `[-1,-1]`, `[0,4]`), 0, 0, 0, 0), "is impossible"},
		"overflow":         {bytesOf(tensor(`"F32"`, `[2147483647,2147483647,2147483647]`, `[0,4]`), 0, 0, 0, 0), "is impossible"},
		"rank":             {bytesOf(tensor(`"U8"`, `[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]`, `[0,1]`), 0), "17 dimensions"},
		"half a byte":      {bytesOf(tensor(`"F4"`, `[1]`, `[0,1]`), 0), "take 1 bytes"},
		"a hole":           {bytesOf(tensor(`"U8"`, `[1]`, `[1,2]`), 0, 0), `"a" begins at byte`},
		"bytes to no end":  {bytesOf(tensor(`"U8"`, `[1]`, `[0,1]`), 0, 0), "1 bytes at its end belong to no tensor"},
		"twice":            {bytesOf(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), `has "a" twice`},
		"overlapping data": {bytesOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 0, 0, 0), `"b" begins at byte`},
	} {
		_, err := newTensorFile(bytes.NewReader(c.file), int64(len(c.file)))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, without %q", name, err, c.want)
		}
	}
	if _, err := openTensors(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := openTensors(t.TempDir()); err == nil {
		t.Error("a folder can be opened")
	}
}

// TestAtomic: an unfinished file is none.
func TestAtomic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := createTensors(filepath.Join(dir, "a"), nil, fileTensor{Name: "w", Type: typeF32, Shape: []int{1 << 17}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Floats("w", make([]float32, 1<<17)); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if all, _ := os.ReadDir(dir); len(all) != 0 {
		t.Errorf("it left %v", all)
	}
	if _, err := createTensors(dir, nil); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("%v", err)
	}
}

// TestReference: the reference implementation (PyPI's safetensors) reads what
// is written here, and what it writes is read here.
func TestReference(t *testing.T) {
	t.Parallel()
	python := testkit.Python(t, "safetensors", "numpy")
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	writeFile(t, ours)
	const script = `
import sys, numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
with safe_open(sys.argv[1], "np") as f:
    print(sorted(f.metadata().items()))
    for k in sorted(f.keys()):
        t = f.get_tensor(k)
        print(k, t.dtype, t.shape, t.tolist())
save_file({"b.c": np.arange(6, dtype=np.float32).reshape(3, 2) / 7, "a": np.array(-2.5, np.float16),
           "i": np.array([1, -9], np.int64), "u": np.zeros((2, 0, 3), np.uint8)}, sys.argv[2], {"k": "v"})
`
	out, err := command(python, script, ours, theirs)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `[('format', 'pt'), ('who', 'us "é"')]
at int64 (2,) [-9223372036854775808, 5]
last float64 (3,) [0.1, -inf, 7.0]
none float32 (0, 5) []
one float32 () 0.5
w float32 (2, 3) [[1.0, -2.0, 3.0], [4.0, inf, 9.99994610111476e-41]]
`
	if out != want {
		t.Errorf("it reads\n%s, not\n%s", out, want)
	}
	f, err := openTensors(theirs)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := f.Floats("b.c"); err != nil || len(got) != 6 || got[5] != float32(5)/7 || f.Metadata["k"] != "v" {
		t.Errorf("b.c %v, %v, %v", got, f.Metadata, err)
	}
	if got, err := f.Floats("a"); err != nil || !slices.Equal(got, []float32{-2.5}) {
		t.Errorf("a %v, %v", got, err)
	}
	if got, err := f.Ints("i"); err != nil || !slices.Equal(got, []int64{1, -9}) {
		t.Errorf("i %v, %v", got, err)
	}
}
