package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// eps is half a unit in the last place of numbers near 1, tiny the same of
// denormal ones.
const (
	eps  = 0x1p-24
	tiny = 0x1p-149
)

// A field is a slice at an odd address within a larger one, where writing
// beside it shows.
type field struct {
	all []float32
	at  int
	n   int
}

const canary = 12345.678

func newField(n, offset int) field {
	f := field{all: make([]float32, offset+n+2*Block), at: offset, n: n}
	for i := range offset {
		f.all[i] = canary
	}
	for i := range 2 * Block {
		f.all[offset+n+i] = canary
	}
	return f
}

// normal are numbers of a normal distribution.
var normal = func() []float32 {
	rng := rand.New(rand.NewPCG(0, 0))
	x := make([]float32, 10007)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}()

// randomField returns n of the numbers of normal, from a random one on.
func randomField(rng *rand.Rand, n, offset int) field {
	f := newField(n, offset)
	for x := f.slice(); len(x) > 0; {
		x = x[copy(x, normal[rng.IntN(len(normal)):]):]
	}
	return f
}

// slice is the field itself. Its capacity ends with it.
func (f field) slice() []float32 { return f.all[f.at : f.at+f.n : f.at+f.n] }

// check fails where something was written beside the field.
func (f field) check(t *testing.T, name string) {
	t.Helper()
	for _, part := range [][2]int{{0, f.at}, {f.at + f.n, len(f.all)}} {
		for i := part[0]; i < part[1]; i++ {
			if f.all[i] != canary {
				t.Fatalf("%s: wrote %g at element %d of %d", name, f.all[i], i-f.at, f.n)
			}
		}
	}
}

// A sums is the sums of a block in double precision, and what their rounding
// errors are in proportion to.
type sums struct {
	value, scale [Block]float64
	terms        int
}

// add adds x times the block that y begins with.
func (s *sums) add(x float32, y []float32) {
	// Copies: the race detector looks at every access through a pointer.
	block, value, scale := [Block]float32(y), s.value, s.scale
	for j, y := range block {
		p := float64(x) * float64(y)
		value[j] += p
		scale[j] += math.Abs(p)
	}
	s.value, s.scale = value, scale
	s.terms++
}

// check fails where the block that got begins with is not the sums, up to the
// errors of single precision.
func (s *sums) check(t *testing.T, got []float32, format string, args ...any) {
	t.Helper()
	block := [Block]float32(got)
	for j, x := range block {
		if !near(x, s.value[j], float64(s.terms+2)*(eps*s.scale[j]+tiny)) {
			t.Fatalf("%s: element %d is %g, not %g", fmt.Sprintf(format, args...), j, x, s.value[j])
		}
	}
}

// remainders are numbers of rows that leave every remainder of every tile.
func remainders() []int {
	rows := []int{31, 32, 33}
	for r := 1; r <= 17; r++ {
		rows = append(rows, r)
	}
	return rows
}

func TestMulAdd(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, rows := range remainders() {
			for in := 1; in <= 35; in++ {
				for _, out := range []int{1, 2, 3, 4, 5, 8 + in%8} {
					testMulAdd(t, rng, rows, in, out, nil)
				}
			}
		}
	})
}

// testMulAdd compares one MulAdd with its definition; spoil may change the
// arguments beforehand.
func testMulAdd(t *testing.T, rng *rand.Rand, rows, in, out int, spoil func(dst, src, w []float32)) {
	t.Helper()
	dst := randomField(rng, out*rows*Block, rng.IntN(Block))
	src := randomField(rng, Blocks(in)*rows*Block, rng.IntN(Block))
	w := randomField(rng, out*in*Block, rng.IntN(Block))
	if spoil != nil {
		spoil(dst.slice(), src.slice(), w.slice())
	}
	before := append([]float32(nil), dst.slice()...)
	MulAdd(dst.slice(), src.slice(), w.slice(), rows, in, out)
	dst.check(t, "MulAdd")
	x, y := src.slice(), w.slice()
	for i := range rows * out {
		o, r := i/rows, i%rows
		var want sums
		want.add(1, before[i*Block:])
		for k := range in {
			want.add(x[(k/Block*rows+r)*Block+k%Block], y[(o*in+k)*Block:])
		}
		want.check(t, dst.slice()[i*Block:], "rows %d, in %d, out %d, block %d, row %d", rows, in, out, o, r)
	}
}

func TestOuterAdd(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, rows := range remainders() {
			for in := 1; in <= 35; in++ {
				for out := 1; out <= 5; out++ {
					testOuterAdd(t, rng, rows, in, out, 1+(in+rows)%4, (in+out)%2 == 0, nil)
				}
			}
		}
		testOuterAdd(t, rng, 1, 17, 9, 515, true, nil)
		testOuterAdd(t, rng, 100, 17, 9, 7, false, nil)
		testOuterAdd(t, rng, 257, 3, 2, 3, false, nil)
	})
}

// testOuterAdd compares one OuterAdd with its definition.
func testOuterAdd(t *testing.T, rng *rand.Rand, rows, in, out, steps int, backwards bool, spoil func(dw, src, g []float32)) {
	t.Helper()
	srcStep, gStep := Blocks(in)*rows*Block+rng.IntN(3), out*rows*Block+rng.IntN(3)
	dw := randomField(rng, out*in*Block, rng.IntN(Block))
	src := randomField(rng, steps*srcStep, rng.IntN(Block))
	g := randomField(rng, steps*gStep, rng.IntN(Block))
	var srcAt, gAt int
	if backwards {
		gAt = (steps - 1) * gStep
		gStep = -gStep
	}
	if backwards && rows%2 == 0 {
		srcAt = (steps - 1) * srcStep
		srcStep = -srcStep
	}
	if spoil != nil {
		spoil(dw.slice(), src.slice(), g.slice())
	}
	before := append([]float32(nil), dw.slice()...)
	OuterAdd(dw.slice(), src.slice(), g.slice(), rows, in, out, steps, srcAt, srcStep, gAt, gStep)
	dw.check(t, "OuterAdd")
	x, y := src.slice(), g.slice()
	for i := range in * out {
		o, k := i/in, i%in
		var want sums
		want.add(1, before[i*Block:])
		for s := range steps {
			xs, ys := x[srcAt+s*srcStep+k/Block*rows*Block+k%Block:], y[gAt+s*gStep+o*rows*Block:]
			for r := range rows {
				want.add(xs[r*Block], ys[r*Block:])
			}
		}
		want.check(t, dw.slice()[i*Block:], "rows %d, in %d, out %d, steps %d, block %d, input %d", rows, in, out, steps, o, k)
	}
}

// TestSpecialNumbers: NaN, infinities and denormal numbers come through the
// products as they come through the sums of their definition.
func TestSpecialNumbers(t *testing.T) {
	special := map[string]float32{
		"NaN": float32(math.NaN()), "infinity": float32(math.Inf(1)), "minus infinity": float32(math.Inf(-1)),
		"denormal": math.SmallestNonzeroFloat32 * 1000, "negative zero": float32(math.Copysign(0, -1)),
	}
	forEach(t, func(t *testing.T, _ string) {
		for name, x := range special {
			t.Run(name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(5, 6))
				for n := range 300 {
					rows, in, out := 1+rng.IntN(17), 1+rng.IntN(35), 1+rng.IntN(9)
					spoil := func(args ...[]float32) {
						a := args[n%3]
						a[rng.IntN(len(a))] = x
						for i := range args[2] {
							if i%3 == 0 {
								args[2][i] = 0 // makes NaN of an infinity
							}
						}
					}
					testMulAdd(t, rng, rows, in, out, func(a, b, c []float32) { spoil(a, b, c) })
					testOuterAdd(t, rng, rows, in, out, 1+n%3, n%2 == 0, func(a, b, c []float32) { spoil(a, b, c) })
				}
			})
		}
	})
}

func TestTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for in := 1; in <= 35; in++ {
		for out := 1; out <= 3; out++ {
			w := randomField(rng, out*in*Block, 3)
			dst := randomField(rng, Blocks(in)*out*Block*Block, 5)
			Transpose(dst.slice(), w.slice(), in, out)
			dst.check(t, "Transpose")
			for i, got := range dst.slice() {
				k := i/(out*Block*Block)*Block + i%Block
				o := i / Block % (out * Block)
				var want float32
				if k < in {
					want = w.slice()[(o/Block*in+k)*Block+o%Block]
				}
				if got != want {
					t.Fatalf("in %d, out %d: element %d is %g, not %g", in, out, i, got, want)
				}
			}
		}
	}
}

func TestSumRows(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(9, 10))
		for rows := 1; rows < 20; rows++ {
			const out = 3
			x := randomField(rng, out*rows*Block, rows%Block)
			bias := randomField(rng, out*Block, 1)
			total := append([]float32(nil), bias.slice()...)
			SumRows(bias.slice(), x.slice(), rows, out)
			bias.check(t, "SumRows")
			for o := range out {
				var want sums
				want.add(1, total[o*Block:])
				for r := range rows {
					want.add(1, x.slice()[(o*rows+r)*Block:])
				}
				want.check(t, bias.slice()[o*Block:], "SumRows, rows %d, block %d", rows, o)
			}
		}
	})
}

// TestPanics: a slice that is too short is refused before anything is written.
func TestPanics(t *testing.T) {
	s := func(n int) []float32 { return make([]float32, n) }
	tests := map[string]func(){
		"MulAdd dst":       func() { MulAdd(s(95), s(64), s(272), 2, 17, 3) },
		"MulAdd src":       func() { MulAdd(s(96), s(63), s(816), 2, 17, 3) },
		"MulAdd w":         func() { MulAdd(s(96), s(64), s(815), 2, 17, 3) },
		"OuterAdd dw":      func() { OuterAdd(s(815), s(64), s(96), 2, 17, 3, 1, 0, 64, 0, 96) },
		"OuterAdd src":     func() { OuterAdd(s(816), s(127), s(192), 2, 17, 3, 2, 0, 64, 0, 96) },
		"OuterAdd g":       func() { OuterAdd(s(816), s(128), s(191), 2, 17, 3, 2, 0, 64, 0, 96) },
		"OuterAdd before":  func() { OuterAdd(s(816), s(128), s(192), 2, 17, 3, 2, 63, -64, 0, 96) },
		"SumRows":          func() { SumRows(s(32), s(63), 2, 2) },
		"GatesForward":     func() { GatesForward(s(32), s(32), s(32), s(127), s(32), 2, 1) },
		"GatesBackward dc": func() { GatesBackward(s(128), s(31), s(32), s(32), s(32), 2, 1) },
		"Adam":             func() { Adam(s(5), s(5), s(4), s(5), &AdamStep{}) },
		"Sigmoid":          func() { Sigmoid(s(5), s(4)) },
	}
	for name, f := range tests {
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

// TestNothing: dimensions of zero are no work, and no reason to panic.
func TestNothing(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		MulAdd(nil, nil, nil, 0, 3, 2)
		SumRows(nil, nil, 0, 2)
		OuterAdd(nil, nil, nil, 0, 3, 2, 1, 0, 0, 0, 0)
		GatesForward(nil, nil, nil, nil, nil, 0, 2)
		GatesBackward(nil, nil, nil, nil, nil, 3, 0)
		Adam(nil, nil, nil, nil, &AdamStep{})
		Sigmoid(nil, nil)
		Tanh(nil, nil)
	})
}

// TestAllocations: nothing allocates.
func TestAllocations(t *testing.T) {
	const rows, in, out = 5, 35, 8
	x := func(n int) []float32 { return make([]float32, n) }
	h, c, tc, gates := x(2*rows*Block), x(2*rows*Block), x(2*rows*Block), x(8*rows*Block)
	src, w, bias := x(Blocks(in)*rows*Block), x(out*in*Block), x(out*Block)
	tests := map[string]func(){
		"MulAdd":        func() { MulAdd(gates, src, w, rows, in, out) },
		"OuterAdd":      func() { OuterAdd(w, src, gates, rows, in, out, 1, 0, 0, 0, 0) },
		"SumRows":       func() { SumRows(bias, gates, rows, out) },
		"GatesForward":  func() { GatesForward(h, c, tc, gates, c, rows, 2) },
		"GatesBackward": func() { GatesBackward(gates, c, h, tc, tc, rows, 2) },
		"Adam":          func() { Adam(w[:33], w[40:73], w[80:113], src, &AdamStep{Rate: 1}) },
		"Sigmoid":       func() { Sigmoid(h[:33], h) },
		"Tanh":          func() { Tanh(h[:33], h) },
	}
	forEach(t, func(t *testing.T, _ string) {
		for name, f := range tests {
			if n := testing.AllocsPerRun(20, f); n != 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
	})
}

func ExampleMulAdd() {
	// One row of two features times weights from 2 inputs to 16 outputs.
	src := make([]float32, Block)
	src[0], src[1] = 2, 3
	w := make([]float32, 2*Block)
	w[0], w[Block], w[Block+1] = 10, 1, 5
	dst := make([]float32, Block)
	MulAdd(dst, src, w, 1, 2, 1)
	fmt.Println(dst[0], dst[1])
	// Output: 23 15
}
