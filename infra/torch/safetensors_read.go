package torch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// A tensorFile is an open safetensors file. It is safe for concurrent use.
type tensorFile struct {
	Metadata map[string]string
	Tensors  []fileTensor // in the order of their data

	name   string
	r      io.ReaderAt
	file   *os.File // nil where it is not ours to close
	byName map[string]int
}

// openTensors opens the file at path. An error names it and is ErrFormat where the
// file is not of this format.
func openTensors(path string) (*tensorFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a file")
	}
	var f *tensorFile
	if err == nil {
		f, err = newTensorFile(file, info.Size())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.name, f.file = path+": ", file
	return f, nil
}

// newTensorFile returns the file that r holds in so many bytes. Reading the header takes
// memory in proportion to it, and that is at most maxHeader. The error is
// ErrFormat, or one of r.
func newTensorFile(r io.ReaderAt, size int64) (*tensorFile, error) {
	var b [8]byte
	if size < 8 {
		return nil, malformed("it has %d bytes, and begins with 8 that say how long its header is", size)
	}
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(b[:])
	switch {
	case n > maxHeader && n <= uint64(size):
		return nil, malformed("its header has %d bytes; at most %d are read", n, maxHeader)
	case n > uint64(size)-8:
		return nil, malformed("its first 8 bytes announce a header of %d bytes, and it has %d", n, size)
	}
	header := make([]byte, n)
	if _, err := r.ReadAt(header, 8); err != nil && err != io.EOF {
		return nil, err
	}
	begin := 8 + int64(n)
	f := &tensorFile{r: r, byName: map[string]int{}}
	var err error
	if f.Tensors, f.Metadata, err = parseHeader(header, begin, size-begin); err != nil {
		return nil, err
	}
	for i := range f.Tensors {
		f.byName[f.Tensors[i].Name] = i
	}
	return f, nil
}

// Close closes the file that openTensors opened.
func (f *tensorFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// Tensor returns the tensor of a name.
func (f *tensorFile) Tensor(name string) (*fileTensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return nil, false
	}
	return &f.Tensors[i], true
}

// errorf is an ErrFormat that names the file.
func (f *tensorFile) errorf(format string, args ...any) error {
	return fmt.Errorf("%s%w", f.name, malformed(format, args...))
}

// Floats returns the elements of a tensor of F32, F16, BF16 or F64, the last
// rounded.
func (f *tensorFile) Floats(name string) ([]float32, error) {
	t, ok := f.Tensor(name)
	if !ok {
		return nil, f.errorf("it has no tensor %q", name)
	}
	dst := make([]float32, t.Len()) // no more than twice what the file holds
	return dst, f.FloatsAt(dst, name, 0)
}

// chunk is how many bytes are read at a time.
const chunk = 1 << 18

// FloatsAt fills dst with the elements of a tensor from number at on, as
// Floats returns them.
func (f *tensorFile) FloatsAt(dst []float32, name string, at int) error {
	t, ok := f.Tensor(name)
	switch {
	case !ok:
		return f.errorf("it has no tensor %q", name)
	case t.Type != typeF32 && t.Type != typeF16 && t.Type != typeBF16 && t.Type != typeF64:
		return f.errorf("tensor %q is of type %s, not of F32, F16, BF16 or F64", name, t.Type)
	case at < 0 || at > t.Len() || len(dst) > t.Len()-at:
		return f.errorf("tensor %q has %d elements, not %d from number %d on", name, t.Len(), len(dst), at)
	}
	width := int(bitsOf[t.Type] / 8)
	buf := make([]byte, min(chunk, len(dst)*width))
	from := t.from + int64(at)*int64(width)
	for len(dst) > 0 {
		part := dst[:min(len(dst), len(buf)/width)]
		b := buf[:len(part)*width]
		if _, err := f.r.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s%w", f.name, err)
		} else if err != nil && from+int64(len(b)) < t.to {
			return fmt.Errorf("%s%w", f.name, io.ErrUnexpectedEOF) // it has shrunk since it was opened
		}
		decodeFloats(part, b, t.Type)
		dst, from = dst[len(part):], from+int64(len(b))
	}
	return nil
}

// decodeFloats sets dst to the elements that b holds.
func decodeFloats(dst []float32, b []byte, of dtype) {
	for i := range dst {
		switch of {
		case typeF32:
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		case typeBF16:
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[2*i:])) << 16)
		case typeF16:
			dst[i] = half(binary.LittleEndian.Uint16(b[2*i:]))
		case typeF64:
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
		}
	}
}

// half returns the number that an IEEE 754 binary16 is.
func half(h uint16) float32 {
	sign, e, m := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&0x3ff)
	switch e {
	case 31: // infinity, not a number
		return math.Float32frombits(sign | 0x7f800000 | m<<13)
	case 0: // zero, subnormal
		return math.Float32frombits(math.Float32bits(float32(m)/(1<<24)) | sign)
	}
	return math.Float32frombits(sign | (e+112)<<23 | m<<13)
}

// Doubles returns the elements of a tensor of F64.
func (f *tensorFile) Doubles(name string) ([]float64, error) {
	out, err := readWords(f, name, typeF64)
	doubles := make([]float64, len(out))
	for i, x := range out {
		doubles[i] = math.Float64frombits(x)
	}
	return doubles, err
}

// Ints returns the elements of a tensor of I64.
func (f *tensorFile) Ints(name string) ([]int64, error) {
	out, err := readWords(f, name, typeI64)
	ints := make([]int64, len(out))
	for i, x := range out {
		ints[i] = int64(x)
	}
	return ints, err
}

// readWords returns the elements of a tensor whose type has 64 bits.
func readWords(f *tensorFile, name string, of dtype) ([]uint64, error) {
	t, ok := f.Tensor(name)
	switch {
	case !ok:
		return nil, f.errorf("it has no tensor %q", name)
	case t.Type != of:
		return nil, f.errorf("tensor %q is of type %s, not %s", name, t.Type, of)
	}
	b := make([]byte, t.to-t.from)
	if _, err := f.r.ReadAt(b, t.from); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s%w", f.name, err)
	}
	out := make([]uint64, len(b)/8)
	for i := range out {
		out[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return out, nil
}
