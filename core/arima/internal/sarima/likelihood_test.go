package sarima

import (
	"math"
	"math/rand/v2"
	"testing"
)

// wandering is a random walk with noise and a season of 12.
func wandering(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 2))
	y := make([]float64, n)
	level := 50.0
	for i := range y {
		level += rng.NormFloat64()
		y[i] = level + rng.NormFloat64() + 3*math.Sin(float64(i)*math.Pi/6)
	}
	return y
}

var likelihoodCases = []struct {
	order Order
	coefs []float64
}{
	{Order{}, nil},
	{Order{P: 1}, []float64{0.9999}},
	{Order{P: 2, Q: 1}, []float64{0.5, 0.2, 0.4}},
	{Order{P: 1, D: 1, Q: 2}, []float64{0.5, 0.2, 0.4}},
	{Order{Q: 1, D: 2}, []float64{-0.999}},
	{Order{P: 2, D: 1, Q: 1, SD: 1, SP: 1, SQ: 1, Period: 12}, []float64{0.5, 0.2, -0.98, 0.3, -0.5}},
	{Order{Q: 1, SQ: 2, Period: 12}, []float64{0.5, 0.2, 0.4}},
	{Order{P: 1, SQ: 1, Period: 12}, []float64{0.95, 0.4}},
}

// TestFiltersAgree compares the two filters that share no code: Chandrasekhar
// recursions over differences, and the Kalman filter over levels, whose start
// is only nearly diffuse.
func TestFiltersAgree(t *testing.T) {
	y := wandering(130, 1)
	for _, c := range likelihoodCases {
		t.Run(c.order.String(), func(t *testing.T) {
			x := [][]float64{make([]float64, len(y))}
			for i := range y {
				x[0][i] = math.Cos(float64(i) / 3)
			}
			shifted := append([]float64(nil), y...)
			for i := range shifted {
				shifted[i] -= y[0]
			}
			fast, err := NewLikelihood(shifted, x, c.order)
			if err != nil {
				t.Fatal(err)
			}
			slow, err := NewLevelsLikelihood(shifted, x, c.order)
			if err != nil {
				t.Fatal(err)
			}
			a, ok1 := fast.Profile(c.coefs)
			b, ok2 := slow.Profile(c.coefs)
			if !ok1 || !ok2 || a.N != b.N {
				t.Fatalf("%v %v, %v %v", a, ok1, b, ok2)
			}
			tol := 1e-7
			if c.order.DiffLags() > 0 {
				tol = 2e-3 // the start with a variance of 1e6
			}
			if math.Abs(a.LogLik-b.LogLik) > tol {
				t.Errorf("log-likelihood %.8f by differences, %.8f in levels", a.LogLik, b.LogLik)
			}
			ba, bb := make([]float64, 1), make([]float64, 1)
			fast.Beta(ba)
			slow.Beta(bb)
			if math.Abs(ba[0]-bb[0]) > 1e-3 {
				t.Errorf("regression coefficient %v by differences, %v in levels", ba, bb)
			}
		})
	}
}

// TestLikelihoodIsTheDensity compares with the multivariate normal density of
// an ARMA process, computed from its ψ weights.
func TestLikelihoodIsTheDensity(t *testing.T) {
	y := wandering(40, 3)
	o := Order{P: 1, Q: 1, SP: 1, Period: 4}
	coefs := []float64{0.6, -0.3, 0.5}
	l, err := NewLikelihood(y, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := l.Profile(coefs)
	if !ok {
		t.Fatal("not stationary")
	}
	psi := make([]float64, 600)
	NewProcess(o, coefs).FullPsi(psi)
	n := len(y)
	cov := make([]float64, n*n)
	for i := range n {
		for j := range n {
			k := max(i-j, j-i)
			for t := 0; t+k < len(psi); t++ {
				cov[i*n+j] += psi[t] * psi[t+k]
			}
		}
	}
	logDet, quad := normalForm(cov, y)
	s2 := quad / float64(n)
	want := -0.5 * (float64(n)*math.Log(2*math.Pi*s2) + logDet + float64(n))
	if math.Abs(v.LogLik-want) > 1e-7 || math.Abs(v.Sigma2/s2-1) > 1e-9 {
		t.Errorf("log-likelihood %.9f, σ² %.9f; the density has %.9f, %.9f", v.LogLik, v.Sigma2, want, s2)
	}
}

// normalForm returns log det C and y'C⁻¹y by Cholesky decomposition.
func normalForm(c, y []float64) (logDet, quad float64) {
	n := len(y)
	z := make([]float64, n)
	for i := range n {
		for j := 0; j <= i; j++ {
			s := c[i*n+j]
			for k := range j {
				s -= c[i*n+k] * c[j*n+k]
			}
			if i == j {
				c[i*n+i] = math.Sqrt(s)
			} else {
				c[i*n+j] = s / c[j*n+j]
			}
		}
		s := y[i]
		for k := range i {
			s -= c[i*n+k] * z[k]
		}
		z[i] = s / c[i*n+i]
		logDet += 2 * math.Log(c[i*n+i])
		quad += z[i] * z[i]
	}
	return logDet, quad
}

// TestScaleOfTheData: y → a + b·y moves the log-likelihood by -n log b, at
// any size of level and unit.
func TestScaleOfTheData(t *testing.T) {
	y := wandering(200, 5)
	for _, c := range likelihoodCases {
		ones := make([]float64, len(y))
		for i := range ones {
			ones[i] = 1
		}
		var x [][]float64
		if c.order.DiffLags() == 0 {
			x = [][]float64{ones}
		}
		l, err := NewLikelihood(y, x, c.order)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := l.Profile(c.coefs)
		moved := make([]float64, len(y))
		const a, b = 4e10, 2e5
		for i := range y {
			moved[i] = a + b*y[i]
		}
		m, err := NewLikelihood(moved, x, c.order)
		if err != nil {
			t.Fatal(err)
		}
		w, _ := m.Profile(c.coefs)
		if d := v.LogLik - float64(v.N)*math.Log(b) - w.LogLik; math.Abs(d) > 1e-4 {
			t.Errorf("%v: log-likelihood off by %g after a change of units", c.order, d)
		}
	}
}

func TestLikelihoodAllocates(t *testing.T) {
	y := wandering(300, 7)
	holed := append([]float64(nil), y...)
	holed[100], holed[101] = math.NaN(), math.NaN()
	for _, series := range [][]float64{y, holed} {
		for _, c := range likelihoodCases {
			l, err := NewLikelihood(series, nil, c.order)
			if err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(5, func() { l.Profile(c.coefs) }); n != 0 {
				t.Errorf("%v: %v allocations per evaluation", c.order, n)
			}
		}
	}
}

func TestLikelihoodRefuses(t *testing.T) {
	y := wandering(30, 1)
	for name, c := range map[string]struct {
		order Order
		x     [][]float64
		want  error
	}{
		"negative order":     {Order{P: -1}, nil, ErrOrder},
		"no period":          {Order{SP: 1}, nil, ErrOrder},
		"short":              {Order{SD: 3, Period: 10}, nil, ErrShort},
		"regressor length":   {Order{P: 1}, [][]float64{{1, 2}}, ErrRegressors},
		"collinear":          {Order{P: 1}, [][]float64{y, y}, ErrRegressors},
		"regressor vanishes": {Order{P: 1}, [][]float64{make([]float64, 30)}, ErrRegressors},
	} {
		if _, err := NewLikelihood(y, c.x, c.order); err != c.want {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	l, err := NewLikelihood(y, nil, Order{P: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Profile([]float64{1.01}); ok {
		t.Error("an explosive process has a likelihood")
	}
}

func BenchmarkLikelihood(b *testing.B) {
	y := wandering(960, 1)
	for _, c := range []struct {
		order Order
		coefs []float64
	}{
		{Order{P: 2, D: 1, Q: 2}, []float64{0.5, 0.2, 0.4, 0.2}},
		{Order{P: 2, Q: 2, SP: 2, SD: 1, SQ: 1, Period: 24}, []float64{1.2, -0.3, 0.2, 0.3, 0.3, 0.2, -0.6}},
	} {
		b.Run(c.order.String(), func(b *testing.B) {
			l, err := NewLikelihood(y, nil, c.order)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				l.Profile(c.coefs)
			}
		})
	}
}
