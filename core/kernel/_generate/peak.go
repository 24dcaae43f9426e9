package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// peak is a loop of fused multiply-adds without memory, as many at a time as
// hide their latency: the most that a core can do.
func (s *set) peak() {
	TEXT("fma"+s.name, NOSPLIT, "func(n int)")
	n := Load(Param("n"), GP64())
	x := s.vector()
	s.zero(x)
	var acc [12]Register
	for i := range acc {
		r := s.vector()
		s.zero(r)
		acc[i] = r
	}
	loop("fma", n, func() {
		for _, r := range acc {
			VFMADD231PS(x, x, r)
		}
	})
	VZEROUPPER()
	RET()
}

// zero clears a register.
func (s *set) zero(r Op) {
	if s.bytes == 64 {
		VPXORD(r, r, r)
	} else {
		VXORPS(r, r, r)
	}
}
