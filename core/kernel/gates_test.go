package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Bounds of the errors that the package documents.
const (
	sigmoidError     = 1e-7
	sigmoidPartError = 1.5e-7 // relative
	tanhError        = 1.8e-7 // relative, and so absolute too
)

func sigmoid64(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }

// near tells whether x is want within the error, NaN and infinity included.
func near(x float32, want, within float64) bool {
	if math.IsNaN(want) || math.IsInf(want, 0) {
		return float32(want) == x || x != x && want != want
	}
	return math.Abs(float64(x)-want) <= within
}

// extreme are inputs of gates that networks gone astray have.
var extreme = []float32{
	0, float32(math.Copysign(0, -1)), 1e4, -1e4, 1e-4, -1e-4, 87, -87, 88.5, -88.5, 104, -104, 9, -9,
	math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-40,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
}

func TestGatesForward(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, rows := range remainders() {
			for units := 1; units <= 3; units++ {
				testGatesForward(t, rng, rows, units, rows%2 == 0)
			}
		}
	})
}

// testGatesForward makes one step, a quarter of whose inputs are extreme.
func testGatesForward(t *testing.T, rng *rand.Rand, rows, units int, inPlace bool) {
	t.Helper()
	n := units * rows * Block
	gates := randomField(rng, 4*n, rng.IntN(Block))
	h, c, tanhC := newField(n, rng.IntN(Block)), newField(n, rng.IntN(Block)), newField(n, rng.IntN(Block))
	before := randomField(rng, n, rng.IntN(Block))
	for i := range gates.slice() {
		if rng.IntN(4) == 0 {
			gates.slice()[i] = extreme[rng.IntN(len(extreme))]
		}
	}
	if inPlace {
		c = before
	}
	sums := append([]float32(nil), gates.slice()...)
	old := append([]float32(nil), before.slice()...)
	GatesForward(h.slice(), c.slice(), tanhC.slice(), gates.slice(), before.slice(), rows, units)
	for _, f := range []field{h, c, tanhC, gates, before} {
		f.check(t, "GatesForward")
	}
	size := rows * Block
	for j := range n {
		at := j/size*4*size + j%size
		var want, got [4]float64
		for q, within := range []float64{sigmoidError, sigmoidError, tanhError, sigmoidError} {
			x, y := sums[at+q*size], gates.slice()[at+q*size]
			want[q] = sigmoid64(x)
			if q == 2 {
				want[q] = math.Tanh(float64(x))
			}
			if !near(y, want[q], within) {
				t.Fatalf("rows %d, units %d: gate %d of %g is %g, not %g", rows, units, q, x, y, want[q])
			}
			got[q] = float64(y)
		}
		state := got[1]*float64(old[j]) + got[0]*got[2]
		cj, tj, hj := c.slice()[j], tanhC.slice()[j], h.slice()[j]
		if !near(cj, state, 2*eps*(math.Abs(state)+math.Abs(got[1]*float64(old[j])))+2*tiny) ||
			!near(tj, math.Tanh(float64(cj)), tanhError) ||
			!near(hj, got[3]*float64(tj), 2*eps*math.Abs(float64(tj))+tiny) {
			t.Fatalf("rows %d, units %d: gates %v, before %g: c %g, tanh c %g, h %g", rows, units, got, old[j], cj, tj, hj)
		}
	}
}

func TestGatesBackward(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(13, 14))
		for _, rows := range remainders() {
			for units := 1; units <= 3; units++ {
				testGatesBackward(t, rng, rows, units)
			}
		}
	})
}

func testGatesBackward(t *testing.T, rng *rand.Rand, rows, units int) {
	t.Helper()
	n := units * rows * Block
	gates := randomField(rng, 4*n, rng.IntN(Block))
	for i := range gates.slice() {
		gates.slice()[i] = sigmoid(gates.slice()[i]) // in all gates, for the sake of a larger 1-g²
	}
	dc, dh := randomField(rng, n, rng.IntN(Block)), randomField(rng, n, rng.IntN(Block))
	tanhC, before := randomField(rng, n, rng.IntN(Block)), randomField(rng, n, rng.IntN(Block))
	dh.slice()[rng.IntN(n)] = float32(math.NaN())
	dc.slice()[rng.IntN(n)] = float32(math.Inf(1))
	q := append([]float32(nil), gates.slice()...)
	dcBefore := append([]float32(nil), dc.slice()...)
	GatesBackward(gates.slice(), dc.slice(), dh.slice(), tanhC.slice(), before.slice(), rows, units)
	for _, f := range []field{gates, dc, dh, tanhC, before} {
		f.check(t, "GatesBackward")
	}
	size := rows * Block
	for j := range n {
		at := j/size*4*size + j%size
		i, f, g, o := float64(q[at]), float64(q[at+size]), float64(q[at+2*size]), float64(q[at+3*size])
		d, th, b := float64(dh.slice()[j]), float64(tanhC.slice()[j]), float64(before.slice()[j])
		e := float64(dcBefore[j]) + d*o*(1-th*th)
		scale := math.Abs(float64(dcBefore[j])) + math.Abs(d*o)*(1+th*th)
		for k, want := range []float64{e * g * i * (1 - i), e * b * f * (1 - f), e * i * (1 - g*g), d * th * o * (1 - o)} {
			factor := []float64{math.Abs(g * i), math.Abs(b * f), math.Abs(i), 0}[k]
			within := 6 * eps * (math.Abs(want) + math.Abs(d*th))
			if factor > 0 {
				within += 6 * eps * factor * scale
			}
			if got := gates.slice()[at+k*size]; !near(got, want, within) {
				t.Fatalf("rows %d, units %d, element %d: gradient of gate %d is %g, not %g", rows, units, j, k, got, want)
			}
		}
		if got := dc.slice()[j]; !near(got, e*f, 6*eps*scale) {
			t.Fatalf("rows %d, units %d, element %d: gradient of the state before is %g, not %g", rows, units, j, got, e*f)
		}
	}
}

func TestAdam(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(15, 16))
		s := AdamStep{Rate: 1e-2, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: 0.1, Scale: 0.5,
			Correct1: 1 / (1 - 0.9*0.9), Correct2: float32(1 / math.Sqrt(1-0.999*0.999))}
		for n := 0; n <= 70; n++ {
			testAdam(t, rng, n, &s)
		}
	})
}

func testAdam(t *testing.T, rng *rand.Rand, n int, s *AdamStep) {
	t.Helper()
	w, m := randomField(rng, n, rng.IntN(Block)), randomField(rng, n, rng.IntN(Block))
	v, grad := randomField(rng, n, rng.IntN(Block)), randomField(rng, n, rng.IntN(Block))
	for j := range n {
		v.slice()[j] = float32(math.Abs(float64(v.slice()[j])))
		switch rng.IntN(10) {
		case 0:
			grad.slice()[j] = 0
			v.slice()[j] = 0
		case 1:
			grad.slice()[j] = float32(math.NaN())
		}
	}
	clone := func(f field) []float32 { return append([]float32(nil), f.slice()...) }
	w0, m0, v0 := clone(w), clone(m), clone(v)
	Adam(w.slice(), m.slice(), v.slice(), grad.slice(), s)
	for _, f := range []field{w, m, v, grad} {
		f.check(t, "Adam")
	}
	for j := range n {
		g := float64(s.Scale) * float64(grad.slice()[j])
		b1, b2, rate := float64(s.Beta1), float64(s.Beta2), float64(s.Rate)
		mj := b1*float64(m0[j]) + (1-b1)*g
		vj := b2*float64(v0[j]) + (1-b2)*g*g
		step := rate * float64(s.Correct1) * mj / (math.Sqrt(vj)*float64(s.Correct2) + float64(s.Epsilon))
		wj := float64(w0[j])*(1-rate*float64(s.Decay)) - step
		if !near(m.slice()[j], mj, 4*eps*(math.Abs(float64(m0[j]))+math.Abs(g))) ||
			!near(v.slice()[j], vj, 4*eps*(vj+g*g)) ||
			!near(w.slice()[j], wj, 4*eps*(math.Abs(float64(w0[j]))+20*math.Abs(step))) {
			t.Fatalf("%d of %d: w %g, m %g, v %g, not %g, %g, %g", j, n, w.slice()[j], m.slice()[j], v.slice()[j], wj, mj, vj)
		}
	}
}

// TestLength: Sigmoid and Tanh of every length, in place, at every offset.
func TestLength(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		rng := rand.New(rand.NewPCG(17, 18))
		for n := range 70 {
			x := randomField(rng, n, n%Block)
			for i := range n {
				if rng.IntN(3) == 0 {
					x.slice()[i] = extreme[rng.IntN(len(extreme))]
				}
			}
			y := newField(n, (n+3)%Block)
			Sigmoid(y.slice(), x.slice())
			y.check(t, "Sigmoid")
			for i, x := range x.slice() {
				if got, want := y.slice()[i], sigmoid64(x); !near(got, want, sigmoidError) {
					t.Fatalf("sigmoid of %g is %g, not %g", x, got, want)
				}
			}
			before := append([]float32(nil), x.slice()...)
			Tanh(x.slice(), x.slice())
			x.check(t, "Tanh")
			for i, x := range x.slice() {
				if want := math.Tanh(float64(before[i])); !near(x, want, tanhError) {
					t.Fatalf("tanh of %g is %g, not %g", before[i], x, want)
				}
			}
		}
	})
}

// TestErrors goes through all of single precision in small strides and holds
// the largest errors to what the package documents.
func TestErrors(t *testing.T) {
	forEach(t, func(t *testing.T, _ string) {
		src, dst := make([]float32, 4096), make([]float32, 4096)
		var worst struct{ sigmoid, sigmoidPart, tanhPart float64 }
		fill := func(next *uint32) {
			for i := range src {
				src[i] = math.Float32frombits(*next&1<<31 | *next>>1) // the sign last
				*next += 2003
			}
		}
		for bits := uint32(0); bits < 0x7f800000<<1-2003*4096; {
			fill(&bits)
			Sigmoid(dst, src)
			for i, x := range src {
				want := sigmoid64(x)
				e := math.Abs(float64(dst[i]) - want)
				worst.sigmoid = max(worst.sigmoid, e)
				if x > -87 {
					worst.sigmoidPart = max(worst.sigmoidPart, e/want)
				}
				if dst[i] < 0 || dst[i] > 1 {
					t.Fatalf("sigmoid of %g is %g", x, dst[i])
				}
			}
			Tanh(dst, src)
			for i, x := range src {
				want := math.Tanh(float64(x))
				e := math.Abs(float64(dst[i]) - want)
				if math.Abs(float64(x)) > 0x1p-125 {
					worst.tanhPart = max(worst.tanhPart, e/math.Abs(want))
				}
				if dst[i] < -1 || dst[i] > 1 {
					t.Fatalf("tanh of %g is %g", x, dst[i])
				}
			}
		}
		t.Logf("sigmoid: %.3g absolute, %.3g relative; tanh: %.3g relative",
			worst.sigmoid, worst.sigmoidPart, worst.tanhPart)
		if worst.sigmoid > sigmoidError || worst.sigmoidPart > sigmoidPartError || worst.tanhPart > tanhError {
			t.Error("more than documented")
		}
	})
}
