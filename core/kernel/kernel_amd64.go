//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

const (
	avx2 implementation = 1 + iota
	avx512
)

// best returns the fastest implementation that this processor has.
func best() implementation {
	switch {
	case !cpu.X86.HasAVX2 || !cpu.X86.HasFMA:
		return plain
	case !cpu.X86.HasAVX512F:
		return avx2
	}
	return avx512
}

func (i implementation) String() string { return [...]string{"plain", "avx2", "avx512"}[i] }

func (i implementation) shape() shape {
	if i == avx2 {
		return shape{height: 6, width: 4, area: 4}
	}
	return shape{height: 8, width: 8, area: 16}
}

func sumRowsBlocks(dst, src *float32, rows, out int) {
	if using == avx512 {
		sumRowsAVX512(dst, src, rows, out)
	} else {
		sumRowsAVX2(dst, src, rows, out)
	}
}

func gatesForwardRows(h, c, tanhC, gates, before *float32, rows int) {
	if using == avx512 {
		gatesForwardAVX512(h, c, tanhC, gates, before, rows)
	} else {
		gatesForwardAVX2(h, c, tanhC, gates, before, rows)
	}
}

func gatesBackwardRows(gates, dc, dh, tanhC, before *float32, rows int) {
	if using == avx512 {
		gatesBackwardAVX512(gates, dc, dh, tanhC, before, rows)
	} else {
		gatesBackwardAVX2(gates, dc, dh, tanhC, before, rows)
	}
}

func adamBlocks(w, m, v, grad *float32, n int, k *[9]float32) {
	if using == avx512 {
		adamAVX512(w, m, v, grad, n, k)
	} else {
		adamAVX2(w, m, v, grad, n, k)
	}
}

func sigmoidBlocks(dst, src *float32, n int) {
	if using == avx512 {
		sigmoidsAVX512(dst, src, n)
	} else {
		sigmoidsAVX2(dst, src, n)
	}
}

func tanhBlocks(dst, src *float32, n int) {
	if using == avx512 {
		tanhsAVX512(dst, src, n)
	} else {
		tanhsAVX2(dst, src, n)
	}
}
