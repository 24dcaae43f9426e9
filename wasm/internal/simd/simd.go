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

import "slices"

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
	m := newWriter(Name, "memory")
	mulAdd(m.Func("mul_add", numbers(9)...))
	gatesForward(m.Func("gates_forward", numbers(7)...))
	copyPieces(m.Func("copy", numbers(6)...))
	activations(m.Func("activations", numbers(4)...))
	return m.Bytes()
}

// numbers are the types of n parameters: all are addresses and numbers.
func numbers(n int) []Type { return slices.Repeat([]Type{I32}, n) }

// Short names for the instructions of the kernels.

func iadd(x, y Value) Value { return Do(OpI32Add, x, y) }
func isub(x, y Value) Value { return Do(OpI32Sub, x, y) }
func ishl(x Value, n int) Value {
	return Do(OpI32Shl, x, I(n))
}
func shiftRight(x Value, n int) Value {
	return Do(OpI32ShrU, x, I(n))
}
func iless(x, y Value) Value    { return Do(OpI32LtS, x, y) }
func iatLeast(x, y Value) Value { return Do(OpI32GeS, x, y) }

func add(x, y Value) Value { return Do(OpF32x4Add, x, y) }
func sub(x, y Value) Value { return Do(OpF32x4Sub, x, y) }
func mul(x, y Value) Value { return Do(OpF32x4Mul, x, y) }
func div(x, y Value) Value { return Do(OpF32x4Div, x, y) }

func read(address Value, offset int) Value {
	return Load(OpV128Load, address, offset)
}

// countDown takes n from what is left, and is that.
func countDown(f *Func, left Var, n int) Value {
	f.Set(left, isub(left, I(n)))
	return left
}

// touch has the bounds of bytes up to end after an address checked. A runtime
// without guard pages remembers the highest offset that it checked, and then
// checks none below it again: to touch that first halves the time of a product
// under wazero.
func touch(f *Func, address Value, end int) {
	f.Drop(Load(OpI32Load, address, end-lane))
}
