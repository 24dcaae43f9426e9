package link

import (
	"bytes"
	"encoding/binary"
)

// Go's table of functions (runtime/symtab.go, internal/abi/symtab.go of Go 1.26):
// a header, and offsets from it to the parts.
const tableMagic = "\xf1\xff\xff\xff\x00\x00\x01\x08" // Go 1.20 to 1.26, wasm, 8 bytes

// Indexes of what a function has, as in internal/abi.
const (
	pcdataStackMap = 1
	pcdataInlTree  = 2

	funcdataInlTree     = 3
	funcdataArgInfo     = 5
	funcdataArgLiveInfo = 6
)

// Offsets in a function's entry.
const (
	atName      = 4
	atSP        = 16
	atFile      = 20
	atLine      = 24
	atPCData    = 28 // how many
	atUnit      = 32
	atFirstLine = 36
	atFuncData  = 43 // how many
	funcSize    = 44
	noFuncData  = 0xffffffff
	headerParts = 8 + 3*8 // offsets of the parts begin there
)

// tables are Go's table of functions within the memory.
type tables struct {
	all       []byte // up to the end of the last entry
	texts     []byte // names, units and files
	counters  []byte // tables by program counter
	functions []byte // of each its address and the place of its entry, and then the entries
	data      []byte // from where the functions' data begin, to the memory's end
	types     [2]int // where types begin and end in memory
	entries   []uint32
}

// findTables finds the tables in memory.
func findTables(memory []byte) (*tables, error) {
	at := bytes.Index(memory, []byte(tableMagic))
	if at < 0 || bytes.Contains(memory[at+1:], []byte(tableMagic)) {
		return nil, unknown("it has no table of functions, or two")
	}
	table := memory[at:]
	if len(table) < headerParts+40 {
		return nil, unknown("its table of functions is cut")
	}
	n := binary.LittleEndian.Uint64(table[8:])
	var parts [5]uint64 // names, units, files, counters, functions
	for i := range parts {
		parts[i] = binary.LittleEndian.Uint64(table[headerParts+8*i:])
		if parts[i] > uint64(len(table)) || i > 0 && parts[i] < parts[i-1] {
			return nil, unknown("the parts of its table of functions are not in order")
		}
	}
	t := &tables{texts: table[parts[0]:parts[3]], counters: table[parts[3]:parts[4]], functions: table[parts[4]:]}
	if n > 1<<20 || uint64(len(t.functions)) < 8*n+4 {
		return nil, unknown("its table of functions is cut")
	}
	end := uint64(0)
	for i := range n {
		entry := binary.LittleEndian.Uint32(t.functions[8*i+4:])
		if uint64(entry)+funcSize > uint64(len(t.functions)) {
			return nil, unknown("the entry of function %d is not in its table", i)
		}
		f := t.functions[entry:]
		pcdata, funcdata := int(binary.LittleEndian.Uint32(f[atPCData:])), int(f[atFuncData])
		if pcdata > 8 || funcdata > 16 || len(f) < funcSize+4*(pcdata+funcdata) {
			return nil, unknown("the entry of function %d is impossible", i)
		}
		t.entries = append(t.entries, entry)
		end = max(end, uint64(entry)+funcSize+4*uint64(pcdata+funcdata))
	}
	t.all = table[:parts[4]+end]
	return t, t.describe(memory, uint64(at), parts[0], parts[3])
}

// slim drops what only tracebacks read: names, files, lines, and what was
// inlined where; and what there is of functions that are emptied. The tables
// that map program counters to stack sizes and pointer maps are packed.
func (t *tables) slim(emptied []bool) error {
	clear(t.texts)
	counters := packer{old: t.counters, seen: make(map[string]uint32), packed: []byte{0}}
	for _, entry := range t.entries {
		if err := clearInlined(t.functions[entry:], &counters, t.data); err != nil {
			return err
		}
	}
	for i, entry := range t.entries {
		f := t.functions[entry:]
		if k := int(binary.LittleEndian.Uint32(t.functions[8*i:])) - firstFunction; k >= 0 && k < len(emptied) && emptied[k] {
			clear(f[atName : funcSize+4*(int(binary.LittleEndian.Uint32(f[atPCData:]))+int(f[atFuncData]))])
			continue
		}
		if err := slimFunction(f, &counters); err != nil {
			return err
		}
	}
	clear(counters.old)
	copy(counters.old, counters.packed)
	return nil
}

// describe finds the runtime's description of the module (runtime.moduledata of
// Go 1.26), which begins with the addresses of the table and of its parts, and
// takes from it where types and the functions' data lie.
func (t *tables) describe(memory []byte, table, names, counters uint64) error {
	for p := uint64(0); p+8*42 <= uint64(len(memory)); p += 8 {
		word := func(i uint64) uint64 { return binary.LittleEndian.Uint64(memory[p+8*i:]) }
		if word(0) != table || word(1) != table+names || word(10) != table+counters {
			continue
		}
		types, end, data := word(37), word(38), word(40)
		if types < end && end <= uint64(len(memory)) && word(39) <= data && data < uint64(len(memory)) {
			t.types, t.data = [2]int{int(types), int(end)}, memory[data:]
			return nil
		}
	}
	return unknown("it has no description of itself")
}

// clearInlined clears a function's list of what was inlined in it: 16 bytes for
// each index that its table of them has.
func clearInlined(f []byte, counters *packer, data []byte) error {
	pcdata, funcdata := int(binary.LittleEndian.Uint32(f[atPCData:])), int(f[atFuncData])
	if pcdata <= pcdataInlTree || funcdata <= funcdataInlTree {
		return nil
	}
	at := binary.LittleEndian.Uint32(f[funcSize+4*pcdataInlTree:])
	place := binary.LittleEndian.Uint32(f[funcSize+4*(pcdata+funcdataInlTree):])
	if at == 0 || place == noFuncData {
		return nil
	}
	if uint64(at) >= uint64(len(counters.old)) {
		return unknown("a table of program counters is not where it should be")
	}
	r := reader{data: counters.old[at:]}
	value, most := int64(-1), int64(-1)
	for first := true; ; first = false {
		v := r.u32()
		if r.err != nil || v == 0 && !first {
			break
		}
		r.u32()
		step := int64(v >> 1)
		if v&1 != 0 {
			step = ^step
		}
		value += step
		most = max(most, value)
	}
	end := uint64(place) + 16*uint64(most+1)
	if r.err != nil || end > uint64(len(data)) {
		return unknown("a list of inlined functions is not where it should be")
	}
	clear(data[place:end])
	return nil
}

// slimFunction slims a function's entry.
func slimFunction(f []byte, counters *packer) error {
	pcdata, funcdata := int(binary.LittleEndian.Uint32(f[atPCData:])), int(f[atFuncData])
	set := func(at int, v uint32) { binary.LittleEndian.PutUint32(f[at:], v) }
	for _, at := range []int{atName, atFile, atLine, atUnit, atFirstLine} {
		set(at, 0)
	}
	for k := range pcdata + 1 {
		at := funcSize + 4*(k-1)
		if k == 0 {
			at = atSP
		} else if k-1 != pcdataStackMap {
			set(at, 0)
			continue
		}
		offset, err := counters.move(binary.LittleEndian.Uint32(f[at:]))
		if err != nil {
			return err
		}
		set(at, offset)
	}
	for _, k := range []int{funcdataInlTree, funcdataArgInfo, funcdataArgLiveInfo} {
		if k < funcdata {
			set(funcSize+4*(pcdata+k), noFuncData)
		}
	}
	return nil
}

// A packer moves tables of program counters together.
type packer struct {
	old, packed []byte
	seen        map[string]uint32
}

// move returns the new place of the table at an old one; 0 is none.
func (p *packer) move(at uint32) (uint32, error) {
	if at == 0 {
		return 0, nil
	}
	if uint64(at) >= uint64(len(p.old)) {
		return 0, unknown("a table of program counters is not where it should be")
	}
	// Pairs of differences, of values and counters, until one of values is 0;
	// the first may be.
	r := reader{data: p.old[at:]}
	for first := true; ; first = false {
		if v := r.u32(); r.err != nil || v == 0 && !first {
			break
		}
		r.u32()
	}
	if r.err != nil {
		return 0, r.err
	}
	b := r.data[:r.at]
	if to, ok := p.seen[string(b)]; ok {
		return to, nil
	}
	to := uint32(len(p.packed))
	p.seen[string(b)] = to
	p.packed = append(p.packed, b...)
	return to, nil
}
