package sarima

import (
	"math"
	"testing"
)

// TestPredictSpread compares the analytic variance with simulated paths and
// with the ψ weights.
func TestPredictSpread(t *testing.T) {
	p := NewProcess(Order{P: 1, D: 1, Q: 1, SP: 1, Period: 6}, []float64{0.5, -0.3, 0.4})
	p.Sigma2 = 2
	y := wandering(120, 2)
	const h, paths = 12, 4000
	f, err := p.Predict(y, nil, h)
	if err != nil {
		t.Fatal(err)
	}
	psi := make([]float64, h)
	p.FullPsi(psi)
	sum, sum2 := make([]float64, h), make([]float64, h)
	path := make([]float64, h)
	for s := range paths {
		if err := p.Simulate(path, y, nil, uint64(s)); err != nil {
			t.Fatal(err)
		}
		for i, v := range path {
			d := v - f.Mean[i]
			sum[i] += d
			sum2[i] += d * d
		}
	}
	variance := 0.0
	for i := range h {
		variance += p.Sigma2 * psi[i] * psi[i]
		if math.Abs(f.SD[i]/math.Sqrt(variance)-1) > 1e-6 {
			t.Errorf("step %d: standard deviation %.6f, by ψ weights %.6f", i+1, f.SD[i], math.Sqrt(variance))
		}
		if m := sum[i] / paths; math.Abs(m) > 4.5*f.SD[i]/math.Sqrt(paths) {
			t.Errorf("step %d: simulated mean is off by %.4f", i+1, m)
		}
		if r := sum2[i] / paths / variance; math.Abs(r-1) > 4.5*math.Sqrt(2.0/paths) {
			t.Errorf("step %d: simulated variance is %.3f of the analytic one", i+1, r)
		}
	}
}

// TestRegressorsMove: a regressor and a drift move the prediction and every
// simulated path by their coefficients, and nothing else.
func TestRegressorsMove(t *testing.T) {
	const n, h = 60, 5
	o := Order{P: 1, D: 1, Q: 1}
	plain, moved := NewProcess(o, []float64{0.5, -0.3}), NewProcess(o, []float64{0.5, -0.3})
	moved.Constant, moved.Beta = true, []float64{0.4, 3}
	y, x := wandering(n, 6), make([]float64, n+h)
	shifted := make([]float64, n)
	for i := range x {
		x[i] = math.Cos(float64(i))
		if i < n {
			shifted[i] = y[i] + 0.4*float64(i+1) + 3*x[i]
		}
	}
	a, err := plain.Predict(y, nil, h)
	if err != nil {
		t.Fatal(err)
	}
	b, err := moved.Predict(shifted, [][]float64{x}, h)
	if err != nil {
		t.Fatal(err)
	}
	var paths [2][h]float64
	if err := plain.Simulate(paths[0][:], y, nil, 8); err != nil {
		t.Fatal(err)
	}
	if err := moved.Simulate(paths[1][:], shifted, [][]float64{x}, 8); err != nil {
		t.Fatal(err)
	}
	for i := range h {
		by := 0.4*float64(n+i+1) + 3*x[n+i]
		if math.Abs(b.Mean[i]-a.Mean[i]-by) > 1e-6 || math.Abs(b.SD[i]-a.SD[i]) > 1e-9 {
			t.Errorf("step %d: %v ± %v, without regressors %v ± %v", i+1, b.Mean[i], b.SD[i], a.Mean[i], a.SD[i])
		}
		if math.Abs(paths[1][i]-paths[0][i]-by) > 1e-6 {
			t.Errorf("step %d of a path: %v, without regressors %v", i+1, paths[1][i], paths[0][i])
		}
	}
	for name, x := range map[string][][]float64{"none": nil, "short": {x[:n]}, "not finite": {append([]float64{math.NaN()}, x[1:]...)}} {
		if _, err := moved.Predict(shifted, x, h); err != ErrRegressors {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestPredictMissing: with the last values missing the forecast is that made
// before them, and a hole in the middle only costs precision.
func TestPredictMissing(t *testing.T) {
	p := NewProcess(Order{P: 2, D: 1, Q: 1}, []float64{0.5, 0.2, 0.3})
	y := wandering(100, 4)
	full, err := p.Predict(y[:95], nil, 8)
	if err != nil {
		t.Fatal(err)
	}
	holed := append([]float64(nil), y...)
	for i := 95; i < 100; i++ {
		holed[i] = math.NaN()
	}
	late, err := p.Predict(holed, nil, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if math.Abs(late.Mean[i]-full.Mean[i+5]) > 1e-9 || math.Abs(late.SD[i]-full.SD[i+5]) > 1e-9 {
			t.Errorf("step %d: %v ± %v, made five steps before %v ± %v",
				i, late.Mean[i], late.SD[i], full.Mean[i+5], full.SD[i+5])
		}
	}
}

// TestSimulateStart: without a series, differencing a path gives a stationary
// process of the right variance.
func TestSimulateStart(t *testing.T) {
	p := NewProcess(Order{P: 1, D: 1, SD: 1, SQ: 1, Period: 4}, []float64{0.8, 0.5})
	path := make([]float64, 40000)
	if err := p.Simulate(path, nil, nil, 0); err != nil {
		t.Fatal(err)
	}
	w := Difference(path, path, p.Order)
	s := 0.0
	for _, v := range w {
		s += v * v
	}
	phi, theta := p.Expand()
	psi := make([]float64, 300)
	PsiWeights(psi, phi, theta)
	want := 0.0
	for _, v := range psi {
		want += v * v
	}
	if got := s / float64(len(w)); math.Abs(got/want-1) > 0.1 {
		t.Errorf("variance %.3f, want %.3f", got, want)
	}
	again := make([]float64, 5)
	other := make([]float64, 5)
	for i, dst := range [][]float64{again, other} {
		if err := p.Simulate(dst, nil, nil, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if again[4] == other[4] {
		t.Error("two seeds gave the same path")
	}
}
