//go:build noasm || !(amd64 || arm64 || (wasm && wasmsimd))

package kernel

// Implementation returns the name of the implementation at work.
func Implementation() string { return "plain" }

// mulAdd makes some blocks of outputs at a time, few enough to Yield between
// them.
func mulAdd(dst, src, w []float32, rows, in, out int) {
	n := max(pause/(rows*in*Block), 1)
	for o := 0; o < out; o += n {
		n = min(n, out-o)
		mulAddGeneric(dst[o*rows*Block:], src, w[o*in*Block:], rows, in, n)
		Yield()
	}
}

// pause is about how many multiplications take a millisecond or two.
const pause = 1 << 19

func outerAdd(dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	outerAddGeneric(dw, src, g, rows, in, out, steps, srcAt, srcStep, gAt, gStep)
}

func sumRows(dst, src []float32, rows, out int) { sumRowsGeneric(dst, src, rows, out) }

func gatesForward(h, c, tanhC, gates, before []float32, rows, units int) {
	gatesForwardGeneric(h, c, tanhC, gates, before, rows, units)
}

func gatesBackward(gates, dc, dh, tanhC, before []float32, rows, units int) {
	gatesBackwardGeneric(gates, dc, dh, tanhC, before, rows, units)
}

func adam(w, m, v, grad []float32, s *AdamStep) { adamGeneric(w, m, v, grad, s) }

func sigmoids(dst, src []float32) { sigmoidsGeneric(dst, src) }

func tanhs(dst, src []float32) { tanhsGeneric(dst, src) }

func copyPieces(dst, src []float32, n, size, dstStep, srcStep int) {
	copyGeneric(dst, src, n, size, dstStep, srcStep)
}
