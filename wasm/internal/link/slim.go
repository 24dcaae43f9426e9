package link

import (
	"fmt"
	"slices"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// unknown is the error of a module that the Go linker does not make, as far as
// Slim knows it.
func unknown(format string, args ...any) error {
	return fmt.Errorf("slim: unknown module: "+format, args...)
}

// Slim returns a module that Go has compiled in fewer bytes, without changing
// what it computes. The module must have its names (be linked without -s), which
// the result has not. Slim
//
//   - drops names and line numbers from Go's tables, which only a traceback
//     reads, and keeps what the garbage collector and the stack need;
//   - empties functions of the runtime that a guest never calls (the execution
//     tracer, tracebacks, dumps, profiles, maps) and what only they reach. Should
//     one be called after all, the module traps;
//   - writes addresses relative to the stack pointer as offsets of the stores
//     that they are for;
//   - cuts the data anew, around what is zero.
//
// It knows the layout of one version of Go, and refuses what it does not know.
func Slim(module []byte) ([]byte, error) {
	list, err := sections(module)
	if err != nil {
		return nil, unknown("%w", err)
	}
	g, err := parse(list)
	if err != nil {
		return nil, err
	}
	t, err := findTables(g.memory)
	if err != nil {
		return nil, err
	}
	emptied, err := g.empty(t)
	if err != nil {
		return nil, err
	}
	if err := t.slim(emptied); err != nil {
		return nil, err
	}
	clearPowers(g.memory)
	code, added := encodeCode(g.bodies, g.imports)
	out := []byte(simd.Header)
	for _, s := range list {
		switch s.id {
		case simd.SectionCustom:
			continue
		case simd.SectionType:
			s.content, err = moreTypes(s.content)
		case simd.SectionFunction:
			s.content, err = moreFunctions(s.content, g.types, added)
		case simd.SectionCode:
			s.content = code
		case sectionData:
			s.content = cut(g.memory)
		}
		if err != nil {
			return nil, err
		}
		out = simd.AppendBytes(append(out, s.id), s.content)
	}
	return out, nil
}

const sectionData = 11

// A goModule is what Slim works on.
type goModule struct {
	types   int            // of functions
	imports int            // functions
	names   map[int]string // of functions, imported ones too
	exports []int          // functions
	bodies  []*body        // of those that are not imported
	memory  []byte         // as it is when the module starts
}

func parse(list []section) (*goModule, error) {
	types, err := parseTypes(find(list, simd.SectionType))
	if err != nil {
		return nil, unknown("%w", err)
	}
	imports, err := parseImports(find(list, simd.SectionImport), len(types))
	if err != nil {
		return nil, unknown("%w", err)
	}
	g := &goModule{types: len(types), imports: len(imports)}
	for _, e := range imports {
		if e.kind != kindFunction {
			return nil, unknown("it imports %s.%s, which is not a function", e.module, e.name)
		}
	}
	if g.exports, err = exported(find(list, simd.SectionExport)); err != nil {
		return nil, err
	}
	if g.bodies, err = decodeCode(find(list, simd.SectionCode)); err != nil {
		return nil, err
	}
	if g.memory, err = load(find(list, sectionData)); err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.id == simd.SectionCustom && g.names == nil {
			if g.names, err = functionNames(s.content); err != nil {
				return nil, unknown("%w", err)
			}
		}
	}
	if len(g.names) == 0 {
		return nil, unknown("it has no names")
	}
	return g, nil
}

// empty empties what never runs, and returns which functions it has emptied:
// those that unreached names, and what only they reach.
func (g *goModule) empty(t *tables) ([]bool, error) {
	if n := missing(g.names); n != "" {
		return nil, unknown("no function is called %s; the lists of wasm/internal/link are of Go 1.26, so read what became of it in this version's runtime", n)
	}
	emptied := make([]bool, len(g.bodies))
	for i, f := range g.bodies {
		name, ok := g.names[g.imports+i]
		switch {
		case !ok:
			return nil, unknown("function %d has no name", i)
		case slices.Contains(used, name):
			return nil, unknown("it has %s, whose parts are emptied", name)
		case returning[name]:
			f.skip()
		}
		emptied[i] = unreached(name)
	}
	for i, found := range reachable(g, emptied, t.types) {
		if emptied[i] = emptied[i] || !found; emptied[i] {
			g.bodies[i].empty()
		}
	}
	return emptied, nil
}

// moreTypes returns a type section with those of the functions that encodeCode
// adds: the first takes an i32, the others take and return one.
func moreTypes(content []byte) ([]byte, error) {
	r := &reader{data: content}
	n := r.count()
	b := append(simd.AppendUnsigned(nil, uint64(n)+2), r.rest()...)
	return append(b, 0x60, 1, byte(simd.I32), 0, 0x60, 1, byte(simd.I32), 1, byte(simd.I32)), r.err
}

// moreFunctions returns a function section with those functions.
func moreFunctions(content []byte, types, added int) ([]byte, error) {
	r := &reader{data: content}
	n := r.count()
	b := append(simd.AppendUnsigned(nil, uint64(n+added)), r.rest()...)
	for i := range added {
		b = simd.AppendUnsigned(b, uint64(types+min(i, 1)))
	}
	return b, r.err
}

// exported returns the functions that are exported.
func exported(content []byte) (functions []int, err error) {
	r := &reader{data: content}
	for range r.optional() {
		r.bytes()
		if kind, i := r.byte(), r.u32(); kind == kindFunction {
			functions = append(functions, int(i))
		}
	}
	return functions, r.end("export section")
}

// functionNames returns the names of functions where the custom section is of
// names, nil otherwise.
func functionNames(b []byte) (map[int]string, error) {
	r := reader{data: b}
	if string(r.bytes()) != "name" || r.err != nil {
		return nil, r.err
	}
	out := make(map[int]string)
	for r.left() > 0 && r.err == nil {
		id := r.byte()
		part := reader{data: r.bytes()}
		if id != 1 {
			continue
		}
		for range part.count() {
			if part.err != nil {
				return nil, part.err
			}
			i := int(part.u32())
			out[i] = string(part.bytes())
		}
	}
	return out, r.err
}
