package simd

import (
	"math"

	"github.com/foretide/foretide/wasm/asm"
)

// A scratch is the locals that sigmoid and tanh work with.
type scratch struct{ p, t, n asm.Var }

func newScratch(f *asm.Func) *scratch {
	return &scratch{f.Local(asm.V128), f.Local(asm.V128), f.Local(asm.V128)}
}

// exp sets p to e^r-1 and t to 2^n, with e^x = t·p + t; it changes x. It is
// core/kernel's exp, which says why. A pseudo-minimum is one instruction where
// a minimum is several, and gives the same here: NaN goes through.
func (s *scratch) exp(f *asm.Func, x asm.Var) {
	const magic = 3 << 22
	f.Set(x, asm.Do(asm.OpF32x4PMin, asm.Do(asm.OpF32x4PMax, x, asm.VecF(-87)), asm.VecF(87)))
	f.Set(s.t, add(mul(x, asm.VecF(math.Log2E)), asm.VecF(magic)))
	f.Set(s.n, sub(s.t, asm.VecF(magic)))
	f.Set(x, sub(x, mul(s.n, asm.VecF(0.693359375))))
	f.Set(x, sub(x, mul(s.n, asm.VecF(-2.12194440e-4))))
	f.Set(s.p, asm.VecF(1.9875691500e-4))
	for _, c := range []float32{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		f.Set(s.p, add(mul(x, s.p), asm.VecF(c)))
	}
	f.Set(s.p, add(mul(mul(x, x), s.p), x))
	f.Set(s.t, asm.Do(asm.OpI32x4Add, asm.Do(asm.OpI32x4Shl, s.t, asm.I(23)), asm.VecF(1)))
}

// sigmoid sets x to 1/(1+e^-x).
func sigmoid(f *asm.Func, s *scratch, x asm.Var) {
	f.Set(x, asm.Do(asm.OpF32x4Neg, x))
	s.exp(f, x)
	f.Set(x, div(asm.VecF(1), add(add(mul(s.t, s.p), s.t), asm.VecF(1))))
}

// tanh sets x to (e^2x-1)/(e^2x+1).
func tanh(f *asm.Func, s *scratch, x asm.Var) {
	f.Set(x, add(x, x))
	s.exp(f, x)
	f.Set(s.p, add(mul(s.t, s.p), sub(s.t, asm.VecF(1))))
	f.Set(x, div(s.p, add(s.p, asm.VecF(2))))
}

// unary writes a function of dst, src and their number of elements, which is
// at least 4 and a multiple of 4, that makes each element by make.
func unary(f *asm.Func, make func(*asm.Func, *scratch, asm.Var)) {
	dst, src, n := f.Param(0), f.Param(1), f.Param(2)
	s, x := newScratch(f), f.Local(asm.V128)
	f.Loop(func() asm.Value {
		f.Set(x, read(src, 0))
		make(f, s, x)
		f.Store(dst, 0, x)
		f.Set(src, iadd(src, asm.I(vector)))
		f.Set(dst, iadd(dst, asm.I(vector)))
		f.Set(n, isub(n, asm.I(vector/lane)))
		return n
	})
}

// gatesForward writes core/kernel's GatesForward. Its parameters are h, c,
// tanhC, gates, before, rows and units.
func gatesForward(f *asm.Func) {
	h, c, tanhC, gates, before, rows, units := f.Param(0), f.Param(1), f.Param(2), f.Param(3), f.Param(4), f.Param(5), f.Param(6)
	size := f.New(asm.I32, ishl(rows, 6)) // bytes of a gate of a block of units
	at := f.Locals(asm.I32, 4)            // of the gates
	left := f.Local(asm.I32)
	s, x := newScratch(f), f.Local(asm.V128)
	vi, vf, vo, state := f.Local(asm.V128), f.Local(asm.V128), f.Local(asm.V128), f.Local(asm.V128)
	gate := func(q int, v asm.Var, make func(*asm.Func, *scratch, asm.Var)) {
		f.Set(v, read(at[q], 0))
		make(f, s, v)
		f.Store(at[q], 0, v)
	}
	f.Set(at[0], gates)
	f.Loop(func() asm.Value {
		for q := 1; q < 4; q++ {
			f.Set(at[q], iadd(at[q-1], size))
		}
		f.Set(left, size)
		f.Loop(func() asm.Value {
			gate(0, vi, sigmoid)
			gate(1, vf, sigmoid)
			gate(2, x, tanh)
			gate(3, vo, sigmoid)
			f.Set(state, add(mul(vf, read(before, 0)), mul(vi, x)))
			f.Store(c, 0, state)
			tanh(f, s, state)
			f.Store(tanhC, 0, state)
			f.Store(h, 0, mul(vo, state))
			for _, a := range []asm.Var{h, c, tanhC, before, at[0], at[1], at[2], at[3]} {
				f.Set(a, iadd(a, asm.I(vector)))
			}
			f.Set(left, isub(left, asm.I(vector)))
			return left
		})
		f.Set(at[0], at[3])
		f.Set(units, isub(units, asm.I(1)))
		return units
	})
}
