package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The constants of exp, as in generic.go.
var constants = []struct {
	name  string
	value float32
}{
	{"one", 1},
	{"two", 2},
	{"lowest", -87},
	{"highest", 87},
	{"log2e", math.Log2E},
	{"minusLog2e", -math.Log2E},
	{"magic", 3 << 22},
	{"ln2High", 0.693359375},
	{"ln2Low", -2.12194440e-4},
	{"c0", 5.0000001201e-1},
	{"c1", 1.6666665459e-1},
	{"c2", 4.1665795894e-2},
	{"c3", 8.3334519073e-3},
	{"c4", 1.3981999507e-3},
	{"c5", 1.9875691500e-4},
}

// hold begins the constants of a function: in registers where there are
// enough, otherwise in memory. The data is written once a file.
func (s *set) hold(names ...string) {
	if s.data == nil {
		s.data = map[string]Mem{}
		for _, c := range constants {
			m := GLOBL(c.name+s.name, RODATA|NOPTR)
			for i := 0; i < s.bytes; i += 4 {
				DATA(i, F32(c.value))
			}
			s.data[c.name] = m
		}
	}
	s.held = map[string]Op{}
	for _, n := range names {
		s.held[n] = s.data[n]
		if s.bytes == 64 {
			r := s.vector()
			VMOVUPS(s.data[n], r)
			s.held[n] = r
		}
	}
}

// c returns a constant, for an operand that may be in memory.
func (s *set) c(name string) Op {
	op, ok := s.held[name]
	if !ok {
		panic("the function does not hold " + name)
	}
	return op
}

// copied returns a register of its own with the constant.
func (s *set) copied(name string) VecVirtual {
	r := s.vector()
	VMOVUPS(s.c(name), r)
	return r
}

var expConstants = []string{"one", "two", "lowest", "highest", "log2e", "minusLog2e", "magic",
	"ln2High", "ln2Low", "c0", "c1", "c2", "c3", "c4", "c5"}

// clamp returns x within the range of exp; NaN stays: the instructions return
// their last operand where one is NaN.
func (s *set) clamp(x Op) VecVirtual {
	y := s.copied("lowest")
	VMAXPS(x, y, y)
	z := s.copied("highest")
	VMINPS(y, z, z)
	return z
}

// exp returns p = e^r-1 and the power of two s that make e^y = s·p+s, for y in
// the range of clamp, or for -y. y is lost.
func (s *set) exp(y VecVirtual, minus bool) (p, scale VecVirtual) {
	t := s.copied("magic")
	if minus {
		VFMADD231PS(s.c("minusLog2e"), y, t)
	} else {
		VFMADD231PS(s.c("log2e"), y, t)
	}
	n := s.vector()
	VSUBPS(s.c("magic"), t, n)
	if minus {
		VFNMSUB231PS(s.c("ln2High"), n, y)
	} else {
		VFNMADD231PS(s.c("ln2High"), n, y)
	}
	VFNMADD231PS(s.c("ln2Low"), n, y)
	r := y
	p = s.copied("c5")
	for _, c := range []string{"c4", "c3", "c2", "c1", "c0"} {
		VFMADD213PS(s.c(c), r, p)
	}
	square := n
	VMULPS(r, r, square)
	VFMADD213PS(r, square, p)
	VPSLLD(U8(23), t, t)
	VPADDD(s.c("one"), t, t)
	return p, t
}

// sigmoid returns 1/(1+e^-x).
func (s *set) sigmoid(x Op) VecVirtual {
	p, scale := s.exp(s.clamp(x), true)
	VFMADD213PS(scale, scale, p)
	VADDPS(s.c("one"), p, p)
	y := s.copied("one")
	VDIVPS(p, y, y)
	return y
}

// tanh returns (e^2x-1)/(e^2x+1), the numerator without cancellation.
func (s *set) tanh(x Op) VecVirtual {
	y := s.vector()
	switch m := x.(type) {
	case Mem:
		VMOVUPS(m, y)
		VADDPS(y, y, y)
	default:
		VADDPS(x, x, y)
	}
	p, scale := s.exp(s.clamp(y), false)
	less := s.vector()
	VSUBPS(s.c("one"), scale, less)
	VFMADD213PS(less, scale, p)
	VADDPS(s.c("two"), p, less)
	VDIVPS(less, p, p)
	return p
}

// unary makes dst[i] = f(src[i]) for n numbers, which fill whole blocks.
func (s *set) unary(name string, f func(Op) VecVirtual) {
	TEXT(name+s.name, NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	s.hold(expConstants...)
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	n := Load(Param("n"), GP64())
	Label("vectors")
	VMOVUPS(f(Mem{Base: src}), Mem{Base: dst})
	ADDQ(U8(s.bytes), src)
	ADDQ(U8(s.bytes), dst)
	SUBQ(U8(s.bytes/4), n)
	JG(LabelRef("vectors"))
	VZEROUPPER()
	RET()
}

// gatesForward is GatesForward for one block of units.
func (s *set) gatesForward() {
	TEXT("gatesForward"+s.name, NOSPLIT, "func(h, c, tanhC, gates, before *float32, rows int)")
	Pragma("noescape")
	s.hold(expConstants...)
	h, c, tanhC := Load(Param("h"), GP64()), Load(Param("c"), GP64()), Load(Param("tanhC"), GP64())
	before := Load(Param("before"), GP64())
	n := scaled("rows", 6)
	gates := newColumns(Load(Param("gates"), GP64()), n, 4)
	at := GP64()
	XORQ(at, at)
	here := func(base Register) Mem { return Mem{Base: base, Index: at, Scale: 1} }

	Label("vectors")
	i := s.sigmoid(gates.at(0, 0))
	VMOVUPS(i, gates.at(0, 0))
	g := s.tanh(gates.at(2, 0))
	VMOVUPS(g, gates.at(2, 0))
	VMULPS(i, g, g)
	f := s.sigmoid(gates.at(1, 0))
	VMOVUPS(f, gates.at(1, 0))
	VFMADD132PS(here(before), g, f)
	VMOVUPS(f, here(c))
	o := s.sigmoid(gates.at(3, 0))
	VMOVUPS(o, gates.at(3, 0))
	t := s.tanh(f)
	VMOVUPS(t, here(tanhC))
	VMULPS(o, t, t)
	VMOVUPS(t, here(h))
	ADDQ(U8(s.bytes), at)
	gates.add(U8(s.bytes))
	CMPQ(at, n)
	JL(LabelRef("vectors"))
	VZEROUPPER()
	RET()
}

// gatesBackward is GatesBackward for one block of units.
func (s *set) gatesBackward() {
	TEXT("gatesBackward"+s.name, NOSPLIT, "func(gates, dc, dh, tanhC, before *float32, rows int)")
	Pragma("noescape")
	s.hold("one")
	dc, dh, tanhC := Load(Param("dc"), GP64()), Load(Param("dh"), GP64()), Load(Param("tanhC"), GP64())
	before := Load(Param("before"), GP64())
	n := scaled("rows", 6)
	gates := newColumns(Load(Param("gates"), GP64()), n, 4)
	at := GP64()
	XORQ(at, at)
	here := func(base Register) Mem { return Mem{Base: base, Index: at, Scale: 1} }
	read := func(m Mem) VecVirtual {
		r := s.vector()
		VMOVUPS(m, r)
		return r
	}
	// slope makes a·(b-b·b), that is a times the slope of a sigmoid b.
	slope := func(a, b VecVirtual) {
		d := s.vector()
		VMOVAPS(b, d)
		VFNMADD213PS(b, b, d)
		VMULPS(d, a, a)
	}
	// bent makes a·(1-b·b), that is a times the slope of a tanh b.
	bent := func(a, b VecVirtual) {
		d := s.copied("one")
		VFNMADD231PS(b, b, d)
		VMULPS(d, a, a)
	}

	Label("vectors")
	o, t, d := read(gates.at(3, 0)), read(here(tanhC)), read(here(dh))
	e := s.vector()
	VMULPS(d, o, e)
	bent(e, t)
	VADDPS(here(dc), e, e) // the gradient of c
	VMULPS(t, d, d)
	slope(d, o)
	VMOVUPS(d, gates.at(3, 0))

	i, g := read(gates.at(0, 0)), read(gates.at(2, 0))
	di, dg := s.vector(), s.vector()
	VMULPS(g, e, di)
	slope(di, i)
	VMOVUPS(di, gates.at(0, 0))
	VMULPS(i, e, dg)
	bent(dg, g)
	VMOVUPS(dg, gates.at(2, 0))

	f := read(gates.at(1, 0))
	df := s.vector()
	VMULPS(here(before), e, df)
	slope(df, f)
	VMOVUPS(df, gates.at(1, 0))
	VMULPS(f, e, e)
	VMOVUPS(e, here(dc))
	ADDQ(U8(s.bytes), at)
	gates.add(U8(s.bytes))
	CMPQ(at, n)
	JL(LabelRef("vectors"))
	VZEROUPPER()
	RET()
}
