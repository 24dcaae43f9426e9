//go:build wasm && wasmsimd && !noasm

package kernel

// The functions without bodies are the kernels of wasm/simd. A module built
// with the tag wasmsimd imports them, and wasm/link joins them to it. They
// trust their arguments, which the exported functions have checked by then,
// and want at least one row, block or vector.

//go:wasmimport foretide_simd mul_add
//go:noescape
func mulAddSIMD(dst, src, w *float32, rows, in, out int32)

//go:wasmimport foretide_simd gates_forward
//go:noescape
func gatesForwardSIMD(h, c, tanhC, gates, before *float32, rows, units int32)

//go:wasmimport foretide_simd sigmoids
//go:noescape
func sigmoidsSIMD(dst, src *float32, n int32)

//go:wasmimport foretide_simd tanhs
//go:noescape
func tanhsSIMD(dst, src *float32, n int32)

// Implementation returns the name of the implementation at work.
func Implementation() string { return "simd" }

// lanes is the number of elements of a vector.
const lanes = 4

func mulAdd(dst, src, w []float32, rows, in, out int) {
	mulAddSIMD(&dst[0], &src[0], &w[0], int32(rows), int32(in), int32(out))
}

func gatesForward(h, c, tanhC, gates, before []float32, rows, units int) {
	gatesForwardSIMD(&h[0], &c[0], &tanhC[0], &gates[0], &before[0], int32(rows), int32(units))
}

func sigmoids(dst, src []float32) {
	n := len(dst) / lanes * lanes
	if n > 0 {
		sigmoidsSIMD(&dst[0], &src[0], int32(n))
	}
	sigmoidsGeneric(dst[n:], src[n:])
}

func tanhs(dst, src []float32) {
	n := len(dst) / lanes * lanes
	if n > 0 {
		tanhsSIMD(&dst[0], &src[0], int32(n))
	}
	tanhsGeneric(dst[n:], src[n:])
}

// A guest does not train: the kernels of training stay plain Go.

func outerAdd(dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	outerAddGeneric(dw, src, g, rows, in, out, steps, srcAt, srcStep, gAt, gStep)
}

func sumRows(dst, src []float32, rows, out int) { sumRowsGeneric(dst, src, rows, out) }

func gatesBackward(gates, dc, dh, tanhC, before []float32, rows, units int) {
	gatesBackwardGeneric(gates, dc, dh, tanhC, before, rows, units)
}

func adam(w, m, v, grad []float32, s *AdamStep) { adamGeneric(w, m, v, grad, s) }
