// Package slim makes a module that Go has compiled smaller without changing
// what it computes. It
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
package slim

import (
	"errors"
	"fmt"
	"slices"
)

// ErrModule reports that the module is not one that the Go linker makes, as far
// as this package knows it. It comes with what is wrong.
var ErrModule = errors.New("slim: unknown module")

func unknown(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrModule}, args...)...)
}

const header = "\x00asm\x01\x00\x00\x00"

const (
	customID   = 0
	typeID     = 1
	importID   = 2
	functionID = 3
	exportID   = 7
	codeID     = 10
	dataID     = 11
)

type section struct {
	id   byte
	data []byte
}

// Slim returns the module in fewer bytes. It must have its names (be linked
// without -s), which the result has not.
func Slim(module []byte) ([]byte, error) {
	sections, err := split(module)
	if err != nil {
		return nil, err
	}
	g, err := parse(sections)
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
	if err := declare(sections, added); err != nil {
		return nil, err
	}
	out := []byte(header)
	for _, s := range sections {
		switch s.id {
		case customID:
			continue
		case codeID:
			s.data = code
		case dataID:
			s.data = cut(g.memory)
		}
		out = appendUint(append(out, s.id), uint64(len(s.data)))
		out = append(out, s.data...)
	}
	return out, nil
}

// A goModule is what Slim works on.
type goModule struct {
	imports int            // functions
	names   map[int]string // of functions, imported ones too
	exports []int          // functions
	bodies  []*body        // of those that are not imported
	memory  []byte         // as it is when the module starts
}

func parse(sections []section) (*goModule, error) {
	g := &goModule{imports: -1}
	for _, s := range sections {
		var err error
		switch s.id {
		case importID:
			g.imports, err = countImports(s.data)
		case exportID:
			g.exports, err = exported(s.data)
		case codeID:
			g.bodies, err = decodeCode(s.data)
		case dataID:
			g.memory, err = load(s.data)
		case customID:
			if g.names == nil {
				g.names, err = functionNames(s.data)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if g.imports < 0 || len(g.names) == 0 {
		return nil, unknown("it has no imports, or no names")
	}
	return g, nil
}

// empty empties what never runs, and returns which functions it has emptied:
// those that unreached names, and what only they reach.
func (g *goModule) empty(t *tables) ([]bool, error) {
	if n := missing(g.names); n != "" {
		return nil, unknown("no function is called %s; the lists of wasm/internal/slim are of Go 1.26, so read what became of it in this version's runtime", n)
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

// declare declares the functions that slimCode has added: the first takes an
// i32, the others take and return one.
func declare(sections []section, added int) error {
	var types, functions *section
	for i := range sections {
		switch sections[i].id {
		case typeID:
			types = &sections[i]
		case functionID:
			functions = &sections[i]
		}
	}
	if types == nil || functions == nil {
		return unknown("it has no types, or no functions")
	}
	r := reader{b: types.data}
	n := r.uint()
	types.data = append(appendUint(nil, n+2), r.b...)
	types.data = append(types.data, 0x60, 1, 0x7f, 0, 0x60, 1, 0x7f, 1, 0x7f)
	f := reader{b: functions.data}
	functions.data = append(appendUint(nil, f.uint()+uint64(added)), f.b...)
	for i := range added {
		functions.data = appendUint(functions.data, n+min(uint64(i), 1))
	}
	return errors.Join(r.err, f.err)
}

func split(module []byte) ([]section, error) {
	if len(module) < len(header) || string(module[:len(header)]) != header {
		return nil, unknown("it does not begin as one does")
	}
	r := reader{b: module[len(header):]}
	var out []section
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		out = append(out, section{id, r.take(r.uint())})
	}
	return out, r.err
}

// countImports returns the number of functions that are imported; nothing else
// may be.
func countImports(b []byte) (int, error) {
	r := reader{b: b}
	n := int(r.uint())
	for range n {
		r.take(r.uint())
		r.take(r.uint())
		if r.byte() != 0 && r.err == nil {
			return 0, unknown("it imports something that is not a function")
		}
		r.uint()
	}
	return n, r.err
}

// exported returns the functions that are exported.
func exported(b []byte) (functions []int, err error) {
	r := reader{b: b}
	for range r.uint() {
		if r.err != nil {
			break
		}
		r.take(r.uint())
		if kind, i := r.byte(), r.uint(); kind == 0 {
			functions = append(functions, int(i))
		}
	}
	return functions, r.err
}

// functionNames returns the names of functions where the custom section is of
// names, nil otherwise.
func functionNames(b []byte) (map[int]string, error) {
	r := reader{b: b}
	if string(r.take(r.uint())) != "name" || r.err != nil {
		return nil, r.err
	}
	out := make(map[int]string)
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		part := reader{b: r.take(r.uint())}
		if id != 1 {
			continue
		}
		for range part.uint() {
			if part.err != nil {
				return nil, part.err
			}
			i := int(part.uint())
			out[i] = string(part.take(part.uint()))
		}
	}
	return out, r.err
}

// A reader takes bytes apart. After its first error it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.b)) {
		r.err = unknown("it is cut")
	}
	if r.err != nil {
		r.b = nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	if r.err == nil {
		r.err = unknown("a number is too long")
	}
	return 0
}

func (r *reader) int() int64 {
	var v int64
	for shift := 0; shift < 70; shift += 7 {
		c := r.byte()
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift < 57 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	if r.err == nil {
		r.err = unknown("a number is too long")
	}
	return 0
}

func appendUint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func appendInt(dst []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(dst, c)
		}
		dst = append(dst, c|0x80)
	}
}
