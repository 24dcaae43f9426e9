package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

// TestLasso holds the conditions of the minimum on random problems, from a
// start with the wrong signs too.
func TestLasso(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		n, plain := 4+r.IntN(12), 1+r.IntN(3)
		a := make([]float64, 2*n*n)
		for i := range a {
			a[i] = r.NormFloat64()
			if i >= n { // columns that are nearly alike, as hinges are
				a[i] = 0.9*a[i-n] + 0.4*a[i]
			}
		}
		h, c := make([]float64, n*n), make([]float64, n)
		for i := range n {
			c[i] = 3 * r.NormFloat64()
			for j := range n {
				for k := range 2 * n {
					h[i*n+j] += a[k*n+i] * a[k*n+j]
				}
			}
		}
		start := make([]float64, n-plain)
		for i := range start {
			if r.IntN(2) == 0 {
				start[i] = r.NormFloat64()
			}
		}
		const lambda = 2.
		v := newLasso(n, plain).solve(h, c, start, lambda)
		for i := range n {
			g := c[i] - dot(h[i*n:][:n], v)
			switch {
			case i >= plain && v[i] == 0:
				g = max(math.Abs(g)-lambda, 0)
			case i >= plain:
				g -= math.Copysign(lambda, v[i])
			}
			if math.Abs(g) > 1e-7*(1+math.Abs(c[i])) {
				t.Fatalf("%d variables, %d of them free: the derivative by %d is off by %v at %v", n, plain, i, g, v)
			}
		}
	}
}

// TestMode: where a fit ends, no parameter's derivative of the log posterior
// is left, but for those of changepoints at zero within the prior's kink. The
// problems are hard ones: logistic growth far from its start, multiplied
// seasonalities, noise.
func TestMode(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for k := range 60 {
		c := Defaults()
		c.Growth, c.SeasonalityMode = prophet.Growth(k%3), prophet.Mode(k/3%2)
		c.NChangepoints, c.ChangepointPriorScale = 5+r.IntN(10), 0.05+r.Float64()
		c.Cap = 60 + 40*r.Float64()
		d := hours(24*4 + r.IntN(300))
		steep, at := 20*(r.Float64()-0.3), r.Float64()
		for i := range d.Y {
			x := float64(i) / float64(len(d.Y))
			d.Y[i] = 50/(1+math.Exp(-steep*(x-at)))*(1+0.3*math.Sin(2*math.Pi*float64(i)/24)) + 3*r.NormFloat64()
		}
		_, p, err := c.problem(d)
		if err != nil {
			t.Fatal(err)
		}
		s := newSolver(p)
		p.start(s.at)
		if status := s.maximise(); status != forecast.Converged {
			t.Errorf("problem %d: %v", k, status)
			continue
		}
		a := s.at
		s.q.fill(p, a, s.now)
		w := 1 / (a.sigma * a.sigma)
		v := make([]float64, s.q.n)
		s.flatten(v, a)
		for i := range v {
			g := s.q.b[i] * w
			switch {
			case i < 2:
				g -= v[i] / (trendPrior * trendPrior)
			case i < s.q.plain:
				g -= v[i] / (p.prior[i-2] * p.prior[i-2])
			case v[i] != 0:
				g -= math.Copysign(1/p.tau, v[i])
			default:
				g = max(math.Abs(g)-1/p.tau, 0)
			}
			// A step of a Newton method along it would gain g²/2h.
			if h := s.q.g[i*s.q.n+i]*w + 1; g*g/(2*h) > 1e-3 {
				t.Errorf("problem %d, growth %d: the derivative by parameter %d is %v, worth %v", k, c.Growth, i, g, g*g/(2*h))
			}
		}
	}
}

// TestWeigh finds the weights that simulated errors were made with, spikes in
// one of ten rows notwithstanding, and they sum to one.
func TestWeigh(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var o rows
	for range 3000 {
		var e [prophet.ErrorCount]float64
		for k := range e {
			e[k] = 5 * r.NormFloat64()
		}
		rest := 0.5*e[0] + 0.3*e[3] + 0.2*e[6] + 0.4*e[prophet.ErrorCount-1] + 0.1*r.NormFloat64()
		if r.IntN(10) == 0 {
			rest += 200
		}
		o.errors, o.rest, o.volatile = append(o.errors, e), append(o.rest, rest), append(o.volatile, 1)
	}
	m := o.weigh()
	sum := 0.0
	for k, v := range m.Weights {
		want := map[int]float64{0: 0.5, 3: 0.3, 6: 0.2, prophet.ErrorCount - 1: 0.4}[k]
		if math.Abs(v-want) > 0.03 {
			t.Errorf("weight of %s is %v, not %v", prophet.ErrorNames[k], v, want)
		}
		if k < prophet.ErrorCount-1 {
			sum += v
		}
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("the weights sum to %v", sum)
	}
	few := rows{errors: o.errors[:5], rest: o.rest[:5], volatile: o.volatile[:5]}
	if m := few.weigh(); m.Weights[0] != 1 || m.Weights[prophet.ErrorCount-1] != 1 {
		t.Errorf("of five rows: %v", m.Weights)
	}
}

// TestMemoryIsOutOfSample: a model that knows its history by heart has small
// errors there and large ones after it, and the memory tells of the latter.
func TestMemoryIsOutOfSample(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	v := make([]float64, 2*288)
	for i := range v {
		v[i] = 100 + r.NormFloat64()
	}
	f := series.FrameOf("webapp", series.CPU, series.Series{Start: 1_700_000_100, Step: 300, Values: v})
	c := Defaults()
	c.DailySeasonality, c.WeeklySeasonality = 130, 0
	m, _, err := c.Fit([]series.Frame{f}, task(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Of noise with σ 1, the mean absolute value is 0.8.
	for h, o := range m.(*prophet.Fitted).Memory() {
		if o.Spread < 0.8 {
			t.Errorf("horizon %d: a mean absolute error of %v", h, o.Spread)
		}
	}
}
