package kernel

import (
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBits: all implementations with fused multiply-add have the same bits, on
// whatever processor, and so have all without. The sums were computed once by
// avx2 and by plain Go on amd64 (go1.26).
func TestBits(t *testing.T) {
	want := map[string]map[string]uint32{
		"fused": {
			"MulAdd": 0x73648075, "OuterAdd": 0x19f47329, "GatesForward": 0x97aab3d8, "GatesBackward": 0x78a07ede,
			"Adam": 0xa41f9968, "Sigmoid": 0xf2f728f4, "Tanh": 0xf9309ecd,
		},
		"plain": {
			"MulAdd": 0x4b20cf98, "OuterAdd": 0x98fffc7d, "GatesForward": 0xc460b579, "GatesBackward": 0x31708f41,
			"Adam": 0x289f17bb, "Sigmoid": 0x2e911159, "Tanh": 0xb8fec001,
		},
	}
	forEach(t, func(t *testing.T, kind string) {
		for name, got := range bits() {
			if got != want[kind][name] {
				t.Errorf("%s: %#08x, not %#08x", name, got, want[kind][name])
			}
		}
	})
}

// bits returns a checksum of each kernel's results on many shapes.
func bits() map[string]uint32 {
	rng := rand.New(rand.NewPCG(19, 20))
	sums := map[string]uint32{}
	random := func(n int) []float32 { return uniform(rng, n) }
	add := func(name string, x []float32) {
		b := make([]byte, 0, 4*len(x))
		for _, x := range x {
			u := math.Float32bits(x)
			b = append(b, byte(u), byte(u>>8), byte(u>>16), byte(u>>24))
		}
		sums[name] = crc32.Update(sums[name], crc32.IEEETable, b)
	}
	for _, rows := range []int{1, 2, 3, 4, 5, 7, 8, 13, 32} {
		for _, in := range []int{1, 3, 8, 16, 31, 128} {
			for _, out := range []int{1, 2, 4, 8, 11} {
				dst, src, w := random(out*rows*Block), random(Blocks(in)*rows*Block), random(out*in*Block)
				MulAdd(dst, src, w, rows, in, out)
				add("MulAdd", dst)
				srcs, gs := random(3*len(src)), random(3*len(dst))
				OuterAdd(w, srcs, gs, rows, in, out, 3, 0, len(src), 2*len(dst), -len(dst))
				add("OuterAdd", w)
			}
		}
		const units = 2
		n := units * rows * Block
		h, c, tanhC, gates, before := random(n), random(n), random(n), random(4*n), random(n)
		for i := range gates {
			gates[i] *= 20
		}
		GatesForward(h, c, tanhC, gates, before, rows, units)
		for _, x := range [][]float32{h, c, tanhC, gates} {
			add("GatesForward", x)
		}
		GatesBackward(gates, c, h, tanhC, before, rows, units)
		add("GatesBackward", gates)
		add("GatesBackward", c)
	}
	for n := range 40 {
		w, m, v, grad := random(n), random(n), random(n), random(n)
		for i := range v {
			v[i] *= v[i]
		}
		Adam(w, m, v, grad, &AdamStep{Rate: 0.01, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.1, Correct1: 2, Correct2: 3, Scale: 0.7})
		for _, x := range [][]float32{w, m, v} {
			add("Adam", x)
		}
		Sigmoid(w, grad)
		add("Sigmoid", w)
		Tanh(w, grad)
		add("Tanh", w)
	}
	return sums
}

// TestSplit: however a product is shared out, by rows, blocks or steps, and
// whatever tiles that makes, its bits are the same.
func TestSplit(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		const rows, in, out, steps = 33, 35, 11, 5
		rng := rand.New(rand.NewPCG(21, 22))
		n, m := Blocks(in)*rows*Block, out*rows*Block
		src, g, w := uniform(rng, steps*n), uniform(rng, steps*m), uniform(rng, out*in*Block)

		dst := make([]float32, m)
		MulAdd(dst, src, w, rows, in, out)
		for r := range rows {
			one := make([]float32, Blocks(in)*Block)
			for b := range Blocks(in) {
				copy(one[b*Block:], src[(b*rows+r)*Block:][:Block])
			}
			for o, width := 0, 0; o < out; o += width {
				width = min(1+r%5, out-o)
				got := make([]float32, width*Block)
				MulAdd(got, one, w[o*in*Block:], 1, in, width)
				for i, x := range got {
					if want := dst[((o+i/Block)*rows+r)*Block+i%Block]; x != want {
						t.Fatalf("row %d, block %d alone: %g, not %g", r, o+i/Block, x, want)
					}
				}
			}
		}

		dw, got := make([]float32, out*in*Block), make([]float32, out*in*Block)
		OuterAdd(dw, src, g, rows, in, out, steps, 0, n, 0, m)
		for s := range steps {
			for o := range out {
				OuterAdd(got[o*in*Block:], src, g, rows, in, 1, 1, s*n, n, s*m+o*rows*Block, m)
			}
		}
		for i, x := range got {
			if x != dw[i] {
				t.Fatalf("element %d of the weights: %g, not %g", i, x, dw[i])
			}
		}
	})
}

// uniform returns n numbers between -4 and 4 that are the same everywhere:
// made without functions whose results differ between processors.
func uniform(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rng.Float32()*8 - 4
	}
	return x
}
