package simd

import (
	"math"

	"github.com/foretide/foretide/wasm/asm"
)

// together is how many vectors go through exp at once: their operations do not
// wait for one another as those of one would.
const together = block / vector

// A scratch is the locals that sigmoid and tanh work with.
type scratch struct{ p, t, n []asm.Var }

func newScratch(f *asm.Func) *scratch {
	return &scratch{f.Locals(asm.V128, together), f.Locals(asm.V128, together), f.Locals(asm.V128, together)}
}

// each sets every variable of to to what make has of its place.
func each(f *asm.Func, to []asm.Var, make func(i int) asm.Value) {
	for i, v := range to {
		f.Set(v, make(i))
	}
}

// exp sets p to e^r-1 and t to 2^n, with e^x = t·p + t; it changes x. It is
// core/kernel's exp, which says why. A pseudo-minimum is one instruction where
// a minimum is several, and gives the same here: NaN goes through.
func (s *scratch) exp(f *asm.Func, x []asm.Var) {
	const magic = 3 << 22
	p, t, n := s.p[:len(x)], s.t[:len(x)], s.n[:len(x)]
	each(f, x, func(i int) asm.Value { return asm.Do(asm.OpF32x4PMax, x[i], asm.VecF(-87)) })
	each(f, x, func(i int) asm.Value { return asm.Do(asm.OpF32x4PMin, x[i], asm.VecF(87)) })
	each(f, t, func(i int) asm.Value { return add(mul(x[i], asm.VecF(math.Log2E)), asm.VecF(magic)) })
	each(f, n, func(i int) asm.Value { return sub(t[i], asm.VecF(magic)) })
	each(f, x, func(i int) asm.Value { return sub(x[i], mul(n[i], asm.VecF(0.693359375))) })
	each(f, x, func(i int) asm.Value { return sub(x[i], mul(n[i], asm.VecF(-2.12194440e-4))) })
	each(f, p, func(i int) asm.Value { return add(mul(x[i], asm.VecF(1.9875691500e-4)), asm.VecF(1.3981999507e-3)) })
	for _, c := range []float32{8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		each(f, p, func(i int) asm.Value { return add(mul(x[i], p[i]), asm.VecF(c)) })
	}
	each(f, p, func(i int) asm.Value { return add(mul(mul(x[i], x[i]), p[i]), x[i]) })
	each(f, t, func(i int) asm.Value {
		return asm.Do(asm.OpI32x4Add, asm.Do(asm.OpI32x4Shl, t[i], asm.I(23)), asm.VecF(1))
	})
}

// sigmoid sets x to 1/(1+e^-x).
func sigmoid(f *asm.Func, s *scratch, x []asm.Var) {
	each(f, x, func(i int) asm.Value { return asm.Do(asm.OpF32x4Neg, x[i]) })
	s.exp(f, x)
	each(f, x, func(i int) asm.Value { return add(add(mul(s.t[i], s.p[i]), s.t[i]), asm.VecF(1)) })
	each(f, x, func(i int) asm.Value { return div(asm.VecF(1), x[i]) })
}

// tanh sets x to (e^2x-1)/(e^2x+1).
func tanh(f *asm.Func, s *scratch, x []asm.Var) {
	each(f, x, func(i int) asm.Value { return add(x[i], x[i]) })
	s.exp(f, x)
	p := s.p[:len(x)]
	each(f, p, func(i int) asm.Value { return add(mul(s.t[i], p[i]), sub(s.t[i], asm.VecF(1))) })
	each(f, x, func(i int) asm.Value { return div(p[i], add(p[i], asm.VecF(2))) })
}

// unary writes a function of dst, src and their number of elements, which is a
// multiple of 4 and not zero, that makes each element by make.
func unary(f *asm.Func, make func(*asm.Func, *scratch, []asm.Var)) {
	dst, src, left := f.Param(0), f.Param(1), f.Param(2)
	s, x := newScratch(f), f.Locals(asm.V128, together)
	vectors := func(x []asm.Var) {
		touch(f, src, len(x)*vector)
		each(f, x, func(i int) asm.Value { return read(src, i*vector) })
		make(f, s, x)
		touch(f, dst, len(x)*vector)
		for i, v := range x {
			f.Store(dst, i*vector, v)
		}
		f.Set(src, iadd(src, asm.I(len(x)*vector)))
		f.Set(dst, iadd(dst, asm.I(len(x)*vector)))
		f.Set(left, isub(left, asm.I(len(x)*vector/lane)))
	}
	f.If(iatLeast(left, asm.I(together*vector/lane)), func() {
		f.Loop(func() asm.Value {
			vectors(x)
			return iatLeast(left, asm.I(together*vector/lane))
		})
	})
	f.If(left, func() {
		f.Loop(func() asm.Value {
			vectors(x[:1])
			return left
		})
	})
}

// gatesForward writes core/kernel's GatesForward. Its parameters are h, c,
// tanhC, gates, before, rows and units. Sixteen units are made at once; what
// does not find room in registers is read from the memory again.
func gatesForward(f *asm.Func) {
	h, c, tanhC, gates, before, rows, units := f.Param(0), f.Param(1), f.Param(2), f.Param(3), f.Param(4), f.Param(5), f.Param(6)
	size := f.New(asm.I32, ishl(rows, 6)) // bytes of a gate of a block of units
	at := f.Locals(asm.I32, 4)            // of the gates
	left := f.Local(asm.I32)
	s, x := newScratch(f), f.Locals(asm.V128, together)
	store := func(address asm.Var, v func(i int) asm.Value) {
		touch(f, address, block)
		for i := range x {
			f.Store(address, i*vector, v(i))
		}
	}
	load := func(address asm.Var) {
		touch(f, address, block)
		each(f, x, func(i int) asm.Value { return read(address, i*vector) })
	}
	value := func(i int) asm.Value { return x[i] }
	f.Set(at[0], gates)
	f.Loop(func() asm.Value {
		for q := 1; q < 4; q++ {
			f.Set(at[q], iadd(at[q-1], size))
		}
		f.Set(left, size)
		f.Loop(func() asm.Value {
			for q, make := range []func(*asm.Func, *scratch, []asm.Var){sigmoid, sigmoid, tanh, sigmoid} {
				load(at[q])
				make(f, s, x)
				store(at[q], value)
			}
			touch(f, before, block)
			each(f, x, func(i int) asm.Value {
				return add(mul(read(at[1], i*vector), read(before, i*vector)), mul(read(at[0], i*vector), read(at[2], i*vector)))
			})
			store(c, value)
			tanh(f, s, x)
			store(tanhC, value)
			store(h, func(i int) asm.Value { return mul(read(at[3], i*vector), x[i]) })
			for _, a := range []asm.Var{h, c, tanhC, before, at[0], at[1], at[2], at[3]} {
				f.Set(a, iadd(a, asm.I(block)))
			}
			return countDown(f, left, block)
		})
		f.Set(at[0], at[3])
		return countDown(f, units, 1)
	})
}
