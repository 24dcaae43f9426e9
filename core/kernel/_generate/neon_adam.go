package main

// adam is Adam for n numbers, which fill whole blocks.
func (l *listing) adam() {
	const w, m, v, grad, left, constants = 0, 1, 2, 3, 4, 5
	const scale, beta1, new1, beta2, new2, correct, epsilon, rate, keep = 16, 17, 18, 19, 20, 21, 22, 23, 24
	const g, a, b, x = 0, 1, 2, 3
	l.begin("adamNEON", []string{"w", "m", "v", "grad"}, []string{"n"}, "*[9]float32")
	l.arg("w", w)
	l.arg("m", m)
	l.arg("v", v)
	l.arg("grad", grad)
	l.arg("n", left)
	l.line("LSL $2, R%d", left)
	l.arg("constants", constants)
	for r := scale; r <= keep; r++ {
		l.line("VLD1R.P 4(R%d), [V%d.S4]", constants, r)
	}
	l.vectors(left, []int{w, m, v, grad}, func() {
		l.read(g, grad)
		l.op("FMUL", g, g, scale)
		l.op("FMUL", a, g, new1)
		l.read(x, m)
		l.op("FMLA", a, x, beta1)
		l.store(a, m)
		l.op("FMUL", b, g, new2)
		l.op("FMUL", b, b, g)
		l.read(x, v)
		l.op("FMLA", b, x, beta2)
		l.store(b, v)
		l.unary("FSQRT", b, b)
		l.mov(x, epsilon)
		l.op("FMLA", x, b, correct)
		l.op("FMUL", a, a, rate)
		l.op("FDIV", a, a, x)
		l.unary("FNEG", a, a)
		l.read(x, w)
		l.op("FMLA", a, x, keep)
		l.store(a, w)
	})
}

// sumRows writes SumRows.
func (l *listing) sumRows() {
	const dst, src, rows, out, n = 0, 1, 2, 3, 4
	l.begin("sumRowsNEON", []string{"dst", "src"}, []string{"rows", "out"}, "")
	l.arg("dst", dst)
	l.arg("src", src)
	l.arg("rows", rows)
	l.arg("out", out)
	l.label("blocks")
	l.line("FLDPQ (R%d), (F0, F1)", dst)
	l.line("FLDPQ 32(R%d), (F2, F3)", dst)
	l.line("MOVD R%d, R%d", rows, n)
	l.label("rows")
	l.line("FLDPQ (R%d), (F4, F5)", src)
	l.line("FLDPQ 32(R%d), (F6, F7)", src)
	for v := range 4 {
		l.op("FADD", v, v, 4+v)
	}
	l.line("ADD $64, R%d", src)
	l.line("SUBS $1, R%d", n)
	l.line("BNE rows")
	l.line("FSTPQ (F0, F1), (R%d)", dst)
	l.line("FSTPQ (F2, F3), 32(R%d)", dst)
	l.line("ADD $64, R%d", dst)
	l.line("SUBS $1, R%d", out)
	l.line("BNE blocks")
	l.line("RET")
}
