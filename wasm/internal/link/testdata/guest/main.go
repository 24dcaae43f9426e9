//go:build wasip1

// Command guest computes a sum of everything that the kernels give, for the
// tests of package link. Its own import stands behind those of the kernels.
package main

import (
	"math"
	"math/rand/v2"

	"github.com/foretide/foretide/core/kernel"
)

func main() {}

//go:wasmimport env seed
func seed() int32

//go:wasmexport sum
func sum() int64 {
	r := rand.New(rand.NewPCG(uint64(seed()), 1))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = 8*r.Float32() - 4
		}
		return x
	}
	hash := uint64(14695981039346656037) // FNV-1a
	add := func(x []float32) {
		for _, v := range x {
			hash = (hash ^ uint64(math.Float32bits(v))) * 1099511628211
		}
	}
	for _, s := range []struct{ rows, in, out int }{{1, 1, 1}, {1, 40, 3}, {2, 17, 2}, {7, 128, 5}, {3, 2100, 2}} {
		dst, src := random(s.out*s.rows*kernel.Block), random(kernel.Padded(s.in)*s.rows)
		kernel.MulAdd(dst, src, random(s.in*s.out*kernel.Block), s.rows, s.in, s.out)
		add(dst)
	}
	for _, rows := range []int{1, 3} {
		const units = 2
		n := units * rows * kernel.Block
		h, c, tanhC, gates := random(n), random(n), random(n), random(4*n)
		for i := range gates {
			gates[i] *= 40
		}
		gates[3], gates[20] = float32(math.Inf(1)), float32(math.Inf(-1))
		kernel.GatesForward(h, c, tanhC, gates, random(n), rows, units)
		add(h)
		add(c)
		add(tanhC)
		add(gates)
	}
	for n := range 40 {
		x := random(n)
		kernel.Sigmoid(x, x)
		add(x)
		kernel.Tanh(x, x)
		add(x)
	}
	x := random(160)
	kernel.Copy(x, random(100), 3, 32, 64, 17)
	add(x)
	return int64(hash)
}
