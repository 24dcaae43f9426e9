package link

import (
	"errors"
	"fmt"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// A kernel is a function to join.
type kernel struct {
	signature []byte // its type, as bytes
	code      []byte // locals and instructions
}

// parseKernels returns the exported functions of a module of kernels by name,
// each of them validated.
func parseKernels(b []byte) (map[string]kernel, error) {
	list, err := sections(b)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		switch s.id {
		case simd.SectionType, simd.SectionImport, simd.SectionFunction, simd.SectionExport, simd.SectionCode:
		default:
			return nil, fmt.Errorf("has a section %d: kernels have types, one import, functions, exports and code", s.id)
		}
	}
	types, err := parseTypes(find(list, simd.SectionType))
	if err != nil {
		return nil, err
	}
	imports, err := parseImports(find(list, simd.SectionImport), len(types))
	if err != nil {
		return nil, err
	}
	if len(imports) != 1 || imports[0].kind != kindMemory {
		return nil, errors.New("imports something other than one memory")
	}
	functions, err := parseFunctions(list, types)
	if err != nil {
		return nil, err
	}
	byName, err := named(find(list, simd.SectionExport), functions)
	if err == nil {
		err = Valid(b)
	}
	return byName, err
}

// parseFunctions returns the functions in order.
func parseFunctions(list []section, types [][]byte) ([]kernel, error) {
	indices := &reader{data: find(list, simd.SectionFunction)}
	code := &reader{data: find(list, simd.SectionCode)}
	n := indices.optional()
	if m := code.optional(); n != m {
		return nil, fmt.Errorf("%d functions have %d bodies", n, m)
	}
	var functions []kernel
	for i := range n {
		t, body := indices.u32(), code.bytes()
		if indices.err != nil || code.err != nil {
			break
		}
		if int64(t) >= int64(len(types)) {
			return nil, fmt.Errorf("function %d is of type %d, of %d", i, t, len(types))
		}
		k := kernel{signature: types[t], code: body}
		if err := k.check(); err != nil {
			return nil, fmt.Errorf("function %d: %w", i, err)
		}
		functions = append(functions, k)
	}
	if err := indices.end("function section"); err != nil {
		return nil, err
	}
	return functions, code.end("code section")
}

// named returns the functions by the names of their exports.
func named(content []byte, functions []kernel) (map[string]kernel, error) {
	r := &reader{data: content}
	byName := map[string]kernel{}
	for range r.optional() {
		name, kind, i := r.name(), r.byte(), r.u32()
		if r.err != nil {
			break
		}
		if kind != kindFunction || int64(i) >= int64(len(functions)) {
			return nil, fmt.Errorf("export %q is not a function of the module", name)
		}
		if _, twice := byName[name]; twice {
			return nil, fmt.Errorf("export %q is there twice", name)
		}
		byName[name] = functions[i]
	}
	return byName, r.end("export section")
}
