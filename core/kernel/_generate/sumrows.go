package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sumRows is SumRows.
func (s *set) sumRows() {
	TEXT("sumRows"+s.name, NOSPLIT, "func(dst, src *float32, rows, out int)")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	rows, out, n := Load(Param("rows"), GP64()), Load(Param("out"), GP64()), GP64()
	sums := make([]Op, block/s.bytes)
	for v := range sums {
		sums[v] = s.vector()
	}
	loop("blocks", out, func() {
		for v, sum := range sums {
			VMOVUPS(Mem{Base: dst, Disp: v * s.bytes}, sum)
		}
		MOVQ(rows, n)
		loop("rows", n, func() {
			for v, sum := range sums {
				VADDPS(Mem{Base: src, Disp: v * s.bytes}, sum, sum)
			}
			ADDQ(U8(block), src)
		})
		for v, sum := range sums {
			VMOVUPS(sum, Mem{Base: dst, Disp: v * s.bytes})
		}
		ADDQ(U8(block), dst)
	})
	VZEROUPPER()
	RET()
}
