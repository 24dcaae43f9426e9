package plot

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// The reference values are R's, by ../../core/arima/fit/testdata/stationary/golden.R.
func TestAutocorrelationsEqualR(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../core/arima/fit/testdata/stationary/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name string
			Y    []*float64 // nil: missing
			ACF  []float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, c := range golden.Cases {
		if len(c.ACF) == 0 {
			continue
		}
		tested++
		y := make([]float64, len(c.Y))
		for i, v := range c.Y {
			if y[i] = math.NaN(); v != nil {
				y[i] = *v
			}
		}
		rho := make([]float64, len(c.ACF))
		autocorrelations(rho, y)
		for k, want := range c.ACF {
			if !(math.Abs(rho[k]-want) <= 1e-12) {
				t.Errorf("%s: autocorrelation %d is %.15g, want %.15g", c.Name, k, rho[k], want)
			}
		}
	}
	if tested < 10 {
		t.Errorf("only %d series", tested)
	}
}

// An autoregression of order 1 has φ, φ², …
func TestAutoregression(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, 100_000)
	for i := 1; i < len(y); i++ {
		y[i] = -0.7*y[i-1] + rng.NormFloat64()
	}
	rho := make([]float64, 5)
	autocorrelations(rho, y)
	for k, r := range rho {
		if math.Abs(r-math.Pow(-0.7, float64(k))) > 0.02 {
			t.Errorf("autocorrelation %d is %g", k, r)
		}
	}
}

func TestLagsBeyondTheSeries(t *testing.T) {
	t.Parallel()
	rho := make([]float64, 5)
	autocorrelations(rho, []float64{1, 2, 4})
	if rho[0] != 1 || rho[3] != 0 || rho[4] != 0 {
		t.Errorf("autocorrelations %v of three values", rho)
	}
	autocorrelations(rho[:2], []float64{3, 3, 3})
	if !math.IsNaN(rho[0]) || !math.IsNaN(rho[1]) {
		t.Errorf("autocorrelations %v of a constant", rho[:2])
	}
}
