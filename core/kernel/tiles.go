//go:build (amd64 || arm64) && !noasm

package kernel

// The functions of this file cut a product into the tiles that the assembly
// makes, which stay in registers while the terms of their sums go by.

// A shape says how large the tiles of an implementation are.
type shape struct {
	height int // most rows, or inputs
	width  int // most blocks
	area   int // most of height times width where width is above one
}

// widest returns how many blocks wide a tile of height rows is where left
// blocks are left: a power of two.
func (s shape) widest(height, left int) int {
	w := s.width
	for w > 1 && (w > left || w*height > s.area) {
		w /= 2
	}
	return w
}

// tiles returns in how many tiles n rows are cut; they differ in height by one
// at most.
func (s shape) tiles(n int) int { return (n + s.height - 1) / s.height }

// mulAddTiles is MulAdd. Blocks are outermost, so that their weights stay in
// the cache while all rows go by.
func mulAddTiles(set implementation, dst, src, w []float32, rows, in, out int) {
	s := set.shape()
	tiles := s.tiles(rows)
	highest := (rows + tiles - 1) / tiles
	width := 0
	for o := 0; o < out; o += width {
		width = s.widest(highest, out-o)
		for i := range tiles {
			r, end := i*rows/tiles, (i+1)*rows/tiles
			mulTile(set, end-r, width, &dst[(o*rows+r)*Block], &src[r*Block], &w[o*in*Block], in, rows)
		}
	}
}

// outerAddTiles is OuterAdd.
func outerAddTiles(set implementation, dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	s := set.shape()
	width := 0
	for o := 0; o < out; o += width {
		width = s.widest(min(s.height, in), out-o)
		for b := 0; b < in; b += Block {
			k := min(Block, in-b)
			tiles := s.tiles(k)
			for i := range tiles {
				at, end := i*k/tiles, (i+1)*k/tiles
				outerTile(set, end-at, width, &dw[(o*in+b+at)*Block], &src[srcAt+b*rows+at], &g[gAt+o*rows*Block],
					in, rows, steps, srcStep, gStep)
			}
		}
	}
}
