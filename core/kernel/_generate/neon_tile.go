package main

import "fmt"

// Registers of a tile: sums from V0 on, numbers that are multiplied by from
// firstX on, and vectors of blocks in the rest, in turn.
const (
	firstX = 16
	firstB = 20
)

// A neonTile is a tile in NEON registers.
type neonTile struct {
	*listing
	height, width int
	next          int // of the registers for blocks
}

// acc is the register of vector v of column c of row h.
func (t *neonTile) acc(h, c, v int) int { return (h*t.width+c)*4 + v }

// columns makes the addresses of all columns, stride apart, in registers from
// base on; base has the first.
func (t *neonTile) columns(base, stride int) {
	for c := 1; c < t.width; c++ {
		t.line("ADD R%d, R%d, R%d", stride, base+c-1, base+c)
	}
}

// move reads or writes all sums: rows 64 bytes apart in the columns at base.
func (t *neonTile) move(base int, store bool) {
	for h := range t.height {
		for c := range t.width {
			for v := 0; v < 4; v += 2 {
				m, a := fmt.Sprintf("%d(R%d)", 64*h+16*v, base+c), t.acc(h, c, v)
				if store {
					t.line("FSTPQ (F%d, F%d), %s", a, a+1, m)
				} else {
					t.line("FLDPQ %s, (F%d, F%d)", m, a, a+1)
				}
			}
		}
	}
}

// term adds one term: blocks at disp of the columns at base, times the number
// of each row, which is an element of a register.
func (t *neonTile) term(base, disp int, x func(h int) (reg, element int)) {
	for c := range t.width {
		b := firstB + t.next*4%12
		t.next++
		for v := 0; v < 4; v += 2 {
			t.line("FLDPQ %d(R%d), (F%d, F%d)", disp+16*v, base+c, b+v, b+v+1)
		}
		for h := range t.height {
			reg, element := x(h)
			for v := range 4 {
				t.fmla(t.acc(h, c, v), b+v, reg, element)
			}
		}
	}
}

// advance moves all columns.
func (t *neonTile) advance(base int, by string) {
	for c := range t.width {
		t.line("ADD %s, R%d", by, base+c)
	}
}

// mulTile makes height rows and width blocks of MulAdd.
func (l *listing) mulTile(height, width int) {
	t := &neonTile{listing: l, height: height, width: width}
	const dst, w, src, in, stride, k, a, n = 0, 4, 8, 9, 10, 11, 12, 13
	l.begin(fmt.Sprintf("mul%dx%dNEON", height, width), []string{"dst", "src", "w"}, []string{"in", "rows"}, "")
	l.arg("dst", dst)
	l.arg("src", src)
	l.arg("w", w)
	l.arg("in", in)
	l.arg("rows", stride)
	l.line("LSL $6, R%d", stride)
	l.line("LSL $6, R%d, R%d", in, n)
	t.columns(dst, stride)
	t.columns(w, n)
	t.move(dst, false)

	l.label("blocks")
	l.line("MOVD R%d, R%d", src, a)
	l.line("ADD R%d, R%d", stride, src)
	l.line("MOVD $16, R%d", k)
	l.line("CMP R%d, R%d", k, in)
	l.line("CSEL LT, R%d, R%d, R%d", in, k, k)
	l.line("SUB R%d, R%d", k, in)
	l.line("SUBS $4, R%d", k)
	l.line("BLT rest")
	l.label("fours")
	for h := range height {
		l.line("FMOVQ %d(R%d), F%d", 64*h, a, firstX+h)
	}
	for i := range 4 {
		t.term(w, 64*i, func(h int) (int, int) { return firstX + h, i })
	}
	l.line("ADD $16, R%d", a)
	t.advance(w, "$256")
	l.line("SUBS $4, R%d", k)
	l.line("BGE fours")
	l.label("rest")
	l.line("ADDS $4, R%d", k)
	l.line("BEQ next")
	l.label("ones")
	for h := range height {
		l.line("FMOVS %d(R%d), F%d", 64*h, a, firstX+h)
	}
	t.term(w, 0, func(h int) (int, int) { return firstX + h, 0 })
	l.line("ADD $4, R%d", a)
	t.advance(w, "$64")
	l.line("SUBS $1, R%d", k)
	l.line("BNE ones")
	l.label("next")
	l.line("CBNZ R%d, blocks", in)
	t.move(dst, true)
	l.line("RET")
}

// outerTile makes height inputs and width blocks of OuterAdd.
func (l *listing) outerTile(height, width int) {
	t := &neonTile{listing: l, height: height, width: width}
	const dw, g, src, steps, stride, rows, srcJump, gJump, r = 0, 4, 8, 9, 10, 11, 12, 13, 14
	l.begin(fmt.Sprintf("outer%dx%dNEON", height, width), []string{"dw", "src", "grad"},
		[]string{"in", "rows", "steps", "srcStep", "gStep"}, "")
	l.arg("dw", dw)
	l.arg("in", stride)
	l.line("LSL $6, R%d", stride)
	t.columns(dw, stride)
	t.move(dw, false)
	l.arg("src", src)
	l.arg("grad", g)
	l.arg("rows", rows)
	l.line("LSL $6, R%d, R%d", rows, stride)
	t.columns(g, stride)
	l.arg("steps", steps)
	l.arg("srcStep", srcJump)
	l.line("LSL $2, R%d", srcJump)
	l.line("SUB R%d, R%d", stride, srcJump)
	l.arg("gStep", gJump)
	l.line("LSL $2, R%d", gJump)
	l.line("SUB R%d, R%d", stride, gJump)

	l.label("steps")
	l.line("MOVD R%d, R%d", rows, r)
	l.label("rows")
	if height == 4 {
		l.line("FMOVQ (R%d), F%d", src, firstX)
		t.term(g, 0, func(h int) (int, int) { return firstX, h })
	} else {
		for h := range height {
			l.line("FMOVS %d(R%d), F%d", 4*h, src, firstX+h)
		}
		t.term(g, 0, func(h int) (int, int) { return firstX + h, 0 })
	}
	l.line("ADD $64, R%d", src)
	t.advance(g, "$64")
	l.line("SUBS $1, R%d", r)
	l.line("BNE rows")
	l.line("ADD R%d, R%d", srcJump, src)
	t.advance(g, fmt.Sprintf("R%d", gJump))
	l.line("SUBS $1, R%d", steps)
	l.line("BNE steps")
	t.move(dw, true)
	l.line("RET")
}
