package kernel

// The functions of this file are the products in plain Go: what machines
// without an assembly run, WebAssembly among them. Tiles of two rows by four
// columns, or one by eight, keep their sums in registers; more of them would
// not find room in sixteen.

// mulAddGeneric is MulAdd.
func mulAddGeneric(dst, src, w []float32, rows, in, out int) {
	for o := range out {
		wo := w[o*in*Block:]
		r := 0
		for ; r+2 <= rows; r += 2 {
			for j := 0; j < Block; j += 4 {
				mulTwo(dst[(o*rows+r)*Block+j:], src[r*Block:], wo[j:], rows, in)
			}
		}
		if r < rows {
			mulOne(dst[(o*rows+r)*Block:], src[r*Block:], wo, rows, in)
			mulOne(dst[(o*rows+r)*Block+8:], src[r*Block:], wo[8:], rows, in)
		}
	}
}

// mulTwo makes four columns of two rows.
func mulTwo(dst, src, w []float32, rows, in int) {
	d, e := (*[4]float32)(dst), (*[4]float32)(dst[Block:])
	d0, d1, d2, d3 := d[0], d[1], d[2], d[3]
	e0, e1, e2, e3 := e[0], e[1], e[2], e[3]
	for {
		s := (*[2 * Block]float32)(src)
		for k := range min(in, Block) {
			wk := (*[4]float32)(w[k*Block:])
			x, y := s[k&(Block-1)], s[k&(Block-1)+Block]
			w0, w1, w2, w3 := wk[0], wk[1], wk[2], wk[3]
			d0 += float32(x * w0)
			e0 += float32(y * w0)
			d1 += float32(x * w1)
			e1 += float32(y * w1)
			d2 += float32(x * w2)
			e2 += float32(y * w2)
			d3 += float32(x * w3)
			e3 += float32(y * w3)
		}
		in -= Block
		if in <= 0 {
			break
		}
		src, w = src[rows*Block:], w[Block*Block:]
	}
	d[0], d[1], d[2], d[3] = d0, d1, d2, d3
	e[0], e[1], e[2], e[3] = e0, e1, e2, e3
}

// mulOne makes eight columns of one row.
func mulOne(dst, src, w []float32, rows, in int) {
	d := (*[8]float32)(dst)
	d0, d1, d2, d3, d4, d5, d6, d7 := d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]
	for {
		s := (*[Block]float32)(src)
		for k := range min(in, Block) {
			wk := (*[8]float32)(w[k*Block:])
			x := s[k&(Block-1)]
			d0 += float32(x * wk[0])
			d1 += float32(x * wk[1])
			d2 += float32(x * wk[2])
			d3 += float32(x * wk[3])
			d4 += float32(x * wk[4])
			d5 += float32(x * wk[5])
			d6 += float32(x * wk[6])
			d7 += float32(x * wk[7])
		}
		in -= Block
		if in <= 0 {
			break
		}
		src, w = src[rows*Block:], w[Block*Block:]
	}
	d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7] = d0, d1, d2, d3, d4, d5, d6, d7
}

// outerAddGeneric is OuterAdd.
func outerAddGeneric(dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	for o := range out {
		first := gAt + o*rows*Block
		k := 0
		for ; k+2 <= in; k += 2 {
			at := srcAt + k/Block*rows*Block + k%Block
			for j := 0; j < Block; j += 4 {
				outerTwo(dw[(o*in+k)*Block+j:], src, g, rows, steps, at, srcStep, first+j, gStep)
			}
		}
		if k < in {
			at := srcAt + k/Block*rows*Block + k%Block
			for j := 0; j < Block; j += 8 {
				outerOne(dw[(o*in+k)*Block+j:], src, g, rows, steps, at, srcStep, first+j, gStep)
			}
		}
	}
}

// outerTwo makes four columns of two inputs, which lie side by side.
func outerTwo(dw, src, g []float32, rows, steps, srcAt, srcStep, gAt, gStep int) {
	d, e := (*[4]float32)(dw), (*[4]float32)(dw[Block:])
	d0, d1, d2, d3 := d[0], d[1], d[2], d[3]
	e0, e1, e2, e3 := e[0], e[1], e[2], e[3]
	for t := range steps {
		xs, gs := src[srcAt+t*srcStep:], g[gAt+t*gStep:]
		for r := range rows {
			xr, gr := (*[2]float32)(xs[r*Block:]), (*[4]float32)(gs[r*Block:])
			x, y := xr[0], xr[1]
			g0, g1, g2, g3 := gr[0], gr[1], gr[2], gr[3]
			d0 += float32(x * g0)
			e0 += float32(y * g0)
			d1 += float32(x * g1)
			e1 += float32(y * g1)
			d2 += float32(x * g2)
			e2 += float32(y * g2)
			d3 += float32(x * g3)
			e3 += float32(y * g3)
		}
	}
	d[0], d[1], d[2], d[3] = d0, d1, d2, d3
	e[0], e[1], e[2], e[3] = e0, e1, e2, e3
}

// outerOne makes eight columns of one input.
func outerOne(dw, src, g []float32, rows, steps, srcAt, srcStep, gAt, gStep int) {
	d := (*[8]float32)(dw)
	d0, d1, d2, d3, d4, d5, d6, d7 := d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]
	for t := range steps {
		xs, gs := src[srcAt+t*srcStep:], g[gAt+t*gStep:]
		for r := range rows {
			x, gr := xs[r*Block], (*[8]float32)(gs[r*Block:])
			d0 += float32(x * gr[0])
			d1 += float32(x * gr[1])
			d2 += float32(x * gr[2])
			d3 += float32(x * gr[3])
			d4 += float32(x * gr[4])
			d5 += float32(x * gr[5])
			d6 += float32(x * gr[6])
			d7 += float32(x * gr[7])
		}
	}
	d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7] = d0, d1, d2, d3, d4, d5, d6, d7
}
