package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rows makes a function that goes through out blocks of rows at x, each of
// which has a block of its own at y: it loads that into registers, calls row
// for every vector of every row, and then end.
func (s *set) rows(x, y Register, row, end func(r VecVirtual, m Mem)) {
	per := block / s.bytes
	rows, out, n := Load(Param("rows"), GP64()), Load(Param("out"), GP64()), GP64()
	regs := make([]VecVirtual, per)
	for v := range regs {
		regs[v] = s.vector()
	}
	each := func(base Register, f func(r VecVirtual, m Mem)) {
		for v, r := range regs {
			f(r, Mem{Base: base, Disp: v * s.bytes})
		}
		ADDQ(U8(block), base)
	}
	loop("blocks", out, func() {
		for v, r := range regs {
			VMOVUPS(Mem{Base: y, Disp: v * s.bytes}, r)
		}
		MOVQ(rows, n)
		loop("rows", n, func() { each(x, row) })
		each(y, end)
	})
	VZEROUPPER()
	RET()
}

// addBias is AddBias.
func (s *set) addBias() {
	TEXT("addBias"+s.name, NOSPLIT, "func(dst, bias *float32, rows, out int)")
	Pragma("noescape")
	dst, bias := Load(Param("dst"), GP64()), Load(Param("bias"), GP64())
	s.rows(dst, bias, func(r VecVirtual, m Mem) {
		x := s.vector()
		VADDPS(m, r, x)
		VMOVUPS(x, m)
	}, func(VecVirtual, Mem) {})
}

// sumRows is SumRows.
func (s *set) sumRows() {
	TEXT("sumRows"+s.name, NOSPLIT, "func(dst, src *float32, rows, out int)")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	s.rows(src, dst, func(r VecVirtual, m Mem) { VADDPS(m, r, r) },
		func(r VecVirtual, m Mem) { VMOVUPS(r, m) })
}
