package link

import (
	"errors"
	"fmt"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// Kinds of imports and exports.
const (
	kindFunction = 0
	kindTable    = 1
	kindMemory   = 2
	kindGlobal   = 3
)

// A section is a section as it stands in a file.
type section struct {
	id      byte
	content []byte
}

// order is the order of the sections: that of data counts stands before code.
var order = map[byte]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 12: 10, 10: 11, 11: 12}

// sections cuts a module into its sections, which must be known, in order, and
// there once.
func sections(b []byte) ([]section, error) {
	if len(b) > maxModule {
		return nil, fmt.Errorf("%d bytes, at most %d can be joined", len(b), maxModule)
	}
	if len(b) < len(simd.Header) || string(b[:len(simd.Header)]) != simd.Header {
		return nil, errors.New("not a WebAssembly module of version 1")
	}
	var list []section
	last := 0
	for r := (&reader{data: b, at: len(simd.Header)}); r.left() > 0; {
		id := r.byte()
		content := r.bytes()
		if r.err != nil {
			return nil, fmt.Errorf("section %d: %w", id, r.err)
		}
		if id != simd.SectionCustom {
			place, known := order[id]
			if !known || place <= last {
				return nil, fmt.Errorf("section %d is unknown, twice there or out of order", id)
			}
			last = place
		}
		list = append(list, section{id, content})
	}
	return list, nil
}

// find returns the content of a section, empty where it is absent.
func find(list []section, id byte) []byte {
	for _, s := range list {
		if s.id == id {
			return s.content
		}
	}
	return nil
}

// parseTypes returns the bytes of each type, which are all of functions.
func parseTypes(content []byte) ([][]byte, error) {
	r := &reader{data: content}
	n := r.optional()
	var types [][]byte
	for range n {
		from := r.at
		if form := r.byte(); r.err == nil && form != 0x60 {
			return nil, fmt.Errorf("type of the form %#x, not of a function", form)
		}
		r.bytes() // parameters
		r.bytes() // results
		if r.err != nil {
			break
		}
		types = append(types, r.data[from:r.at])
	}
	return types, r.end("type section")
}

// optional is count, but 0 where there is no section.
func (r *reader) optional() int {
	if len(r.data) == 0 {
		return 0
	}
	return r.count()
}

// An importEntry is an import.
type importEntry struct {
	module, name string
	kind         byte
	typeIndex    uint32 // of a function
	raw          []byte
}

// parseImports returns the imports; types is the number of types.
func parseImports(content []byte, types int) ([]importEntry, error) {
	r := &reader{data: content}
	n := r.optional()
	var list []importEntry
	for range n {
		from := r.at
		e := importEntry{module: r.name(), name: r.name(), kind: r.byte()}
		switch e.kind {
		case kindFunction:
			e.typeIndex = r.u32()
			if r.err == nil && int64(e.typeIndex) >= int64(types) {
				return nil, fmt.Errorf("import %s.%s is of type %d, of %d", e.module, e.name, e.typeIndex, types)
			}
		case kindTable:
			r.byte()
			r.limits()
		case kindMemory:
			r.limits()
		case kindGlobal:
			r.take(2)
		default:
			return nil, fmt.Errorf("import %s.%s is of the unknown kind %d", e.module, e.name, e.kind)
		}
		if r.err != nil {
			break
		}
		e.raw = r.data[from:r.at]
		list = append(list, e)
	}
	return list, r.end("import section")
}

// limits reads the limits of a memory or table of 32 bits.
func (r *reader) limits() {
	flags := r.byte()
	if flags > 1 {
		r.fail(fmt.Errorf("limits of the kind %d", flags))
		return
	}
	r.u32()
	if flags == 1 {
		r.u32()
	}
}

// A guest is the module that kernels are joined to.
type guest struct {
	sections []section
	types    [][]byte
	imports  []importEntry
}

// parseGuest reads of a guest what its joining needs.
func parseGuest(b []byte) (*guest, error) {
	list, err := sections(b)
	if err != nil {
		return nil, err
	}
	g := &guest{sections: list}
	if g.types, err = parseTypes(find(list, simd.SectionType)); err != nil {
		return nil, err
	}
	if g.imports, err = parseImports(find(list, simd.SectionImport), len(g.types)); err != nil {
		return nil, err
	}
	functions := &reader{data: find(list, simd.SectionFunction)}
	code := &reader{data: find(list, simd.SectionCode)}
	if n, m := functions.optional(), code.optional(); n != m || n == 0 || functions.err != nil || code.err != nil {
		return nil, fmt.Errorf("%d functions have %d bodies", n, m)
	}
	return g, g.oneMemory()
}

// oneMemory reports an error where the guest has not one memory, its own or
// imported, of 32 bits: a kernel's instructions mean memory 0.
func (g *guest) oneMemory() error {
	r := &reader{data: find(g.sections, 5)}
	n := r.optional()
	for range n {
		r.limits()
	}
	for _, e := range g.imports {
		if e.kind == kindMemory {
			n++
		}
	}
	if err := r.end("memory section"); err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%d memories, not one", n)
	}
	return nil
}
