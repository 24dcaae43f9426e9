package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A tile is a part of a result, height by width blocks, that stays in
// registers while the terms of its sums go by:
//
//	acc[h][w] += a[h] · b[w]
//
// with the numbers a[h] lying step bytes apart, and the blocks b[w] in columns.
type tile struct {
	*set
	height, width int
	acc           [][]VecVirtual // by row, by vector of the row
	aStep         int
}

// columns are addresses of blocks at base, base+stride, base+2·stride …
type columns struct {
	base, base3     Register // base3 is base+3·stride
	stride, stride3 Register
}

// newColumns loads what the addresses of width columns need.
func newColumns(base, stride Register, width int) columns {
	c := columns{base: base, stride: stride}
	if width > 3 {
		c.stride3 = GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, c.stride3)
		c.base3 = GP64()
		LEAQ(Mem{Base: base, Index: c.stride3, Scale: 1}, c.base3)
	}
	return c
}

// at returns the address of byte disp of column i < 8.
func (c columns) at(i, disp int) Mem {
	m := Mem{Base: c.base, Disp: disp}
	switch i {
	case 1, 2, 4:
		m.Index, m.Scale = c.stride, uint8(i)
	case 3, 5, 7:
		m.Base = c.base3
		if i > 3 {
			m.Index, m.Scale = c.stride, uint8(i-3)
		}
	case 6:
		m.Index, m.Scale = c.stride3, 2
	}
	return m
}

// add moves all columns.
func (c columns) add(by Op) {
	ADDQ(by, c.base)
	if c.base3 != nil {
		ADDQ(by, c.base3)
	}
}

// each calls f with every register of the tile and its address in dst, row by
// row step bytes apart.
func (t *tile) each(dst columns, step int, f func(h, v int, m Mem)) {
	per := block / t.bytes
	for h := range t.height {
		for v := range t.width * per {
			f(h, v, dst.at(v/per, h*step+v%per*t.bytes))
		}
	}
}

// load reads the tile from dst.
func (t *tile) load(dst columns, step int) {
	t.acc = make([][]VecVirtual, t.height)
	t.each(dst, step, func(h, v int, m Mem) {
		r := t.vector()
		VMOVUPS(m, r)
		t.acc[h] = append(t.acc[h], r)
	})
}

// store writes the tile to dst.
func (t *tile) store(dst columns, step int) {
	t.each(dst, step, func(h, v int, m Mem) { VMOVUPS(t.acc[h][v], m) })
	VZEROUPPER()
	RET()
}

// term adds one term: a's numbers at a+disp, b's blocks at b+bDisp.
func (t *tile) term(a Register, disp int, b columns, bDisp int) {
	per := block / t.bytes
	vb := make([]Op, t.width*per)
	for v := range vb {
		m := b.at(v/per, bDisp+v%per*t.bytes)
		vb[v] = m
		if t.height > 1 {
			r := t.vector()
			VMOVUPS(m, r)
			vb[v] = r
		}
	}
	for h := range t.height {
		m := Mem{Base: a, Disp: disp + h*t.aStep}
		if len(vb) == 1 && t.height > 1 && t.bytes == 64 {
			VFMADD231PS_BCST(m, vb[0], t.acc[h][0])
			continue
		}
		x := t.vector()
		VBROADCASTSS(m, x)
		for v := range vb {
			VFMADD231PS(vb[v], x, t.acc[h][v])
		}
	}
}

// loop runs body n times; n is used up.
func loop(name string, n Register, body func()) {
	Label(name)
	body()
	DECQ(n)
	JNZ(LabelRef(name))
}

// scaled loads an argument times 2^shift.
func scaled(name string, shift uint8) Register {
	r := Load(Param(name), GP64())
	SHLQ(U8(shift), r)
	return r
}

// mulTile makes height rows and width blocks of MulAdd.
func (s *set) mulTile(height, width int) {
	TEXT(fmt.Sprintf("mul%dx%d%s", height, width, s.name), NOSPLIT,
		"func(dst, src, w *float32, in, rows int)")
	Pragma("noescape")
	const unroll = 4
	t := &tile{set: s, height: height, width: width, aStep: block}

	stride := scaled("rows", 6)
	dst := newColumns(Load(Param("dst"), GP64()), stride, width)
	t.load(dst, block)
	w := newColumns(Load(Param("w"), GP64()), scaled("in", 6), width)
	src := Load(Param("src"), GP64())
	in := Load(Param("in"), GP64())
	a, k := GP64(), GP64()

	Label("blocks")
	MOVQ(src, a)
	ADDQ(stride, src)
	MOVQ(U32(block/4), k)
	CMPQ(in, k)
	CMOVQLT(in, k)
	SUBQ(k, in)
	SUBQ(U8(unroll), k)
	JLT(LabelRef("rest"))
	Label("fours")
	for i := range unroll {
		t.term(a, 4*i, w, block*i)
	}
	ADDQ(U8(4*unroll), a)
	w.add(U32(block * unroll))
	SUBQ(U8(unroll), k)
	JGE(LabelRef("fours"))
	Label("rest")
	ADDQ(U8(unroll), k)
	JZ(LabelRef("next"))
	loop("ones", k, func() {
		t.term(a, 0, w, 0)
		ADDQ(U8(4), a)
		w.add(U8(block))
	})
	Label("next")
	TESTQ(in, in)
	JNZ(LabelRef("blocks"))
	t.store(dst, block)
}

// outerTile makes height inputs and width blocks of OuterAdd.
func (s *set) outerTile(height, width int) {
	TEXT(fmt.Sprintf("outer%dx%d%s", height, width, s.name), NOSPLIT,
		"func(dw, src, grad *float32, in, rows, steps, srcStep, gStep int)")
	Pragma("noescape")
	t := &tile{set: s, height: height, width: width, aStep: 4}

	dw := newColumns(Load(Param("dw"), GP64()), scaled("in", 6), width)
	t.load(dw, block)
	src := Load(Param("src"), GP64())
	g := newColumns(Load(Param("grad"), GP64()), scaled("rows", 6), width)
	steps := Load(Param("steps"), GP64())

	// The steps that lead from the end of one x and g to the next.
	srcJump, gJump := scaled("srcStep", 2), scaled("gStep", 2)
	SUBQ(g.stride, srcJump)
	SUBQ(g.stride, gJump)
	r := GP64()
	loop("steps", steps, func() {
		Load(Param("rows"), r)
		loop("rows", r, func() {
			t.term(src, 0, g, 0)
			ADDQ(U8(block), src)
			g.add(U8(block))
		})
		ADDQ(srcJump, src)
		g.add(gJump)
	})
	t.store(dw, block)
}
