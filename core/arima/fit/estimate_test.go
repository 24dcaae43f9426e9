package fit

import (
	"math"
	"testing"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
)

// simulated returns a path of the process with the coefficients.
func simulated(t testing.TB, o sarima.Order, coefs []float64, n int, seed uint64) []float64 {
	t.Helper()
	y := make([]float64, n)
	if err := sarima.NewProcess(o, coefs).Simulate(y, nil, nil, seed); err != nil {
		t.Fatal(err)
	}
	return y
}

var recoverCases = []struct {
	order sarima.Order
	coefs []float64
}{
	{sarima.Order{P: 2}, []float64{1.2, -0.5}},
	{sarima.Order{P: 1, D: 1, Q: 1}, []float64{0.6, -0.3}},
	{sarima.Order{Q: 2, D: 1}, []float64{0.5, 0.3}},
	{sarima.Order{P: 1, Q: 1, SP: 1, SD: 1, SQ: 1, Period: 12}, []float64{0.7, 0.3, 0.4, -0.6}},
}

// TestRecoversParameters: estimates on a simulated path are within four
// standard errors of the truth, and with holes in the path too.
func TestRecoversParameters(t *testing.T) {
	for _, c := range recoverCases {
		for _, holes := range []bool{false, true} {
			y := simulated(t, c.order, c.coefs, 800, 11)
			if holes {
				for i := 50; i < 800; i += 37 {
					y[i] = math.NaN()
				}
			}
			r, err := estimate(y, nil, c.order, false, defaultSettings())
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != forecast.Converged {
				t.Errorf("%v: %v", c.order, r.Status)
			}
			for i, got := range r.Coefs() {
				if !(math.Abs(got-c.coefs[i]) < 4*r.SE[i]) || r.SE[i] > 0.2 {
					t.Errorf("%v, holes %v: coefficient %d is %.3f ± %.3f, want %.3f", c.order, holes, i, got, r.SE[i], c.coefs[i])
				}
			}
			if math.Abs(r.Sigma2-1) > 0.2 {
				t.Errorf("%v: σ² is %.3f, want 1", c.order, r.Sigma2)
			}
		}
	}
}

// TestRegression recovers the coefficients of regressors and of a drift.
func TestRegression(t *testing.T) {
	o := sarima.Order{P: 1, D: 1}
	y := simulated(t, o, []float64{0.5}, 600, 3)
	x := make([]float64, len(y))
	for i := range y {
		x[i] = math.Sin(2 * float64(i))
		y[i] += 4*x[i] + 0.7*float64(i)
	}
	r, err := estimate(y, [][]float64{x}, o, true, defaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.7, 4} {
		if se := r.SE[1+i]; !(math.Abs(r.Beta[i]-want) < 4*se) || se > 0.3 {
			t.Errorf("regression coefficient %d is %.4f ± %.4f, want %.1f", i, r.Beta[i], se, want)
		}
	}
}

// TestMaximum: no small move of the coefficients raises the likelihood.
func TestMaximum(t *testing.T) {
	for _, c := range recoverCases {
		y := simulated(t, c.order, c.coefs, 300, 5)
		e, err := newEstimator(y, nil, c.order, false, false)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.estimate(defaultSettings())
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Coefs() {
			for _, d := range []float64{-1e-3, 1e-3} {
				at := r.Coefs()
				at[i] += d
				if v, ok := e.like.At(at, nil); ok && v.LogLik > r.LogLik+1e-6 {
					t.Errorf("%v: coefficient %d moved by %g raises the log-likelihood by %g", c.order, i, d, v.LogLik-r.LogLik)
				}
			}
		}
	}
}

// TestUnits: shifting and scaling the series changes no ARMA coefficient.
func TestUnits(t *testing.T) {
	for _, c := range recoverCases {
		y := simulated(t, c.order, c.coefs, 300, 7)
		moved := make([]float64, len(y))
		for i, v := range y {
			moved[i] = 3e9 + 2e6*v
		}
		a, err := estimate(y, nil, c.order, true, defaultSettings())
		if err != nil {
			t.Fatal(err)
		}
		b, err := estimate(moved, nil, c.order, true, defaultSettings())
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range a.Coefs() {
			if math.Abs(b.Coefs()[i]-v) > 1e-4 {
				t.Errorf("%v: coefficient %d is %.6f, in other units %.6f", c.order, i, v, b.Coefs()[i])
			}
		}
		if math.Abs(b.Sigma2/a.Sigma2/4e12-1) > 1e-4 {
			t.Errorf("%v: σ² %g and in other units %g", c.order, a.Sigma2, b.Sigma2)
		}
	}
}

// TestGradients compares Jᵀr of both problems with central differences of
// their sums of squares.
func TestGradients(t *testing.T) {
	o := sarima.Order{P: 2, Q: 2, SP: 1, SQ: 1, Period: 6}
	y := simulated(t, o, []float64{0.5, 0.2, 0.4, 0.1, 0.3, 0.2}, 2000, 9)
	x := make([]float64, len(y))
	for i := range x {
		x[i] = math.Cos(float64(i))
	}
	u := []float64{0.4, 0.1, -0.3, 0.2, 0.2, -0.1}
	l, err := sarima.NewLikelihood(y, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("exact", func(t *testing.T) { checkGradient(t, newExact(l, 1), u, 1e-4) })
	// The conditional derivatives leave out how the first innovations, set to
	// zero, move: a term of order 1/n.
	t.Run("conditional", func(t *testing.T) { checkGradient(t, newCSS(y, [][]float64{x}, o, 1), append(u, 0.3), 5e-3) })
}

func checkGradient(t *testing.T, p problem, u []float64, tol float64) {
	n := len(u)
	jtj, jtr := make([]float64, n*n), make([]float64, n)
	p.normal(u, jtj, jtr)
	size := 0.0
	for _, v := range jtr {
		size = max(size, math.Abs(v))
	}
	for i := range u {
		const h = 1e-5
		v := append([]float64(nil), u...)
		v[i] = u[i] + h
		up, _ := p.eval(v)
		v[i] = u[i] - h
		down, _ := p.eval(v)
		want := (up - down) / (4 * h) // half the derivative of the sum
		if math.Abs(jtr[i]-want) > tol*size {
			t.Errorf("parameter %d: %.6f, by differences %.6f", i, jtr[i], want)
		}
	}
}
