package link

import "github.com/foretide/foretide/wasm/internal/simd"

// Instructions.
const (
	opNop       = 0x01
	opEnd       = 0x0b
	opReturn    = 0x0f
	opLocalGet  = 0x20
	opLocalSet  = 0x21
	opLocalTee  = 0x22
	opGlobalGet = 0x23
	opGlobalSet = 0x24
	opLoad      = 0x28 // the first
	opI64Store  = 0x37
	opStore     = 0x36 // the first
	opStore32   = 0x3e // the last
	opI32Const  = 0x41
	opI32Eqz    = 0x45
	opI32Add    = 0x6a
	opI32Sub    = 0x6b
	opI64Add    = 0x7c
	opWrap      = 0xa7
	opExtendU   = 0xad

	stackPointer = 1       // the local of Go's functions
	maxOffset    = 1 << 20 // a frame is smaller
)

// goBegins is how a function that Go has compiled begins: local 1 is the stack
// pointer from then on, and equal to global 0 but within a few instructions
// that set both.
var goBegins = []pattern{{op: opGlobalGet, value: 0}, {op: opLocalSet, value: stackPointer}}

// An instruction is its bytes and what is known of it; without bytes it is one
// of those that append can make.
type instruction struct {
	bytes []byte
	op    byte
	value int64 // of a constant, an index, or the offset of a load or store
	align uint64
}

// A pattern is one instruction, any of an operation, or any at all.
type pattern struct {
	op    byte
	value int64
	any   bool
	anyOp bool
}

func matches(code []instruction, p []pattern) bool {
	if len(code) < len(p) {
		return false
	}
	for i := range p {
		if in := &code[i]; !p[i].anyOp && (in.op != p[i].op || !p[i].any && in.value != p[i].value) {
			return false
		}
	}
	return true
}

func isLoad(op byte) bool  { return op >= opLoad && op < opStore }
func isStore(op byte) bool { return op >= opStore && op <= opStore32 }

// append appends the instruction's bytes.
func (in *instruction) append(dst []byte) []byte {
	if in.bytes != nil {
		return append(dst, in.bytes...)
	}
	dst = append(dst, in.op)
	switch op := in.op; {
	case isLoad(op) || isStore(op):
		return simd.AppendUnsigned(simd.AppendUnsigned(dst, in.align), uint64(in.value))
	case op == opI32Const:
		return simd.AppendSigned(dst, in.value)
	case op == opCall || op >= opLocalGet && op <= opGlobalSet:
		return simd.AppendUnsigned(dst, uint64(in.value))
	}
	return dst
}

// opposite returns the comparison of integers that is true where op is not; 0
// where op is none.
func opposite(op byte) byte {
	switch op {
	case 0x46, 0x51: // eq
		return op + 1
	case 0x47, 0x52: // ne
		return op - 1
	case 0x48, 0x49, 0x53, 0x54: // lt
		return op + 6
	case 0x4a, 0x4b, 0x55, 0x56: // gt
		return op + 2
	case 0x4c, 0x4d, 0x57, 0x58: // le
		return op - 2
	case 0x4e, 0x4f, 0x59, 0x5a: // ge
		return op - 6
	}
	return 0
}

// effect returns how many values an instruction of plain arithmetic takes and
// gives; -1 for others.
func effect(op byte) (pops, pushes int) {
	switch {
	case op == opLocalGet, op == opGlobalGet, op >= opI32Const && op <= 0x44:
		return 0, 1
	case isLoad(op):
		return 1, 1
	case op == opI32Eqz, op == 0x50: // eqz
		return 1, 1
	case op >= 0x46 && op <= 0x66: // comparisons
		return 2, 1
	case op >= 0x67 && op <= 0x69, op >= 0x79 && op <= 0x7b: // clz, ctz, popcnt
		return 1, 1
	case op >= 0x6a && op <= 0x78, op >= 0x7c && op <= 0x8a: // integers
		return 2, 1
	case op >= 0x8b && op <= 0x91, op >= 0x99 && op <= 0x9f: // abs to sqrt
		return 1, 1
	case op >= 0x92 && op <= 0x98, op >= 0xa0 && op <= 0xa6: // floats
		return 2, 1
	case op >= 0xa7 && op <= 0xc4: // conversions
		return 1, 1
	}
	return -1, 0
}

// decode takes a body's instructions apart.
func decode(b []byte) ([]instruction, error) {
	var out []instruction
	r := reader{data: b}
	for r.left() > 0 && r.err == nil {
		from := r.at
		in := instruction{op: r.byte()}
		switch op := in.op; {
		case op <= 0x01, op == 0x05, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4:
		case op >= 0x02 && op <= 0x04: // block, loop, if
			in.value = r.signed(33)
		case op == 0x0c, op == 0x0d, op == opCall, op >= opLocalGet && op <= opGlobalSet: // br, br_if, …
			in.value = int64(r.u32())
		case op == 0x0e: // br_table
			for range r.count() + 1 {
				if r.u32(); r.err != nil {
					break
				}
			}
		case op == 0x11: // call_indirect
			r.u32()
			r.u32()
		case isLoad(op), isStore(op):
			in.align, in.value = uint64(r.u32()), int64(r.u32())
		case op == 0x3f, op == 0x40: // memory.size, memory.grow
			r.byte()
		case op == opI32Const:
			in.value = r.signed(32)
		case op == opI64Const:
			in.value = r.signed(64)
		case op == 0x43:
			r.take(4)
		case op == 0x44:
			r.take(8)
		case op == 0xfc:
			more(&r)
		default:
			return nil, unknown("instruction %x", op)
		}
		in.bytes = b[from:r.at]
		out = append(out, in)
	}
	return out, r.err
}

// more reads the rest of saturating conversions, and of memory.copy and fill.
func more(r *reader) {
	switch sub := r.u32(); {
	case sub <= 7:
	case sub == 10:
		r.take(2)
	case sub == 11:
		r.take(1)
	case r.err == nil:
		r.err = unknown("instruction fc %d", sub)
	}
}
