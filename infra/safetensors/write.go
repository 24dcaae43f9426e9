package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/newfile"
)

// A Writer writes a file whose tensors are all known by shape, in parts and in
// any order among them. The file appears under its name when it is complete. It
// is not safe for concurrent use.
type Writer struct {
	file  *newfile.File
	parts []part
}

// A part is where one tensor stands.
type part struct {
	Tensor
	next int64 // byte of the file at which buf is to go
	buf  []byte
}

// buffer is how many bytes of a tensor are kept before they are written.
const buffer = 1 << 18

// Create begins a file of tensors of types F32, F64 and I64. Create panics where
// a type is another one or a name comes twice.
func Create(path string, metadata map[string]string, tensors ...Tensor) (*Writer, error) {
	w := &Writer{}
	seen := map[string]bool{}
	for _, t := range tensors {
		if t.Type != F32 && t.Type != F64 && t.Type != I64 || seen[t.Name] || t.Name == "__metadata__" {
			panic("safetensors: a tensor that cannot be written")
		}
		seen[t.Name] = true
		w.parts = append(w.parts, part{Tensor: t})
	}
	header, err := w.layOut(metadata)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if w.file, err = newfile.Create(path); err != nil {
		return nil, err
	}
	if _, err := w.file.Write(header); err != nil {
		w.Abort()
		return nil, newfile.Named(path, err)
	}
	return w, nil
}

// layOut gives each tensor its place, those of wide elements first and else by
// name as the reference implementation has it, so that all are aligned, and
// returns the header.
func (w *Writer) layOut(metadata map[string]string) ([]byte, error) {
	slices.SortFunc(w.parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(bits[b.Type], bits[a.Type]), cmp.Compare(a.Name, b.Name))
	})
	header := []byte{0, 0, 0, 0, 0, 0, 0, 0, '{'}
	add := func(name string, value any) error {
		if len(header) > 9 {
			header = append(header, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		b, err := json.Marshal(value)
		header = append(append(append(header, key...), ':'), b...)
		return err
	}
	if len(metadata) > 0 {
		if err := add("__metadata__", metadata); err != nil {
			return nil, err
		}
	}
	at := int64(0)
	for i := range w.parts {
		t := &w.parts[i].Tensor
		size := int64(t.Len()) * bits[t.Type] / 8
		t.from, t.to = at, at+size
		at += size
		shape := make([]int64, len(t.Shape))
		for k, d := range t.Shape {
			shape[k] = int64(d)
		}
		if err := add(t.Name, entry{&t.Type, shape, []int64{t.from, t.to}}); err != nil {
			return nil, err
		}
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header)-8 > MaxHeader {
		return nil, fmt.Errorf("a header of %d bytes is longer than %d", len(header)-8, MaxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	for i := range w.parts {
		p := &w.parts[i]
		p.from, p.to = p.from+int64(len(header)), p.to+int64(len(header))
		p.next = p.from
	}
	return header, nil
}

// Floats appends elements to a tensor of F32.
func (w *Writer) Floats(name string, x []float32) error {
	return add(w, name, F32, x, func(b []byte, x float32) []byte {
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	})
}

// Doubles appends elements to a tensor of F64.
func (w *Writer) Doubles(name string, x ...float64) error {
	return add(w, name, F64, x, func(b []byte, x float64) []byte {
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	})
}

// Ints appends elements to a tensor of I64.
func (w *Writer) Ints(name string, x ...int64) error {
	return add(w, name, I64, x, func(b []byte, x int64) []byte {
		return binary.LittleEndian.AppendUint64(b, uint64(x))
	})
}

// add appends elements to a tensor. It panics where there is no such tensor,
// it is of another type, or it has fewer elements.
func add[T any](w *Writer, name string, of DType, x []T, put func([]byte, T) []byte) error {
	i := slices.IndexFunc(w.parts, func(p part) bool { return p.Name == name })
	if i < 0 || w.parts[i].Type != of {
		panic("safetensors: no tensor " + name + " of type " + string(of))
	}
	p := &w.parts[i]
	if p.next+int64(len(p.buf))+int64(len(x))*bits[of]/8 > p.to {
		panic("safetensors: too many elements for tensor " + name)
	}
	for _, v := range x {
		if p.buf = put(p.buf, v); len(p.buf) >= buffer {
			if err := w.flush(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) flush(p *part) error {
	if _, err := w.file.WriteAt(p.buf, p.next); err != nil {
		return newfile.Named(w.file.Path(), err)
	}
	p.next += int64(len(p.buf))
	p.buf = p.buf[:0]
	return nil
}

// Commit completes the file and gives it its name. It panics where a tensor
// lacks elements.
func (w *Writer) Commit() error {
	defer w.Abort()
	for i := range w.parts {
		p := &w.parts[i]
		if err := w.flush(p); err != nil {
			return err
		}
		if p.next != p.to {
			panic("safetensors: tensor " + p.Name + " lacks elements")
		}
	}
	return w.file.Commit()
}

// Abort removes what was written so far. After Commit it does nothing.
func (w *Writer) Abort() { w.file.Abort() }
