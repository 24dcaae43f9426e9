package torch

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/newfile"
)

// A tensorWriter writes a file whose tensors are all known by shape, in parts and in
// any order among them. The file appears under its name when it is complete. It
// is not safe for concurrent use.
type tensorWriter struct {
	file  *newfile.File
	parts []filePart
}

// A filePart is where one tensor stands.
type filePart struct {
	fileTensor
	next int64 // byte of the file at which buf is to go
	buf  []byte
}

// buffer is how many bytes of a tensor are kept before they are written.
const buffer = 1 << 18

// createTensors begins a file of tensors of types F32, F64 and I64. It panics where
// a type is another one or a name comes twice.
func createTensors(path string, metadata map[string]string, tensors ...fileTensor) (*tensorWriter, error) {
	w := &tensorWriter{}
	seen := map[string]bool{}
	for _, t := range tensors {
		if t.Type != typeF32 && t.Type != typeF64 && t.Type != typeI64 || seen[t.Name] || t.Name == "__metadata__" {
			panic("safetensors: a tensor that cannot be written")
		}
		seen[t.Name] = true
		w.parts = append(w.parts, filePart{fileTensor: t})
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
func (w *tensorWriter) layOut(metadata map[string]string) ([]byte, error) {
	slices.SortFunc(w.parts, func(a, b filePart) int {
		return cmp.Or(cmp.Compare(bitsOf[b.Type], bitsOf[a.Type]), cmp.Compare(a.Name, b.Name))
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
		t := &w.parts[i].fileTensor
		size := int64(t.Len()) * bitsOf[t.Type] / 8
		t.from, t.to = at, at+size
		at += size
		shape := make([]int64, len(t.Shape))
		for k, d := range t.Shape {
			shape[k] = int64(d)
		}
		if err := add(t.Name, headerEntry{&t.Type, shape, []int64{t.from, t.to}}); err != nil {
			return nil, err
		}
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header)-8 > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes is longer than %d", len(header)-8, maxHeader)
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
func (w *tensorWriter) Floats(name string, x []float32) error {
	return appendTo(w, name, typeF32, x, func(b []byte, x float32) []byte {
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	})
}

// Doubles appends elements to a tensor of F64.
func (w *tensorWriter) Doubles(name string, x ...float64) error {
	return appendTo(w, name, typeF64, x, func(b []byte, x float64) []byte {
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	})
}

// Ints appends elements to a tensor of I64.
func (w *tensorWriter) Ints(name string, x ...int64) error {
	return appendTo(w, name, typeI64, x, func(b []byte, x int64) []byte {
		return binary.LittleEndian.AppendUint64(b, uint64(x))
	})
}

// appendTo appends elements to a tensor. It panics where there is no such tensor,
// it is of another type, or it has fewer elements.
func appendTo[T any](w *tensorWriter, name string, of dtype, x []T, put func([]byte, T) []byte) error {
	i := slices.IndexFunc(w.parts, func(p filePart) bool { return p.Name == name })
	if i < 0 || w.parts[i].Type != of {
		panic("safetensors: no tensor " + name + " of type " + string(of))
	}
	p := &w.parts[i]
	if p.next+int64(len(p.buf))+int64(len(x))*bitsOf[of]/8 > p.to {
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

func (w *tensorWriter) flush(p *filePart) error {
	if _, err := w.file.WriteAt(p.buf, p.next); err != nil {
		return newfile.Named(w.file.Path(), err)
	}
	p.next += int64(len(p.buf))
	p.buf = p.buf[:0]
	return nil
}

// Commit completes the file and gives it its name. It panics where a tensor
// lacks elements.
func (w *tensorWriter) Commit() error {
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
func (w *tensorWriter) Abort() { w.file.Abort() }
