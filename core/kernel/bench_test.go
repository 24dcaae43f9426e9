package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// A race runs functions in turn and keeps the best time of each: other work on
// the machine then hits all of them, and the ratios stand.
type race struct {
	best []time.Duration
}

func (r *race) run(b *testing.B, f ...func()) {
	r.best = make([]time.Duration, len(f))
	for b.Loop() {
		for i, f := range f {
			start := time.Now()
			f()
			if d := time.Since(start); r.best[i] == 0 || d < r.best[i] {
				r.best[i] = d
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

// report gives the speed of the first, and its share of the others.
func (r *race) report(b *testing.B, work float64, peakWork float64, others ...string) {
	speed := work / float64(r.best[0].Nanoseconds())
	b.ReportMetric(speed, "GFLOP/s")
	for i, name := range others {
		if name == "of-peak" {
			b.ReportMetric(speed/(peakWork/float64(r.best[i+1].Nanoseconds())), name)
		} else {
			b.ReportMetric(r.best[i+1].Seconds()/r.best[0].Seconds(), name)
		}
	}
}

func benchmarkProduct(b *testing.B, work float64, product, rival func()) {
	forEachBenchmark(b, func(b *testing.B, peak func() int) {
		var r race
		if peak == nil {
			r.run(b, product, rival)
			r.report(b, work, 0, "x-gonum")
			return
		}
		flops := 0
		r.run(b, product, func() { flops = peak() }, rival)
		r.report(b, work, float64(flops), "of-peak", "x-gonum")
	})
}

func BenchmarkMulAdd(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, s := range []struct{ rows, in, out int }{
		{32, 128, 32}, {32, 256, 32}, {32, 512, 8}, {1, 128, 32}, {240, 256, 32}, {256, 128, 32},
	} {
		b.Run(fmt.Sprintf("%dx%dx%d", s.rows, s.in, s.out*Block), func(b *testing.B) {
			dst, src := uniform(rng, s.rows*s.out*Block), uniform(rng, s.rows*s.in)
			w := uniform(rng, s.in*s.out*Block)
			a := blas32.General{Rows: s.rows, Cols: s.in, Stride: s.in, Data: src}
			m := blas32.General{Rows: s.in, Cols: s.out * Block, Stride: s.out * Block, Data: w}
			c := blas32.General{Rows: s.rows, Cols: s.out * Block, Stride: s.out * Block, Data: dst}
			benchmarkProduct(b, 2*float64(s.rows*s.in*s.out*Block),
				func() { MulAdd(dst, src, w, s.rows, s.in, s.out) },
				func() { blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, m, 1, c) })
		})
	}
}

func BenchmarkOuterAdd(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, s := range []struct{ rows, in, out, steps int }{
		{32, 128, 32, 1}, {32, 128, 32, 8}, {32, 256, 32, 8},
	} {
		b.Run(fmt.Sprintf("%dx%dx%dx%d", s.steps, s.rows, s.in, s.out*Block), func(b *testing.B) {
			n := s.rows * s.steps
			src, g, w := uniform(rng, n*s.in), uniform(rng, n*s.out*Block), uniform(rng, s.in*s.out*Block)
			a := blas32.General{Rows: n, Cols: s.in, Stride: s.in, Data: src}
			m := blas32.General{Rows: n, Cols: s.out * Block, Stride: s.out * Block, Data: g}
			c := blas32.General{Rows: s.in, Cols: s.out * Block, Stride: s.out * Block, Data: w}
			benchmarkProduct(b, 2*float64(n*s.in*s.out*Block),
				func() {
					OuterAdd(w, src, g, s.rows, s.in, s.out, s.steps, 0, s.rows*s.in, 0, s.rows*s.out*Block)
				},
				func() { blas32.Gemm(blas.Trans, blas.NoTrans, 1, a, m, 1, c) })
		})
	}
}

// BenchmarkElements measures what is not a product, for 32 rows of 128 units
// and their 512 gates, and the weights from 256 inputs to these.
func BenchmarkElements(b *testing.B) {
	const rows, units, in, out = 32, 8, 256, 32
	rng := rand.New(rand.NewPCG(1, 1))
	n := rows * units * Block
	gates, bias := uniform(rng, 4*n), uniform(rng, out*Block)
	h, c, tanhC, before := uniform(rng, n), uniform(rng, n), uniform(rng, n), uniform(rng, n)
	w, m, v, grad := uniform(rng, in*out*Block), uniform(rng, in*out*Block), uniform(rng, in*out*Block), uniform(rng, in*out*Block)
	for i := range v {
		v[i] *= v[i]
	}
	step := AdamStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Correct1: 1, Correct2: 1, Scale: 1}
	for _, k := range []struct {
		name     string
		elements int
		f        func()
	}{
		{"GatesForward", n, func() { GatesForward(h, c, tanhC, gates, before, rows, units) }},
		{"GatesBackward", n, func() { GatesBackward(gates, c, h, tanhC, before, rows, units) }},
		{"SumRows", 4 * n, func() { SumRows(bias, gates, rows, out) }},
		{"Adam", len(w), func() { Adam(w, m, v, grad, &step) }},
		{"Transpose", len(w), func() { Transpose(m, w, in, out) }},
		{"Sigmoid", n, func() { Sigmoid(h, before) }},
		{"Tanh", n, func() { Tanh(h, before) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			forEachBenchmark(b, func(b *testing.B, _ func() int) {
				var r race
				r.run(b, k.f)
				b.ReportMetric(float64(r.best[0].Nanoseconds())/float64(k.elements), "ns/element")
				b.ReportMetric(float64(r.best[0].Nanoseconds())/1e3, "µs")
			})
		})
	}
}
