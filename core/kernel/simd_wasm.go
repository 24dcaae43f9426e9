//go:build wasm && wasmsimd && !noasm

package kernel

// The functions without bodies are the kernels of wasm/internal/simd. A module built
// with the tag wasmsimd imports them, and wasm/internal/link joins them to it. They
// trust their arguments, which the exported functions have checked by then,
// and want at least one row or block.

//go:wasmimport foretide_simd mul_add
//go:noescape
func mulAddSIMD(dst, src, w, spread *float32, count, rows, in, inputs, out int32)

//go:wasmimport foretide_simd gates_forward
//go:noescape
func gatesForwardSIMD(h, c, tanhC, gates, before *float32, rows, units int32)

//go:wasmimport foretide_simd activations
//go:noescape
func activationsSIMD(dst, src *float32, n, tanh int32)

//go:wasmimport foretide_simd copy
//go:noescape
func copySIMD(dst, src *float32, n, size, dstStep, srcStep int32)

// Implementation returns the name of the implementation at work.
func Implementation() string { return "simd" }

// lanes is the number of elements of a vector.
const lanes = 4

// spread is where a product has elements of src once for each lane. There is
// one thread, and a kernel is not interrupted.
var spread [32 << 10 / 4]float32

// mulAdd cuts a product into pieces whose elements of src find room in spread:
// as many rows as there is room for, and of the inner indices all, or as many
// blocks as there is room for with two rows. The sums of one piece go on with
// the next, and so nothing else is rounded.
func mulAdd(dst, src, w []float32, rows, in, out int) {
	const room = len(spread) / lanes
	for k := 0; k < in; k += room / 2 {
		n := min(in-k, room/2)
		height := room / n &^ 1
		for r := 0; r < rows; r += height {
			mulAddSIMD(&dst[r*Block], &src[(k*rows+r*Block)], &w[k*Block], &spread[0],
				int32(min(height, rows-r)), int32(rows), int32(n), int32(in), int32(out))
		}
	}
}

func gatesForward(h, c, tanhC, gates, before []float32, rows, units int) {
	gatesForwardSIMD(&h[0], &c[0], &tanhC[0], &gates[0], &before[0], int32(rows), int32(units))
}

func sigmoids(dst, src []float32) {
	n := len(dst) / Block * Block
	if n > 0 {
		activationsSIMD(&dst[0], &src[0], int32(n), 0)
	}
	sigmoidsGeneric(dst[n:], src[n:])
}

func tanhs(dst, src []float32) {
	n := len(dst) / Block * Block
	if n > 0 {
		activationsSIMD(&dst[0], &src[0], int32(n), 1)
	}
	tanhsGeneric(dst[n:], src[n:])
}

// copyPieces is the host's business in plain Go, memory.copy being a call to it
// in some: dear for pieces of 64 bytes.
func copyPieces(dst, src []float32, n, size, dstStep, srcStep int) {
	copySIMD(&dst[0], &src[0], int32(n), int32(size), int32(dstStep), int32(srcStep))
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
