package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// adam is Adam for n numbers, which fill whole blocks; the constants are
// those of adamConstants in the same order.
func (s *set) adam() {
	TEXT("adam"+s.name, NOSPLIT, "func(w, m, v, grad *float32, n int, constants *[9]float32)")
	Pragma("noescape")
	constants := Mem{Base: Load(Param("constants"), GP64())}
	var k [9]Op
	for i := range k {
		r := s.vector()
		VBROADCASTSS(constants.Offset(4*i), r)
		k[i] = r
	}
	scale, beta1, new1, beta2, new2, correct, epsilon, rate, keep := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8]
	w, m, v := Load(Param("w"), GP64()), Load(Param("m"), GP64()), Load(Param("v"), GP64())
	grad := Load(Param("grad"), GP64())
	n := scaled("n", 2)
	at := GP64()
	XORQ(at, at)

	Label("vectors")
	g, a := s.vector(), s.vector()
	VMULPS(Mem{Base: grad, Index: at, Scale: 1}, scale, g)
	VMULPS(g, new1, a)
	VFMADD231PS(Mem{Base: m, Index: at, Scale: 1}, beta1, a)
	VMOVUPS(a, Mem{Base: m, Index: at, Scale: 1})
	b := s.vector()
	VMULPS(g, new2, b)
	VMULPS(g, b, b)
	VFMADD231PS(Mem{Base: v, Index: at, Scale: 1}, beta2, b)
	VMOVUPS(b, Mem{Base: v, Index: at, Scale: 1})
	VSQRTPS(b, b)
	VFMADD213PS(epsilon, correct, b)
	VMULPS(rate, a, a)
	VDIVPS(b, a, a)
	VFMSUB231PS(Mem{Base: w, Index: at, Scale: 1}, keep, a)
	VMOVUPS(a, Mem{Base: w, Index: at, Scale: 1})
	ADDQ(U8(s.bytes), at)
	CMPQ(at, n)
	JL(LabelRef("vectors"))
	VZEROUPPER()
	RET()
}
