package main

import (
	"fmt"
	"math"
)

// Registers of the functions that go element by element: what they work with
// is below firstConstant, the constants of exp are in the order of
// constants from there on.
const firstConstant = 16

// constant returns the register of a constant.
func constant(name string) int {
	for i, c := range constants {
		if c.name == name {
			return firstConstant + i
		}
	}
	panic(name)
}

// loadConstants loads the constants of exp; it needs R15.
func (l *listing) loadConstants() {
	l.line("MOVD $constantsNEON<>(SB), R15")
	for i := range constants {
		l.line("VLD1R.P 4(R15), [V%d.S4]", firstConstant+i)
	}
}

// read and store move a vector from and to disp of the address in a register.
func (l *listing) read(v, base int)  { l.line("FMOVQ (R%d), F%d", base, v) }
func (l *listing) store(v, base int) { l.line("FMOVQ F%d, (R%d)", v, base) }

// Registers that exp, sigmoid and tanh work with. The argument, and the
// result, is in y.
const y, t, n, p, q = 0, 1, 2, 3, 4

// exp makes p = e^r-1 and t, a power of two, so that e^y = t·p+t; with minus
// for -y. Like clamp and exp of the sets for amd64.
func (l *listing) exp(minus bool) {
	l.op("FMAX", y, y, constant("lowest"))
	l.op("FMIN", y, y, constant("highest"))
	l.mov(t, constant("magic"))
	if minus {
		l.op("FMLA", t, y, constant("minusLog2e"))
		l.unary("FNEG", y, y)
	} else {
		l.op("FMLA", t, y, constant("log2e"))
	}
	l.op("FSUB", n, t, constant("magic"))
	l.op("FMLS", y, n, constant("ln2High"))
	l.op("FMLS", y, n, constant("ln2Low"))
	from, to := constant("c5"), p
	for _, c := range []string{"c4", "c3", "c2", "c1", "c0"} {
		l.mov(to, constant(c))
		l.op("FMLA", to, from, y)
		from, to = to, p+q-to
	}
	l.op("FMUL", n, y, y)
	l.mov(to, y)
	l.op("FMLA", to, n, from)
	if to != p {
		l.mov(p, to)
	}
	l.unary("SHL23", t, t)
	l.op("ADD", t, t, constant("one"))
}

// sigmoid makes 1/(1+e^-y).
func (l *listing) sigmoid() {
	l.exp(true)
	l.mov(n, t)
	l.op("FMLA", n, t, p)
	l.op("FADD", n, n, constant("one"))
	l.op("FDIV", y, constant("one"), n)
}

// tanh makes (e^2y-1)/(e^2y+1).
func (l *listing) tanh() {
	l.op("FADD", y, y, y)
	l.exp(false)
	l.op("FSUB", n, t, constant("one"))
	l.op("FMLA", n, t, p)
	l.op("FADD", p, n, constant("two"))
	l.op("FDIV", y, n, p)
}

// vectors writes a loop over vectors: addresses in registers advance by one
// vector, until the bytes left in a register are used up.
func (l *listing) vectors(left int, addresses []int, body func()) {
	l.label("vectors")
	body()
	for _, a := range addresses {
		l.line("ADD $16, R%d", a)
	}
	l.line("SUBS $16, R%d", left)
	l.line("BNE vectors")
	l.line("RET")
}

// gateAddresses loads the addresses of the four gates into registers from
// base on, and the bytes of one into left.
func (l *listing) gateAddresses(base, left int) {
	l.arg("rows", left)
	l.line("LSL $6, R%d", left)
	l.arg("gates", base)
	for q := 1; q < 4; q++ {
		l.line("ADD R%d, R%d, R%d", left, base+q-1, base+q)
	}
}

// gates writes all that has to do with sigmoid and tanh.
func (l *listing) gates() {
	fmt.Fprintf(&l.text, "\n")
	for i, c := range constants {
		fmt.Fprintf(&l.text, "DATA constantsNEON<>+%d(SB)/4, $%#08x // %s\n", 4*i, math.Float32bits(c.value), c.name)
	}
	fmt.Fprintf(&l.text, "GLOBL constantsNEON<>(SB), RODATA|NOPTR, $%d\n", 4*len(constants))

	unary := func(name string, f func()) {
		l.begin(name+"NEON", []string{"dst", "src"}, []string{"n"}, "")
		l.loadConstants()
		l.arg("dst", 0)
		l.arg("src", 1)
		l.arg("n", 2)
		l.line("LSL $2, R2")
		l.vectors(2, []int{0, 1}, func() {
			l.read(y, 1)
			f()
			l.store(y, 0)
		})
	}
	unary("sigmoids", l.sigmoid)
	unary("tanhs", l.tanh)
	l.gatesForward()
	l.gatesBackward()
}

func (l *listing) gatesForward() {
	const h, c, tanhC, before, i, f, g, o, left = 0, 1, 2, 3, 4, 5, 6, 7, 8
	const vi, vf, vo, state = 8, 9, 10, 11
	l.begin("gatesForwardNEON", []string{"h", "c", "tanhC", "gates", "before"}, []string{"rows"}, "")
	l.loadConstants()
	l.arg("h", h)
	l.arg("c", c)
	l.arg("tanhC", tanhC)
	l.arg("before", before)
	l.gateAddresses(i, left)
	l.vectors(left, []int{h, c, tanhC, before, i, f, g, o}, func() {
		for _, gate := range []struct{ at, v int }{{i, vi}, {f, vf}, {o, vo}} {
			l.read(y, gate.at)
			l.sigmoid()
			l.store(y, gate.at)
			l.mov(gate.v, y)
		}
		l.read(y, g)
		l.tanh()
		l.store(y, g)
		l.op("FMUL", state, vi, y)
		l.read(y, before)
		l.op("FMLA", state, vf, y)
		l.store(state, c)
		l.mov(y, state)
		l.tanh()
		l.store(y, tanhC)
		l.op("FMUL", y, vo, y)
		l.store(y, h)
	})
}

func (l *listing) gatesBackward() {
	const dc, dh, tanhC, before, i, f, g, o, left = 0, 1, 2, 3, 4, 5, 6, 7, 8
	const vi, vf, vg, vo, e, d, th, x, slope, one = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	l.begin("gatesBackwardNEON", []string{"gates", "dc", "dh", "tanhC", "before"}, []string{"rows"}, "")
	l.line("FMOVS $1.0, F%d", one)
	l.line("VDUP V%d.S[0], V%d.S4", one, one)
	l.arg("dc", dc)
	l.arg("dh", dh)
	l.arg("tanhC", tanhC)
	l.arg("before", before)
	l.gateAddresses(i, left)
	// times multiplies x by the slope of a sigmoid or tanh b.
	times := func(x, b int, tanh bool) {
		if tanh {
			l.mov(slope, one)
		} else {
			l.mov(slope, b)
		}
		l.op("FMLS", slope, b, b)
		l.op("FMUL", x, x, slope)
	}
	l.vectors(left, []int{dc, dh, tanhC, before, i, f, g, o}, func() {
		l.read(vo, o)
		l.read(th, tanhC)
		l.read(d, dh)
		l.op("FMUL", e, d, vo)
		times(e, th, true)
		l.read(x, dc)
		l.op("FADD", e, e, x)
		l.op("FMUL", d, d, th)
		times(d, vo, false)
		l.store(d, o)

		l.read(vi, i)
		l.read(vg, g)
		l.op("FMUL", x, e, vg)
		times(x, vi, false)
		l.store(x, i)
		l.op("FMUL", x, e, vi)
		times(x, vg, true)
		l.store(x, g)

		l.read(vf, f)
		l.read(x, before)
		l.op("FMUL", x, e, x)
		times(x, vf, false)
		l.store(x, f)
		l.op("FMUL", e, e, vf)
		l.store(e, dc)
	})
}
