//go:build !noasm

package kernel

const neon implementation = 1

// best returns neon, which every processor of 64 bits has.
func best() implementation { return neon }

func (i implementation) String() string { return [...]string{"plain", "neon"}[i] }

func (i implementation) shape() shape { return shape{height: 4, width: 4, area: 4} }

func sumRowsBlocks(dst, src *float32, rows, out int) { sumRowsNEON(dst, src, rows, out) }

func gatesForwardRows(h, c, tanhC, gates, before *float32, rows int) {
	gatesForwardNEON(h, c, tanhC, gates, before, rows)
}

func gatesBackwardRows(gates, dc, dh, tanhC, before *float32, rows int) {
	gatesBackwardNEON(gates, dc, dh, tanhC, before, rows)
}

func adamBlocks(w, m, v, grad *float32, n int, k *[9]float32) { adamNEON(w, m, v, grad, n, k) }

func sigmoidBlocks(dst, src *float32, n int) { sigmoidsNEON(dst, src, n) }

func tanhBlocks(dst, src *float32, n int) { tanhsNEON(dst, src, n) }
