// Package link makes the guest of the module that Go has compiled: Slim makes it
// smaller, and Join puts kernels in WebAssembly SIMD into it. It refuses what it
// does not know rather than write a module that might be wrong.
package link

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// Limits of what is joined: far above what it takes, and low enough that a
// broken file cannot have much memory allocated.
const (
	maxModule = 64 << 20
	maxCount  = 1 << 20 // of types, functions and the like
	maxLocals = 1 << 10 // of a kernel
)

// ErrNothing is returned where a guest imports none of the kernels: it was
// built without them.
var ErrNothing = errors.New("link: the guest imports no kernel: build it with the tag wasmsimd")

// Join returns the guest with the kernels that it imports (//go:wasmimport) from
// the module named from as functions of its own, over its own memory. Neither
// argument is changed. The kernels are validated, of the guest the parts that
// name functions.
//
// Kernels have one memory, which they import, and exported functions that call
// nothing; each import of the guest must be one of them, of the same type.
// Functions of the guest keep their order. Where a kernel was not the last
// import, the indices of those behind it change, and the guest's calls are
// written anew; a section of names, which would be wrong then, is left out.
func Join(guest, kernels []byte, from string) ([]byte, error) {
	k, err := parseKernels(kernels)
	if err != nil {
		return nil, fmt.Errorf("link: kernels: %w", err)
	}
	g, err := parseGuest(guest)
	if err != nil {
		return nil, fmt.Errorf("link: guest: %w", err)
	}
	p, err := g.plan(k, from)
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	out, err := p.write()
	if err != nil {
		return nil, fmt.Errorf("link: guest: %w", err)
	}
	return out, nil
}

// A plan is what becomes of the guest's imports.
type plan struct {
	guest   *guest
	imports []importEntry // that stay
	joined  []kernel      // in the order of the imports that they replace
	types   []uint32      // of these, among the guest's
	index   []uint32      // of each imported function in the result
	moved   bool          // whether any function that stays has a new index
}

// plan finds the kernel of each import.
func (g *guest) plan(k map[string]kernel, from string) (*plan, error) {
	p := &plan{guest: g}
	for _, e := range g.imports {
		switch {
		case e.module != from:
			if e.kind == kindFunction {
				p.index = append(p.index, uint32(len(p.index)-len(p.joined)))
				p.moved = p.moved || len(p.joined) > 0
			}
			p.imports = append(p.imports, e)
			continue
		case e.kind != kindFunction:
			return nil, fmt.Errorf("the guest imports %s.%s, which is not a function", from, e.name)
		}
		fn, ok := k[e.name]
		if !ok {
			return nil, fmt.Errorf("the guest imports %s.%s, and there is no such kernel", from, e.name)
		}
		if !bytes.Equal(fn.signature, g.types[e.typeIndex]) {
			return nil, fmt.Errorf("%s.%s: the guest's type is %x, the kernel's %x", from, e.name, g.types[e.typeIndex], fn.signature)
		}
		p.joined = append(p.joined, fn)
		p.types = append(p.types, e.typeIndex)
		p.index = append(p.index, 0) // set below
	}
	if len(p.joined) == 0 {
		return nil, ErrNothing
	}
	next := uint32(len(p.index) - len(p.joined))
	at := 0
	for _, e := range g.imports {
		if e.kind != kindFunction {
			continue
		}
		if e.module == from {
			p.index[at] = next
			next++
		}
		at++
	}
	return p, nil
}

// renumber returns the new index of a function.
func (p *plan) renumber(i uint32) uint32 {
	if int(i) < len(p.index) {
		return p.index[i]
	}
	return i
}

// write returns the joined module.
func (p *plan) write() ([]byte, error) {
	out := []byte(simd.Header)
	for _, s := range p.guest.sections {
		content, err := p.section(s)
		if err != nil {
			return nil, err
		}
		if content != nil {
			out = simd.AppendBytes(append(out, s.id), content)
		}
	}
	return out, nil
}

// section returns what becomes of a section; nil where it is left out.
func (p *plan) section(s section) ([]byte, error) {
	switch s.id {
	case simd.SectionImport:
		b := simd.AppendUnsigned(nil, uint64(len(p.imports)))
		for _, e := range p.imports {
			b = append(b, e.raw...)
		}
		return b, nil
	case simd.SectionFunction:
		return p.functions(s.content)
	case simd.SectionExport:
		return p.exports(s.content)
	case simd.SectionStart:
		r := &reader{data: s.content}
		i := r.u32()
		return simd.AppendUnsigned(nil, uint64(p.renumber(i))), r.end("start section")
	case simd.SectionElement:
		return p.elements(s.content)
	case simd.SectionCode:
		return p.code(s.content)
	case simd.SectionCustom:
		r := &reader{data: s.content}
		name := r.name()
		if r.err != nil {
			return nil, fmt.Errorf("custom section: %w", r.err)
		}
		if name == "name" && p.moved {
			return nil, nil
		}
	}
	return s.content, nil
}

// functions writes the function section: the types of the kernels, then those
// of the guest's functions.
func (p *plan) functions(content []byte) ([]byte, error) {
	r := &reader{data: content}
	n := r.count()
	b := simd.AppendUnsigned(nil, uint64(n+len(p.joined)))
	for _, t := range p.types {
		b = simd.AppendUnsigned(b, uint64(t))
	}
	b = append(b, r.rest()...)
	for range n {
		r.u32()
	}
	return b, r.end("function section")
}

// code writes the code section: the kernels, then the guest's functions.
func (p *plan) code(content []byte) ([]byte, error) {
	r := &reader{data: content}
	n := r.count()
	b := simd.AppendUnsigned(make([]byte, 0, len(content)+1<<14), uint64(n+len(p.joined)))
	for _, k := range p.joined {
		b = simd.AppendBytes(b, k.code)
	}
	for i := range n {
		body := r.bytes()
		if r.err != nil {
			return nil, fmt.Errorf("code section: function %d: %w", i, r.err)
		}
		body, err := rewrite(body, p.renumber)
		if err != nil {
			return nil, fmt.Errorf("code section: function %d: %w", i, err)
		}
		b = simd.AppendBytes(b, body)
	}
	return b, r.end("code section")
}

// exports writes the export section.
func (p *plan) exports(content []byte) ([]byte, error) {
	r := &reader{data: content}
	n := r.count()
	b := simd.AppendUnsigned(nil, uint64(n))
	for range n {
		b = simd.AppendBytes(b, []byte(r.name()))
		kind, i := r.byte(), r.u32()
		if kind == kindFunction {
			i = p.renumber(i)
		}
		b = simd.AppendUnsigned(append(b, kind), uint64(i))
		if r.err != nil {
			break
		}
	}
	return b, r.end("export section")
}

// elements writes the element section. Go writes one segment of the plain
// kind, with an offset and indices of functions; others are refused.
func (p *plan) elements(content []byte) ([]byte, error) {
	r := &reader{data: content}
	n := r.count()
	b := simd.AppendUnsigned(nil, uint64(n))
	for range n {
		if kind := r.u32(); r.err == nil && kind != 0 {
			return nil, fmt.Errorf("element segment of kind %d", kind)
		}
		if op := r.byte(); r.err == nil && simd.Op(op) != simd.OpI32Const {
			return nil, errors.New("element segment whose offset is not a constant")
		}
		b = simd.AppendSigned(append(b, 0, byte(simd.OpI32Const)), r.signed(32))
		if end := r.byte(); r.err == nil && simd.Op(end) != simd.OpEnd {
			return nil, errors.New("element segment whose offset is not a constant")
		}
		b = append(b, byte(simd.OpEnd))
		m := r.count()
		b = simd.AppendUnsigned(b, uint64(m))
		for range m {
			b = simd.AppendUnsigned(b, uint64(p.renumber(r.u32())))
		}
		if r.err != nil {
			break
		}
	}
	return b, r.end("element section")
}
