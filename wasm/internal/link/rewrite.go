package link

import (
	"errors"
	"fmt"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// Instructions of a guest that are not a kernel's.
const (
	opBrTable     = 0x0e
	opCall        = 0x10
	opCallTable   = 0x11
	opSelectTyped = 0x1c
	opI64Const    = 0x42
	opF32Const    = 0x43
	opF64Const    = 0x44
	opRefNull     = 0xd0
	opRefFunc     = 0xd2
)

// rewrite returns a function's body with new indices in its calls; the same
// slice where none changes. It reads every instruction, and so refuses a body
// that has one it does not know.
func rewrite(body []byte, renumber func(uint32) uint32) ([]byte, error) {
	r := &reader{data: body}
	for range r.count() {
		r.u32()
		r.byte()
	}
	var out []byte
	copied := 0 // bytes of body that are in out, or are the same there
	for r.left() > 0 {
		op := r.byte()
		if op != opCall && op != opRefFunc {
			if err := r.skip(op); err != nil {
				return nil, err
			}
			continue
		}
		at := r.at
		i := r.u32()
		if j := renumber(i); j != i && r.err == nil {
			out = simd.AppendUnsigned(append(out, body[copied:at]...), uint64(j))
			copied = r.at
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	if n := len(body); n == 0 || simd.Op(body[n-1]) != simd.OpEnd {
		return nil, errors.New("does not close with end")
	}
	if copied == 0 {
		return body, nil
	}
	return append(out, body[copied:]...), nil
}

// skip reads the immediates of an instruction of one function.
func (r *reader) skip(op byte) error {
	switch {
	case op == opBrTable:
		for range r.count() {
			r.u32()
		}
		r.u32()
	case op == opCallTable:
		r.u32()
		r.u32()
	case op == opSelectTyped:
		r.take(r.count())
	case op == byte(simd.OpI32Const):
		r.signed(32)
	case op == opI64Const:
		r.signed(64)
	case op == opF32Const:
		r.take(4)
	case op == opF64Const:
		r.take(8)
	case op == opRefNull:
		r.byte()
	case op == byte(simd.Misc>>16):
		return r.skipMisc()
	case op == byte(simd.SIMD>>16):
		return r.skipSIMD()
	case op == 0x02 || op == 0x03 || op == 0x04: // block, loop, if
		r.signed(33)
	case op == 0x0c || op == 0x0d || op >= 0x20 && op <= 0x26: // branches, variables, tables
		r.u32()
	case op >= 0x28 && op <= 0x3e: // loads and stores
		r.u32()
		r.u32()
	case op == 0x3f || op == 0x40: // memory.size, memory.grow
		r.byte()
	case op <= 0x01 || op == 0x05 || op == 0x0b || op == 0x0f || op == 0x1a || op == 0x1b || op >= 0x45 && op <= 0xc4 || op == 0xd1:
		// No immediates.
	default:
		return fmt.Errorf("unknown instruction %#02x", op)
	}
	return r.err
}

// skipMisc reads an instruction of the prefix 0xfc: conversions that saturate,
// and memory and tables in bulk.
func (r *reader) skipMisc() error {
	switch op := r.u32(); {
	case op <= 7:
	case op == 8 || op == 10 || op == 12 || op == 14:
		r.u32()
		r.u32()
	case op <= 17:
		r.u32()
	default:
		return fmt.Errorf("unknown instruction 0xfc %d", op)
	}
	return r.err
}

// skipSIMD reads an instruction of the prefix 0xfd. Go's compiler writes none;
// a module that has kernels joined already does.
func (r *reader) skipSIMD() error {
	op := r.u32()
	s, known := simd.Of(simd.SIMD | simd.Op(op&0xffff))
	if !known || op > 0xffff {
		return fmt.Errorf("unknown instruction 0xfd %d", op)
	}
	switch s.Immediate {
	case simd.Address:
		r.u32()
		r.u32()
	case simd.Vector:
		r.take(16)
	}
	return r.err
}
