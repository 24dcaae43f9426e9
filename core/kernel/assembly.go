//go:build (amd64 || arm64) && !noasm

package kernel

// An implementation is a set of instructions that the kernels are made of.
type implementation int

// plain is plain Go; the others are those of the processor.
const plain implementation = 0

// using is the implementation at work. Tests set it.
var using = best()

// Implementation returns the name of the implementation at work: avx512, avx2,
// neon or plain.
func Implementation() string { return using.String() }

// The functions of this file bring the kernels to the assembly, which wants
// whole blocks of at least one row, or leave them to plain Go.

func mulAdd(dst, src, w []float32, rows, in, out int) {
	if using == plain {
		mulAddGeneric(dst, src, w, rows, in, out)
		return
	}
	mulAddTiles(using, dst, src, w, rows, in, out)
}

func outerAdd(dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	if using == plain {
		outerAddGeneric(dw, src, g, rows, in, out, steps, srcAt, srcStep, gAt, gStep)
		return
	}
	outerAddTiles(using, dw, src, g, rows, in, out, steps, srcAt, srcStep, gAt, gStep)
}

func sumRows(dst, src []float32, rows, out int) {
	if using == plain {
		sumRowsGeneric(dst, src, rows, out)
		return
	}
	sumRowsBlocks(&dst[0], &src[0], rows, out)
}

func gatesForward(h, c, tanhC, gates, before []float32, rows, units int) {
	if using == plain {
		gatesForwardGeneric(h, c, tanhC, gates, before, rows, units)
		return
	}
	for at := 0; at < len(h); at += rows * Block {
		gatesForwardRows(&h[at], &c[at], &tanhC[at], &gates[4*at], &before[at], rows)
	}
}

func gatesBackward(gates, dc, dh, tanhC, before []float32, rows, units int) {
	if using == plain {
		gatesBackwardGeneric(gates, dc, dh, tanhC, before, rows, units)
		return
	}
	for at := 0; at < len(dc); at += rows * Block {
		gatesBackwardRows(&gates[4*at], &dc[at], &dh[at], &tanhC[at], &before[at], rows)
	}
}

func adam(w, m, v, grad []float32, s *AdamStep) {
	if using == plain {
		adamGeneric(w, m, v, grad, s)
		return
	}
	k := s.constants()
	n := len(w) / Block * Block
	if n > 0 {
		adamBlocks(&w[0], &m[0], &v[0], &grad[0], n, &k)
	}
	if n < len(w) {
		var last [4][Block]float32
		copy(last[0][:], w[n:])
		copy(last[1][:], m[n:])
		copy(last[2][:], v[n:])
		copy(last[3][:], grad[n:])
		adamBlocks(&last[0][0], &last[1][0], &last[2][0], &last[3][0], Block, &k)
		copy(w[n:], last[0][:])
		copy(m[n:], last[1][:])
		copy(v[n:], last[2][:])
	}
}

func sigmoids(dst, src []float32) {
	if using == plain {
		sigmoidsGeneric(dst, src)
		return
	}
	n := len(dst) / Block * Block
	if n > 0 {
		sigmoidBlocks(&dst[0], &src[0], n)
	}
	if n < len(dst) {
		var last [Block]float32
		copy(last[:], src[n:])
		sigmoidBlocks(&last[0], &last[0], Block)
		copy(dst[n:], last[:])
	}
}

func tanhs(dst, src []float32) {
	if using == plain {
		tanhsGeneric(dst, src)
		return
	}
	n := len(dst) / Block * Block
	if n > 0 {
		tanhBlocks(&dst[0], &src[0], n)
	}
	if n < len(dst) {
		var last [Block]float32
		copy(last[:], src[n:])
		tanhBlocks(&last[0], &last[0], Block)
		copy(dst[n:], last[:])
	}
}

func copyPieces(dst, src []float32, n, size, dstStep, srcStep int) {
	copyGeneric(dst, src, n, size, dstStep, srcStep)
}
