package simd

import "math"

// together is how many vectors go through exp at once: their operations do not
// wait for one another as those of one would.
const together = block / vector

// A scratch is the locals that sigmoid and tanh work with. A constant is a
// local too: two bytes where it is used and not twenty.
type scratch struct {
	p, t, n   []Var
	constants map[float32]Var
}

func newScratch(f *Func) *scratch {
	s := &scratch{f.Locals(V128, together), f.Locals(V128, together), f.Locals(V128, together), map[float32]Var{}}
	for _, x := range append([]float32{lowest, highest, log2e, magic, ln2High, ln2Low, 1, 2}, polynomial[:]...) {
		s.constants[x] = f.New(V128, VecF(x))
	}
	return s
}

func (s *scratch) constant(x float32) Var { return s.constants[x] }

// Constants of exp.
const (
	lowest, highest = -87, 87
	log2e           = math.Log2E
	magic           = 3 << 22
	ln2High, ln2Low = 0.693359375, -2.12194440e-4
)

var polynomial = [...]float32{
	1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
}

// each sets every variable of to to what make has of its place.
func each(f *Func, to []Var, make func(i int) Value) {
	for i, v := range to {
		f.Set(v, make(i))
	}
}

// exp sets p to e^r-1 and t to 2^n, with e^x = t·p + t; it changes x. It is
// core/kernel's exp, which says why. A pseudo-minimum is one instruction where
// a minimum is several, and gives the same here: NaN goes through.
func (s *scratch) exp(f *Func, x []Var) {
	p, t, n := s.p[:len(x)], s.t[:len(x)], s.n[:len(x)]
	each(f, x, func(i int) Value { return Do(OpF32x4PMax, x[i], s.constant(lowest)) })
	each(f, x, func(i int) Value { return Do(OpF32x4PMin, x[i], s.constant(highest)) })
	each(f, t, func(i int) Value { return add(mul(x[i], s.constant(log2e)), s.constant(magic)) })
	each(f, n, func(i int) Value { return sub(t[i], s.constant(magic)) })
	each(f, x, func(i int) Value { return sub(x[i], mul(n[i], s.constant(ln2High))) })
	each(f, x, func(i int) Value { return sub(x[i], mul(n[i], s.constant(ln2Low))) })
	each(f, p, func(i int) Value { return add(mul(x[i], s.constant(polynomial[0])), s.constant(polynomial[1])) })
	for _, c := range polynomial[2:] {
		each(f, p, func(i int) Value { return add(mul(x[i], p[i]), s.constant(c)) })
	}
	each(f, p, func(i int) Value { return add(mul(mul(x[i], x[i]), p[i]), x[i]) })
	each(f, t, func(i int) Value {
		return Do(OpI32x4Add, Do(OpI32x4Shl, t[i], I(23)), s.constant(1))
	})
}

// activation sets x to its sigmoid, 1/(1+e^-x), where which is zero, and to its
// tanh, (e^2x-1)/(e^2x+1), otherwise. A which that is nil is not zero.
func (s *scratch) activation(f *Func, x []Var, which Value) {
	p := s.p[:len(x)]
	choose := func(tanh, sigmoid func()) {
		if which == nil {
			tanh()
		} else {
			f.If(which, tanh, sigmoid)
		}
	}
	choose(func() {
		each(f, x, func(i int) Value { return add(x[i], x[i]) })
	}, func() {
		each(f, x, func(i int) Value { return Do(OpF32x4Neg, x[i]) })
	})
	s.exp(f, x)
	choose(func() {
		each(f, p, func(i int) Value { return add(mul(s.t[i], p[i]), sub(s.t[i], s.constant(1))) })
		each(f, x, func(i int) Value { return div(p[i], add(p[i], s.constant(2))) })
	}, func() {
		each(f, x, func(i int) Value { return add(add(mul(s.t[i], p[i]), s.t[i]), s.constant(1)) })
		each(f, x, func(i int) Value { return div(s.constant(1), x[i]) })
	})
}

// load and store read and write sixteen elements.

func load(f *Func, x []Var, address Var) {
	touch(f, address, block)
	each(f, x, func(i int) Value { return read(address, i*vector) })
}

func store(f *Func, address Var, v func(i int) Value) {
	touch(f, address, block)
	for i := range together {
		f.Store(address, i*vector, v(i))
	}
}

// activations writes core/kernel's Sigmoid and Tanh, for a number of elements
// that is a multiple of 16 and not zero. Its parameters are dst, src, this
// number, and which of the two: 0 is Sigmoid.
func activations(f *Func) {
	dst, src, left, which := f.Param(0), f.Param(1), f.Param(2), f.Param(3)
	s, x := newScratch(f), f.Locals(V128, together)
	f.Loop(func() Value {
		load(f, x, src)
		s.activation(f, x, which)
		store(f, dst, func(i int) Value { return x[i] })
		f.Set(src, iadd(src, I(block)))
		f.Set(dst, iadd(dst, I(block)))
		return countDown(f, left, block/lane)
	})
}

// gatesForward writes core/kernel's GatesForward. Its parameters are h, c,
// tanhC, gates, before, rows and units. Sixteen units are made at once; what
// does not find room in registers is read from the memory again.
func gatesForward(f *Func) {
	h, c, tanhC, gates, before, rows, units := f.Param(0), f.Param(1), f.Param(2), f.Param(3), f.Param(4), f.Param(5), f.Param(6)
	size := f.New(I32, ishl(rows, 6)) // bytes of a gate of a block of units
	at := f.Locals(I32, 4)            // of the gates i, f, g, o
	left, next, count := f.Local(I32), f.Local(I32), f.Local(I32)
	s, x := newScratch(f), f.Locals(V128, together)
	value := func(i int) Value { return x[i] }
	f.Set(at[0], gates)
	f.Loop(func() Value {
		for q := 1; q < 4; q++ {
			f.Set(at[q], iadd(at[q-1], size))
		}
		f.Set(left, size)
		f.Loop(func() Value {
			f.Set(next, at[0])
			f.Set(count, I(4))
			f.Loop(func() Value {
				load(f, x, next)
				s.activation(f, x, Do(OpI32Eq, count, I(2)))
				store(f, next, value)
				f.Set(next, iadd(next, size))
				return countDown(f, count, 1)
			})
			touch(f, before, block)
			for _, a := range at[:3] {
				touch(f, a, block)
			}
			each(f, x, func(i int) Value {
				return add(mul(read(at[1], i*vector), read(before, i*vector)), mul(read(at[0], i*vector), read(at[2], i*vector)))
			})
			store(f, c, value)
			s.activation(f, x, nil)
			store(f, tanhC, value)
			touch(f, at[3], block)
			store(f, h, func(i int) Value { return mul(read(at[3], i*vector), x[i]) })
			for _, a := range []Var{h, c, tanhC, before, at[0], at[1], at[2], at[3]} {
				f.Set(a, iadd(a, I(block)))
			}
			return countDown(f, left, block)
		})
		f.Set(at[0], at[3])
		return countDown(f, units, 1)
	})
}
