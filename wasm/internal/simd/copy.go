package simd

// copyPieces writes core/kernel's Copy. Its parameters are dst, src, n, size,
// dstStep and srcStep.
func copyPieces(f *Func) {
	dst, src, n, size := f.Param(0), f.Param(1), f.Param(2), f.Param(3)
	dstStep, srcStep := f.New(I32, ishl(f.Param(4), 2)), f.New(I32, ishl(f.Param(5), 2))
	to, from, left := f.Local(I32), f.Local(I32), f.Local(I32)
	f.Loop(func() Value {
		f.Set(to, dst)
		f.Set(from, src)
		f.Set(left, size)
		f.Loop(func() Value {
			touch(f, to, block)
			touch(f, from, block)
			for i := range block / vector {
				f.Store(to, i*vector, read(from, i*vector))
			}
			f.Set(to, iadd(to, I(block)))
			f.Set(from, iadd(from, I(block)))
			return countDown(f, left, block/lane)
		})
		f.Set(dst, iadd(dst, dstStep))
		f.Set(src, iadd(src, srcStep))
		return countDown(f, n, 1)
	})
}
