package fit

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/optim"
)

var (
	levels = []float64{0.1, 0.5, 0.9}
	tiny   = network.Shape{Inputs: 5, Steps: 7, Hidden: 9, Layers: 2, Bidirectional: true,
		Horizons: 2, Features: 18, Skip: 3, Width: 20, Levels: 3, Median: 1}
)

func loss() network.Loss { return network.Loss{Levels: levels, Weights: []float64{0.5, 1, 0.5}} }

// load returns a function that fills shards at random, rows of the batch by
// their number.
func load(batch, horizons int) func(i int, s *Shard) {
	return func(i int, s *Shard) {
		for row := range s.Work.Rows() {
			number := i*s.Work.Rows() + row
			r := rand.New(rand.NewPCG(uint64(number), 5))
			for _, x := range [][]float32{s.Work.Input, s.Work.Features, s.Work.Skip} {
				for b := 0; b < len(x); b += 16 * s.Work.Rows() {
					x[b+16*row] = float32(r.NormFloat64())
				}
			}
			for k := range horizons {
				s.Target[row*horizons+k], s.Weight[row*horizons+k] = float32(r.NormFloat64()), 0
				if number < batch {
					s.Weight[row*horizons+k] = 1 / float32(batch)
				}
			}
		}
	}
}

// TestShards: a batch is cut by its size alone, into shards that hold all of
// it, at least two for two cores.
func TestShards(t *testing.T) {
	for batch, want := range map[int][2]int{1: {1, 1}, 8: {1, 8}, 9: {2, 5}, 32: {2, 16}, 64: {2, 32}, 65: {3, 22}, 256: {8, 32}} {
		n := network.New(tiny)
		s := NewLearner(n, batch, loss(), optim.Rule{Clip: 1}).Shards()
		if len(s) != want[0] || s[0].Work.Rows() != want[1] {
			t.Errorf("batch of %d: %d shards of %d rows, want %d of %d", batch, len(s), s[0].Work.Rows(), want[0], want[1])
		}
	}
}

// TestGradientOfShards: the gradient of a batch in shards is that of its rows
// one after another; the step is of the gradient clipped to its norm, and moves
// no weight further than the rate.
func TestGradientOfShards(t *testing.T) {
	const batch = 21
	shape := tiny
	shape.Hidden = 60 // more than one part of the gradient
	n := network.New(shape)
	n.Initialise(3, levels)
	want, total := make([]float32, len(n.Weights)), 0.0
	b := network.NewBack(shape)
	b.Prepare(n)
	l := loss()
	one := newShard(shape, 1, true)
	for row := range batch {
		whole := newShard(shape, batch, true)
		load(batch, 2)(0, whole)
		for _, x := range [][2][]float32{{one.Work.Input, whole.Work.Input}, {one.Work.Features, whole.Work.Features}, {one.Work.Skip, whole.Work.Skip}} {
			for g := range len(x[0]) / 16 {
				copy(x[0][g*16:][:16], x[1][(g*batch+row)*16:])
			}
		}
		copy(one.Target, whole.Target[2*row:])
		copy(one.Weight, whole.Weight[2*row:])
		n.ForwardTraining(one.Work, 0, nil)
		total += l.Gradient(one.Work, one.Target, one.Weight)
		n.Backward(one.Work, b, want, 0)
	}
	const rate, clip = 0.01, 1e-3
	norm := 0.0
	for _, g := range want {
		norm += float64(g) * float64(g)
	}
	norm = math.Sqrt(norm)
	if len(want) < 2<<15 || norm < clip {
		t.Fatalf("%d weights, norm %v", len(want), norm)
	}
	before := append([]float32(nil), n.Weights...)
	s := NewLearner(n, batch, l, optim.Rule{Clip: clip})
	got, ok := s.Step(0, rate, 9, load(batch, 2))
	if !ok || math.Abs(got-total) > 1e-6 {
		t.Errorf("loss %v, %v; want %v", got, ok, total)
	}
	moved := false
	for i, g := range s.Gradient() {
		if math.Abs(float64(g-want[i])) > 1e-6 {
			t.Fatalf("gradient of weight %d: %v, want %v", i, g, want[i])
		}
		if m := 0.1 * float64(g) * clip / norm; math.Abs(float64(s.Moment1[i])-m) > 1e-4*clip {
			t.Fatalf("first moment of weight %d: %v, want %v: clipped to a norm of %v", i, s.Moment1[i], m, clip)
		}
		d := math.Abs(float64(n.Weights[i] - before[i]))
		moved = moved || d > rate/2
		if d > 1.001*rate {
			t.Fatalf("weight %d moved by %v", i, d)
		}
	}
	if !moved {
		t.Error("no weight moved")
	}
}

// TestCores: the number of cores decides nothing.
func TestCores(t *testing.T) {
	train := func(cores int) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		n := network.New(tiny)
		n.Initialise(3, levels)
		l := NewLearner(n, 70, loss(), optim.Rule{Dropout: 0.2, Decay: 0.1, Clip: 1})
		for i := range 5 {
			l.Step(i, 1e-2, 7, load(70, 2))
		}
		return n.Weights
	}
	one, three := train(1), train(3)
	for i := range one {
		if one[i] != three[i] {
			t.Fatalf("weight %d is %v on one core, %v on three", i, one[i], three[i])
		}
	}
}

// TestNotFinite: a step whose gradient is not finite changes nothing.
func TestNotFinite(t *testing.T) {
	n := network.New(tiny)
	n.Initialise(3, levels)
	before := append([]float32(nil), n.Weights...)
	l := NewLearner(n, 8, loss(), optim.Rule{Clip: 1})
	fill := load(8, 2)
	_, ok := l.Step(0, 1, 1, func(i int, s *Shard) {
		fill(i, s)
		s.Work.Input[0] = float32(math.NaN())
	})
	if ok {
		t.Error("the step was made")
	}
	for i := range before {
		if n.Weights[i] != before[i] || l.Moment1[i] != 0 || l.Moment2[i] != 0 {
			t.Fatalf("weight %d or its moments changed", i)
		}
	}
}

// BenchmarkLearner is a step of the network that others' figures are of: two
// layers of 128 units both ways, 240 steps, a batch of 32.
func BenchmarkLearner(b *testing.B) {
	shape := network.Shape{Inputs: 8, Steps: 240, Hidden: 128, Layers: 2, Bidirectional: true, Horizons: 3, Levels: 3, Median: 1}
	n := network.New(shape)
	n.Initialise(1, levels)
	l := NewLearner(n, 32, loss(), optim.Rule{Clip: 1})
	for i, s := range l.Shards() {
		load(32, 3)(i, s)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Step(i, 1e-3, 1, func(int, *Shard) {})
	}
}
