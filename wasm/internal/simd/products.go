package simd

// turns are how many inner indices a turn of a loop does, by the number of
// vectors of sums: that of the most as long as there are so many, then that of
// the next. A tile of one row and one block is rare.
var turns = map[int][]int{8: {16, 4, 1}, 4: {4, 1}}

// mulAdd writes core/kernel's MulAdd for count of its rows and in of its inner
// indices:
//
//	dst[o][r][·] += Σ_k src[k/16][r][k%16] · w[o][k][·]
//
// rows is how many rows dst and src have from block to block, and inputs how
// many inner indices w has; dst, src and w begin at the first ones of count and
// in. spread has room for count · in vectors.
//
// The elements of src are spread over all lanes of a vector first, once for all
// blocks: a shuffle takes the place of a multiplication or addition in the
// processor, and wazero's has to wait for the one before. Then tiles are made
// whose eight vectors of sums, enough to hide the latency of an addition, stay
// in registers: of two rows by one block, and of the last row, where their
// number is odd, by two blocks.
func mulAdd(f *Func) {
	p := product{f: f, dst: f.Param(0), src: f.Param(1), w: f.Param(2), spread: f.Param(3),
		count: f.Param(4), in: f.Param(6), out: f.Param(8)}
	p.rowBytes = f.New(I32, ishl(f.Param(5), 6))
	p.weightBytes = f.New(I32, ishl(f.Param(7), 6))
	p.spreadBytes = f.New(I32, ishl(p.in, 4))
	p.s, p.d, p.v, p.left = f.Local(I32), f.Local(I32), f.Locals(I32, 2), f.Local(I32)
	p.blocks, p.x, p.m = f.Local(I32), f.Locals(V128, 2), f.Local(V128)
	p.sums = f.Locals(V128, 8)

	p.pairs = f.New(I32, shiftRight(p.count, 1))
	f.If(p.pairs, p.allPairs)
	f.If(Do(OpI32And, p.count, I(1)), p.lastRow)
}

// A product is mulAdd as it is written.
type product struct {
	f                     *Func
	dst, src, w, spread   Var // as they advance
	count, in, out        Var
	rowBytes, weightBytes Var // from one block to the next
	spreadBytes           Var // of a row that is spread
	pairs                 Var // of rows
	s, d                  Var // where the tile reads what is spread, and writes
	v                     []Var
	left, blocks          Var // that are still to do
	x                     []Var
	m                     Var
	sums                  []Var
}

// allPairs writes the products of all pairs of rows. Blocks are outermost, so
// that their weights stay in the cache.
func (p *product) allPairs() {
	f := p.f
	row, to, left := f.New(I32, p.src), f.New(I32, p.spread), f.New(I32, p.pairs)
	f.Loop(func() Value {
		p.spreadRows(row, to, 2)
		f.Set(row, iadd(row, I(2*block)))
		f.Set(to, iadd(to, ishl(p.spreadBytes, 1)))
		return countDown(f, left, 1)
	})
	weights, dst := f.New(I32, p.w), f.New(I32, p.dst)
	f.Set(p.blocks, p.out)
	f.Loop(func() Value {
		f.Set(p.s, p.spread)
		f.Set(p.d, dst)
		f.Set(left, p.pairs)
		f.Loop(func() Value {
			f.Set(p.v[0], weights)
			p.tile(2, 1)
			f.Set(p.d, iadd(p.d, I(2*block)))
			return countDown(f, left, 1)
		})
		f.Set(weights, iadd(weights, p.weightBytes))
		f.Set(dst, iadd(dst, p.rowBytes))
		return countDown(f, p.blocks, 1)
	})
}

// lastRow writes the product of the last row.
func (p *product) lastRow() {
	f := p.f
	before := f.New(I32, ishl(isub(p.count, I(1)), 6))
	f.Set(p.src, iadd(p.src, before))
	f.Set(p.d, iadd(p.dst, before))
	p.spreadRows(p.src, p.spread, 1)
	f.If(iatLeast(p.out, I(2)), func() {
		f.Loop(func() Value {
			f.Set(p.s, p.spread)
			f.Set(p.v[0], p.w)
			f.Set(p.v[1], iadd(p.w, p.weightBytes))
			p.tile(1, 2)
			f.Set(p.w, iadd(p.w, ishl(p.weightBytes, 1)))
			f.Set(p.d, iadd(p.d, ishl(p.rowBytes, 1)))
			f.Set(p.out, isub(p.out, I(2)))
			return iatLeast(p.out, I(2))
		})
	})
	f.If(p.out, func() {
		f.Set(p.s, p.spread)
		f.Set(p.v[0], p.w)
		p.tile(1, 1)
	})
}

// spreadRows writes that the elements of rows from an address on are spread to
// another: those of one inner index of all rows side by side.
func (p *product) spreadRows(from, to Var, rows int) {
	f := p.f
	a, b := f.New(I32, from), f.New(I32, to)
	element := func(k int) {
		for r := range rows {
			f.Store(b, (k*rows+r)*vector, Load(OpV128Load32Splat, a, r*block+k*lane))
		}
	}
	const n = 4
	f.Set(p.blocks, p.in)
	f.If(iatLeast(p.blocks, I(block/lane)), func() {
		f.Loop(func() Value {
			f.Set(p.left, I(block/lane/n))
			f.Loop(func() Value {
				touch(f, a, (rows-1)*block+n*lane)
				touch(f, b, n*rows*vector)
				for k := range n {
					element(k)
				}
				f.Set(a, iadd(a, I(n*lane)))
				f.Set(b, iadd(b, I(n*rows*vector)))
				return countDown(f, p.left, 1)
			})
			f.Set(a, iadd(a, isub(p.rowBytes, I(block))))
			f.Set(p.blocks, isub(p.blocks, I(block/lane)))
			return iatLeast(p.blocks, I(block/lane))
		})
	})
	f.If(p.blocks, func() {
		f.Loop(func() Value {
			element(0)
			f.Set(a, iadd(a, I(lane)))
			f.Set(b, iadd(b, I(rows*vector)))
			return countDown(f, p.blocks, 1)
		})
	})
}

// tile writes the sums of height rows and width blocks, of which one is one,
// at d from what is spread at s and the weights at v.
func (p *product) tile(height, width int) {
	f := p.f
	e := f.Local(I32) // the second block's sums
	at := func(i int) (Var, int) {
		if width == 2 && i >= 4 {
			return e, (i - 4) * vector
		}
		return p.d, i * vector
	}
	if width == 2 {
		f.Set(e, iadd(p.d, p.rowBytes))
	}
	sums := p.sums[:4*max(height, width)]
	for i, s := range sums {
		f.Set(s, read(at(i)))
	}
	f.Set(p.left, p.in)
	for _, n := range turns[len(sums)] {
		f.Block(func() {
			f.LeaveIf(iless(p.left, I(n)), 0)
			f.Loop(func() Value {
				p.terms(height, width, n)
				f.Set(p.left, isub(p.left, I(n)))
				return iatLeast(p.left, I(n))
			})
		})
	}
	for i, s := range sums {
		address, offset := at(i)
		f.Store(address, offset, s)
	}
}

// terms writes the terms of n inner indices.
func (p *product) terms(height, width, n int) {
	f := p.f
	touch(f, p.s, n*height*vector)
	for _, v := range p.v[:width] {
		touch(f, v, n*block)
	}
	for k := range n {
		if k > 0 {
			p.fence(k * width)
		}
		for r := range height {
			f.Set(p.x[r], read(p.s, (k*height+r)*vector))
		}
		for b := range width {
			if b > 0 {
				p.fence(k*width + b)
			}
			for j := range block / vector {
				w := read(p.v[b], k*block+j*vector)
				if height > 1 {
					f.Set(p.m, w)
					w = p.m
				}
				for r := range height {
					s := p.sums[max(r, b)*4+j]
					f.Set(s, add(s, mul(w, p.x[r])))
				}
			}
		}
	}
	f.Set(p.s, iadd(p.s, I(n*height*vector)))
	for _, v := range p.v[:width] {
		f.Set(v, iadd(v, I(n*block)))
	}
}

// fence writes a branch that is never taken, unlike any other of the turn. V8
// moves loads up within a stretch without branches, far before the operations
// that use them, until there are no registers left: sums of sixteen terms then
// take twice as long. wazero remembers across a branch which bounds it checked.
func (p *product) fence(k int) { p.f.LeaveIf(Do(OpI32Eq, p.left, I(-k)), 1) }
