package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/ets"
)

// forms are the 15 forms.
func forms() []ets.Form {
	var out []ets.Form
	for _, relative := range [...]bool{false, true} {
		for trend := ets.NoTrend; trend <= ets.Damped; trend++ {
			for season := ets.NoSeason; season <= ets.Multiplies; season++ {
				if f := (ets.Form{Relative: relative, Trend: trend, Season: season}); f.Valid() {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// point returns a likelihood of wavy values and a point of it.
func point(f ets.Form, missing bool) (*likelihood, []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, 60)
	for i := range y {
		y[i] = 20 + 0.1*float64(i) + 3*math.Sin(float64(i)) + r.NormFloat64()
		if missing && (i%17 == 5 || i > 30 && i < 36 || i == 0) {
			y[i] = math.NaN()
		}
	}
	l := newLikelihood(y, 6)
	l.use(f, 6)
	l.scale, l.ratio = 2, 0.1
	x := make([]float64, l.count())
	p := ets.Process{Form: f, Alpha: 0.4, Beta: 0.1, Gamma: 0.2, Phi: 0.9}
	s := ets.State{Level: 21, Slope: 0.2, Seasons: []float64{1, -1, 0.5, 0.5, -1, 0}}
	if f.Season == ets.Multiplies {
		s.Seasons = []float64{1.1, 0.9, 1.2, 0.8, 1, 1}
	}
	l.pack(x, &p, &s)
	return l, x
}

// TestGradient compares the adjoint with central differences, with values
// missing and without.
func TestGradient(t *testing.T) {
	for _, missing := range [...]bool{false, true} {
		for _, f := range forms() {
			l, x := point(f, missing)
			g := make([]float64, len(x))
			if v := l.value(x); math.IsInf(v, 0) {
				t.Fatalf("%v: the likelihood is %v", f, v)
			}
			l.gradient(g, x)
			for i := range x {
				const h = 1e-5
				x[i] += h
				up := l.value(x)
				x[i] -= 2 * h
				down := l.value(x)
				x[i] += h
				if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("%v, missing %v: derivative %d is %v, want %v", f, missing, i, g[i], want)
				}
			}
		}
	}
}

// TestFollowsStep compares the likelihood, whose recursions are written for speed,
// with that of the errors of the filter that serves.
func TestFollowsStep(t *testing.T) {
	for _, missing := range [...]bool{false, true} {
		for _, f := range forms() {
			l, x := point(f, missing)
			got := l.value(x)
			s := cloneState(l.start)
			squares, logs := 0.0, 0.0
			for _, y := range l.y {
				spread := 1 + s.Spread
				e := l.p.Step(&s, y)
				if e != e {
					continue
				}
				if f.Relative {
					logs += 2 * math.Log(y-e)
					e /= y - e
				}
				squares += e * e / spread
				logs += math.Log(spread)
			}
			if want := l.n*math.Log(squares) + logs; math.Abs(got-want) > 1e-9*math.Abs(want) {
				t.Errorf("%v, missing %v: %v, want %v", f, missing, got, want)
			}
		}
	}
}

// TestAdmissible compares with the sizes of the errors that the states make of one
// error: they die out or grow.
func TestAdmissible(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	counts := map[bool]int{}
	for range 400 {
		p := ets.Process{Form: ets.Form{Trend: ets.Damped, Season: ets.Adds}, Period: 4,
			Alpha: r.Float64(), Beta: r.Float64(), Gamma: r.Float64(), Phi: 0.8 + 0.18*r.Float64()}
		l := newLikelihood(make([]float64, 8), 4)
		l.use(p.Form, 4)
		l.p = p
		// Against zeros a state that is off leads to errors. A constant that level
		// and season share does none.
		s := ets.State{Level: 1, Seasons: []float64{0.3, 0, -0.1, 0}}
		early, late := 0.0, 0.0
		for i := range 2000 {
			e := math.Abs(p.Step(&s, 0))
			if i < 200 {
				early = max(early, e)
			} else if i >= 1800 {
				late = max(late, e)
			}
		}
		switch got := l.admissible(); {
		case late > 2*early && got, late < early/1e3 && !got:
			t.Errorf("%+v: admissible is %v; errors of %v become %v", p, got, early, late)
		default:
			counts[got]++
		}
	}
	if counts[true] < 50 || counts[false] < 50 {
		t.Errorf("%v admissible and not", counts)
	}
}
