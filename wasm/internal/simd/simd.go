// Package simd writes the kernels of the networks in WebAssembly SIMD, as a
// module of their own that package link joins to a guest built by Go, whose
// compiler emits no vectors.
//
// Each kernel makes the same operations in the same order as core/kernel's
// plain Go, and so the same bits: WebAssembly has no fused multiply-add (that
// of the relaxed-simd proposal may or may not be fused, and runtimes without
// the proposal reject it). The layout of matrices is that of core/kernel.
//
// Arguments are not checked here: core/kernel does, before it calls. A kernel
// calls nothing and keeps nothing, and what it reads and writes outside of the
// memory traps, as everything in WebAssembly does.
package simd

import (
	"slices"

	"github.com/foretide/foretide/internal/asm"
)

// Name is the module that a guest imports the kernels from.
const Name = "foretide_simd"

// Sizes in bytes.
const (
	lane   = 4
	vector = 16
	block  = 64 // sixteen features side by side: core/kernel's Block
)

// Module returns the kernels as a module, which imports its memory as
// Name "memory". It is the same each time.
func Module() []byte {
	m := asm.NewModule(Name, "memory")
	mulAdd(m.Func("mul_add", numbers(9)...))
	gatesForward(m.Func("gates_forward", numbers(7)...))
	copyPieces(m.Func("copy", numbers(6)...))
	activations(m.Func("activations", numbers(4)...))
	return m.Bytes()
}

// numbers are the types of n parameters: all are addresses and numbers.
func numbers(n int) []asm.Type { return slices.Repeat([]asm.Type{asm.I32}, n) }

// Short names for the instructions of the kernels.

func iadd(x, y asm.Value) asm.Value { return asm.Do(asm.OpI32Add, x, y) }
func isub(x, y asm.Value) asm.Value { return asm.Do(asm.OpI32Sub, x, y) }
func ishl(x asm.Value, n int) asm.Value {
	return asm.Do(asm.OpI32Shl, x, asm.I(n))
}
func shiftRight(x asm.Value, n int) asm.Value {
	return asm.Do(asm.OpI32ShrU, x, asm.I(n))
}
func iless(x, y asm.Value) asm.Value    { return asm.Do(asm.OpI32LtS, x, y) }
func iatLeast(x, y asm.Value) asm.Value { return asm.Do(asm.OpI32GeS, x, y) }

func add(x, y asm.Value) asm.Value { return asm.Do(asm.OpF32x4Add, x, y) }
func sub(x, y asm.Value) asm.Value { return asm.Do(asm.OpF32x4Sub, x, y) }
func mul(x, y asm.Value) asm.Value { return asm.Do(asm.OpF32x4Mul, x, y) }
func div(x, y asm.Value) asm.Value { return asm.Do(asm.OpF32x4Div, x, y) }

func read(address asm.Value, offset int) asm.Value {
	return asm.Load(asm.OpV128Load, address, offset)
}

// countDown takes n from what is left, and is that.
func countDown(f *asm.Func, left asm.Var, n int) asm.Value {
	f.Set(left, isub(left, asm.I(n)))
	return left
}

// touch has the bounds of bytes up to end after an address checked. A runtime
// without guard pages remembers the highest offset that it checked, and then
// checks none below it again: to touch that first halves the time of a product
// under wazero.
func touch(f *asm.Func, address asm.Value, end int) {
	f.Drop(asm.Load(asm.OpI32Load, address, end-lane))
}
