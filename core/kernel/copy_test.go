package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCopy(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(23, 24))
		for _, c := range []struct{ n, size, dstStep, srcStep int }{
			{1, 16, 0, 0}, {3, 16, 16, 0}, {4, 32, 32, 80}, {5, 48, 64, 48}, {32, 16, 16, 512},
		} {
			src := uniform(rng, (c.n-1)*c.srcStep+c.size)
			got := randomField(rng, (c.n-1)*c.dstStep+c.size, 3)
			want := slices.Clone(got.slice())
			for i := range c.n {
				for j := range c.size {
					want[i*c.dstStep+j] = src[i*c.srcStep+j]
				}
			}
			Copy(got.slice(), src, c.n, c.size, c.dstStep, c.srcStep)
			got.check(t, "dst")
			if !slices.Equal(got.slice(), want) {
				t.Errorf("%+v: not what plain loops copy", c)
			}
		}
	})
}

func TestCopyPanics(t *testing.T) {
	dst, src := make([]float32, 64), make([]float32, 64)
	for name, f := range map[string]func(){
		"half a block": func() { Copy(dst, src, 1, 8, 0, 0) },
		"short dst":    func() { Copy(make([]float32, 47), src, 3, 16, 16, 16) },
		"short src":    func() { Copy(dst, make([]float32, 47), 3, 16, 16, 16) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}
