package boxcox

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// The reference values are R's, by ../unitroot/testdata/golden.R.
func TestLambdaEqualsR(t *testing.T) {
	data, err := os.ReadFile("../unitroot/testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name   string
			Y      []*float64 // nil: missing
			Period int
			Lambda *float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, c := range golden.Cases {
		if c.Lambda == nil {
			continue
		}
		tested++
		y := make([]float64, len(c.Y))
		for i, v := range c.Y {
			if y[i] = math.NaN(); v != nil {
				y[i] = *v
			}
		}
		if got := Lambda(y, c.Period, -1, 2); !(math.Abs(got-*c.Lambda) <= 1e-7) {
			t.Errorf("%s: %.12g, want %.12g", c.Name, got, *c.Lambda)
		}
	}
	if tested < 10 {
		t.Errorf("only %d series", tested)
	}
}

// Where the deviation grows as the level to the power 1−λ, that λ is found.
func TestLambdaRecovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, want := range []float64{0, 0.5, 1, 1.5} {
		y := make([]float64, 24*400)
		for i := range y {
			level := 50 + 40*math.Sin(float64(i/24)/20)
			y[i] = level + 0.1*math.Pow(level, 1-want)*rng.NormFloat64()
		}
		if got := Lambda(y, 24, -1, 2); math.Abs(got-want) > 0.05 {
			t.Errorf("λ = %g, want %g", got, want)
		}
	}
}

func TestLambdaEdges(t *testing.T) {
	wave := func(low float64) []float64 {
		y := make([]float64, 48)
		for i := range y {
			y[i] = low + float64(i%7) + float64(i/8)
		}
		return y
	}
	if got := Lambda(wave(1)[:24], 12, -1, 2); got != 1 {
		t.Errorf("two periods: %g", got)
	}
	if got := Lambda(make([]float64, 48), 12, -1, 2); got != 1 {
		t.Errorf("zeros: %g", got)
	}
	for _, low := range []float64{0, -3} {
		if got := Lambda(wave(low), 12, -1, 2); got < 0 || got > 2 {
			t.Errorf("from %g on: %g, want it in [0, 2]", low, got)
		}
	}
}

// The expected values are R's forecast::BoxCox and InvBoxCox.
func TestTransform(t *testing.T) {
	for _, c := range []struct{ v, lambda, want float64 }{
		{8, 1.0 / 3, 3}, {math.E, 0, 1}, {2, -1, 0.5}, {-4, 0.5, -6}, {0, 0.5, -2},
		{5, 1, 4}, {0, 0, math.Inf(-1)},
	} {
		got := Transform(c.v, c.lambda)
		if got != c.want && math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Transform(%g, %g) = %g, want %g", c.v, c.lambda, got, c.want)
		}
		if back := Invert(got, c.lambda); math.Abs(back-c.v) > 1e-12 {
			t.Errorf("Invert(%g, %g) = %g, want %g", got, c.lambda, back, c.v)
		}
	}
	for _, bad := range []float64{
		Transform(-1, 0), Transform(-1, -0.5), Transform(math.NaN(), 1), Invert(3, -0.5), Invert(math.NaN(), 0),
	} {
		if !math.IsNaN(bad) {
			t.Errorf("%g, want NaN", bad)
		}
	}
}

func TestMinimise(t *testing.T) {
	for _, c := range []struct {
		name       string
		f          func(float64) float64
		a, b, want float64
	}{
		{"parabola", func(x float64) float64 { return (x - 0.3) * (x - 0.3) }, -1, 2, 0.3},
		{"kink", func(x float64) float64 { return math.Abs(x + 0.7) }, -1, 2, -0.7},
		{"at the end", func(x float64) float64 { return x }, -1, 2, -1},
		{"partly NaN", func(x float64) float64 { return math.Sqrt(x-0.5) + (x-1)*(x-1) }, 0, 2, 0.5},
	} {
		if got := minimise(c.f, c.a, c.b, 1e-6); math.Abs(got-c.want) > 1e-5 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}
