package simd

import "github.com/foretide/foretide/wasm/asm"

// unroll is how many inner indices a turn of the loop does: a divisor of 16.
const unroll = 4

// mulAdd writes core/kernel's MulAdd:
//
//	dst[o][r][·] += Σ_k src[k/16][r][k%16] · w[o][k][·]
//
// in tiles whose sums stay in registers: of one row and two blocks where there
// is one row, and of two rows and one block otherwise. Eight vectors of sums
// are enough to hide the latency of an addition, and leave eight of amd64's
// sixteen registers to what they are made of.
func mulAdd(f *asm.Func) {
	p := product{
		f: f, dst: f.Param(0), src: f.Param(1), w: f.Param(2), rows: f.Param(3), in: f.Param(4), out: f.Param(5),
	}
	p.rowBytes = f.New(asm.I32, ishl(p.rows, 6))
	p.weightBytes = f.New(asm.I32, ishl(p.in, 6))
	p.s, p.v, p.left, p.r = f.Local(asm.I32), f.Locals(asm.I32, 2), f.Local(asm.I32), f.Local(asm.I32)
	p.x, p.m = f.Locals(asm.V128, 2), f.Local(asm.V128)
	p.sums = f.Locals(asm.V128, 8)

	f.If(iless(p.rows, asm.I(2)), func() {
		p.oneRow()
	}, func() {
		f.Loop(func() asm.Value {
			p.manyRows()
			f.Set(p.w, iadd(p.w, p.weightBytes))
			f.Set(p.out, isub(p.out, asm.I(1)))
			return p.out
		})
	})
}

// A product is mulAdd as it is written.
type product struct {
	f                          *asm.Func
	dst, src, w, rows, in, out asm.Var // as they advance
	rowBytes, weightBytes      asm.Var // from one block to the next
	r                          asm.Var // rows left
	s                          asm.Var // where the tile reads src
	v                          []asm.Var
	left                       asm.Var // inner indices left
	x                          []asm.Var
	m                          asm.Var
	sums                       []asm.Var
	height, width              int // of the tile at hand
}

// oneRow writes the product of a single row.
func (p *product) oneRow() {
	f := p.f
	f.If(iatLeast(p.out, asm.I(2)), func() {
		f.Loop(func() asm.Value {
			p.tile(1, 2)
			f.Set(p.w, iadd(p.w, ishl(p.weightBytes, 1)))
			f.Set(p.dst, iadd(p.dst, asm.I(2*block)))
			f.Set(p.out, isub(p.out, asm.I(2)))
			return iatLeast(p.out, asm.I(2))
		})
	})
	f.If(p.out, func() { p.tile(1, 1) })
}

// manyRows writes the product of all rows with one block of outputs.
func (p *product) manyRows() {
	f := p.f
	start := f.New(asm.I32, p.src)
	f.Set(p.r, p.rows)
	f.Loop(func() asm.Value {
		p.tile(2, 1)
		f.Set(p.src, iadd(p.src, asm.I(2*block)))
		f.Set(p.dst, iadd(p.dst, asm.I(2*block)))
		f.Set(p.r, isub(p.r, asm.I(2)))
		return iatLeast(p.r, asm.I(2))
	})
	f.If(p.r, func() {
		p.tile(1, 1)
		f.Set(p.dst, iadd(p.dst, asm.I(block)))
	})
	f.Set(p.src, start)
}

// tile writes the sums of height rows and width blocks, of which one is one.
func (p *product) tile(height, width int) {
	f := p.f
	p.height, p.width = height, width
	tall := max(height, width)
	sums := p.sums[:4*tall]
	touch(f, p.dst, tall*block)
	for i, s := range sums {
		f.Set(s, read(p.dst, i*vector))
	}
	f.Set(p.s, p.src)
	f.Set(p.v[0], p.w)
	if width == 2 {
		f.Set(p.v[1], iadd(p.w, p.weightBytes))
	}
	f.Set(p.left, p.in)
	f.If(iatLeast(p.left, asm.I(block/lane)), func() {
		f.Loop(func() asm.Value {
			p.wholeBlock()
			f.Set(p.left, isub(p.left, asm.I(block/lane)))
			return iatLeast(p.left, asm.I(block/lane))
		})
	})
	f.If(p.left, func() {
		f.Loop(func() asm.Value {
			p.terms(1)
			f.Set(p.left, isub(p.left, asm.I(1)))
			return p.left
		})
	})
	touch(f, p.dst, tall*block)
	for i, s := range sums {
		f.Store(p.dst, i*vector, s)
	}
}

// wholeBlock writes the terms of sixteen inner indices, and goes on to the
// next block of src.
func (p *product) wholeBlock() {
	f := p.f
	turns := f.New(asm.I32, asm.I(block/lane/unroll))
	f.Loop(func() asm.Value {
		p.terms(unroll)
		f.Set(turns, isub(turns, asm.I(1)))
		return turns
	})
	f.Set(p.s, iadd(p.s, isub(p.rowBytes, asm.I(block))))
}

// terms writes the terms of n inner indices.
func (p *product) terms(n int) {
	f := p.f
	touch(f, p.s, (p.height-1)*block+n*lane)
	for _, v := range p.v[:p.width] {
		touch(f, v, n*block)
	}
	for k := range n {
		for r := range p.height {
			f.Set(p.x[r], splat(p.s, r*block+k*lane))
		}
		for b := range p.width {
			for j := range block / vector {
				f.Set(p.m, read(p.v[b], k*block+j*vector))
				for r := range p.height {
					s := p.sums[(max(r, b)*4)+j]
					f.Set(s, add(s, mul(p.m, p.x[r])))
				}
			}
		}
	}
	f.Set(p.s, iadd(p.s, asm.I(n*lane)))
	for _, v := range p.v[:p.width] {
		f.Set(v, iadd(v, asm.I(n*block)))
	}
}

// splat is a float32 in all lanes. Runtimes make more instructions of
// v128.load32_splat than of the two that it stands for.
func splat(address asm.Value, offset int) asm.Value {
	return asm.Do(asm.OpF32x4Splat, asm.Load(asm.OpF32Load, address, offset))
}
