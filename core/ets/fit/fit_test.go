package fit

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/ets"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// simulate returns n values of a process that starts from s, which it changes.
func simulate(p *ets.Process, s *ets.State, n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	y := make([]float64, n)
	for i := range y {
		before := *s
		before.Seasons = append([]float64(nil), s.Seasons...)
		v := -p.Step(&before, 0) // the one-step forecast
		e := math.Sqrt(p.Sigma2) * r.NormFloat64()
		if p.Relative {
			e *= v
		}
		y[i] = v + e
		p.Step(s, y[i])
	}
	return y
}

// TestRecovers: of simulated values the form's parameters are found again.
func TestRecovers(t *testing.T) {
	for _, f := range forms() {
		t.Run(f.Label(), func(t *testing.T) {
			t.Parallel()
			p := ets.Process{Form: f, Period: 1, Alpha: 0.4, Sigma2: 1}
			s := ets.State{Level: 300}
			if f.Relative {
				p.Sigma2 = 1e-6
			}
			if f.Trend != ets.NoTrend {
				p.Beta, p.Phi = 0.1, 1
			}
			if f.Trend == ets.Damped {
				p.Phi = 0.9
			}
			if f.Season != ets.NoSeason {
				p.Period, p.Gamma, s.Seasons = 4, 0.2, []float64{10, -10, 5, -5}
			}
			if f.Season == ets.Multiplies {
				s.Seasons = []float64{1.2, 0.8, 1.1, 0.9}
			}
			if f.Trend == ets.Additive {
				// A slope that wanders would soon lead to zero.
				p.Beta, s.Slope = 0.02, 2
			}
			y := simulate(&p, &s, 3000, 5)
			r, err := Estimate(y, p.Period, f)
			if err != nil {
				t.Fatal(err)
			}
			within := func(what string, got, want, tolerance float64) {
				if math.Abs(got-want) > tolerance {
					t.Errorf("%s is %v, want %v", what, got, want)
				}
			}
			within("α", r.Alpha, p.Alpha, 0.08)
			within("β", r.Beta, p.Beta, 0.05)
			within("γ", r.Gamma, p.Gamma, 0.06)
			within("φ", r.Phi, p.Phi, 0.06)
			within("σ²", r.Sigma2/p.Sigma2, 1, 0.1)
			if !r.Converged {
				t.Error("did not converge")
			}
		})
	}
}

// TestAutoFindsForm: of clear cases the trend and season are recognised.
func TestAutoFindsForm(t *testing.T) {
	y := make([]float64, 240)
	r := rand.New(rand.NewPCG(3, 1))
	for i := range y {
		level := 100 + 2*float64(i)
		y[i] = level * (1 + 0.3*math.Sin(2*math.Pi*float64(i)/12)) * (1 + 0.01*r.NormFloat64())
	}
	m, err := Auto(y, 12)
	if err != nil {
		t.Fatal(err)
	}
	if m.Form.Label() != "ETS(M,A,M)" {
		t.Errorf("chosen is %v, want ETS(M,A,M)", m.Form)
	}
	for i := range y {
		y[i] = r.NormFloat64()
	}
	if m, err = Auto(y, 12); err != nil || m.Form.Label() != "ETS(A,N,N)" {
		t.Errorf("of noise around zero %v is chosen (%v), want ETS(A,N,N)", m.Form, err)
	}
}

// TestEquivariant: shifted and scaled values give the same additive form, with
// states shifted and scaled.
func TestEquivariant(t *testing.T) {
	p := ets.Process{Form: ets.Form{Trend: ets.Damped, Season: ets.Adds}, Period: 6, Alpha: 0.5, Beta: 0.1, Gamma: 0.2, Phi: 0.9, Sigma2: 1}
	s := ets.State{Level: 20, Seasons: []float64{3, 2, 1, -1, -2, -3}}
	y := simulate(&p, &s, 400, 8)
	const scale, shift = 250, -1e4
	moved := make([]float64, len(y))
	for i, v := range y {
		moved[i] = scale*v + shift
	}
	for _, f := range forms() {
		if f.Relative {
			continue
		}
		a, err := Estimate(y, 6, f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Estimate(moved, 6, f)
		if err != nil {
			t.Fatal(err)
		}
		if want := a.LogLik - float64(len(y))*math.Log(scale); math.Abs(b.LogLik-want) > 1e-2 {
			t.Errorf("%v: log-likelihood %v, want %v", f, b.LogLik, want)
		}
		if want := scale*a.End.Level + shift; math.Abs(b.End.Level-want) > 0.05*scale {
			t.Errorf("%v: level %v, want %v", f, b.End.Level, want)
		}
	}
}

// TestMissing: a quarter of the values missing, some in long gaps, changes the
// estimates little.
func TestMissing(t *testing.T) {
	p := ets.Process{Form: ets.Form{}, Period: 1, Alpha: 0.3, Sigma2: 1}
	y := simulate(&p, &ets.State{Level: 100}, 3000, 4)
	r := rand.New(rand.NewPCG(6, 1))
	for i := 0; i < len(y); i++ {
		if r.Float64() < 0.02 {
			for range 1 + r.IntN(24) {
				if i < len(y) {
					y[i] = math.NaN()
					i++
				}
			}
		}
	}
	m, err := Estimate(y, 1, p.Form)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(m.Alpha-0.3) > 0.05 || math.Abs(m.Sigma2-1) > 0.1 {
		t.Errorf("α %v, σ² %v, want 0.3 and 1", m.Alpha, m.Sigma2)
	}
}

func TestTooShort(t *testing.T) {
	for _, y := range [][]float64{nil, {1}, {1, 2, 3}, {math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), 1}} {
		if _, err := Auto(y, 4); err != ErrShort {
			t.Errorf("%v: error %v, want %v", y, err, ErrShort)
		}
	}
	if _, err := Estimate([]float64{1, 2, 1, 3, 1, 2, 1, 0, 1, 2}, 1, ets.Form{Relative: true}); err != ErrShort {
		t.Errorf("relative errors of a zero: error %v, want %v", err, ErrShort)
	}
}

func TestLikelihoodDoesNotAllocate(t *testing.T) {
	y := make([]float64, 200)
	for i := range y {
		y[i] = 50 + 5*math.Sin(float64(i))
	}
	for _, f := range forms() {
		s := newSearcher(y, 12)
		s.l.use(f, 12)
		s.begin(f, nil)
		copy(s.m.x, s.starts[0].x)
		if n := testing.AllocsPerRun(5, func() { s.m.run(s.l) }); n != 0 {
			t.Errorf("%v: %v allocations", f, n)
		}
	}
}

// frame is days of a metric at a step, with a daily pattern and noise.
func frame(days int, step int64, wave float64) series.Frame {
	r := rand.New(rand.NewPCG(2, 3))
	v := make([]float64, int64(days)*day/step+7)
	walk := 0.0
	for i := range v {
		t := float64(int64(i)*step%day) / float64(day)
		walk += 0.05 * r.NormFloat64()
		v[i] = 10 + walk + wave*math.Sin(2*math.Pi*t) + 0.2*r.NormFloat64()
	}
	return series.FrameOf("web", series.CPU, series.Series{Start: 1700000100, Step: step, Values: v})
}

func taskOf(step int64, horizons ...int64) forecast.Task {
	return forecast.Task{Metric: series.CPU, Step: step, Horizons: horizons,
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
}

var _ forecast.Refitter = Config{}

// TestSeasons: a pattern of the day is a profile on blocks of five minutes, a
// season of the form at a step of an hour, and nothing where there is none.
func TestSeasons(t *testing.T) {
	for _, c := range []struct {
		name string
		step int64
		wave float64
		want string
	}{
		{"five minutes", 300, 5, "N) + daily profile"},
		{"an hour", 3600, 5, "A),"},
		{"no pattern", 300, 0, "N), AICc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := []series.Frame{frame(12, c.step, c.wave)}
			task := taskOf(c.step, c.step, 6*c.step)
			m, report, err := Defaults().Fit(h, task, forecast.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(report.Summary, c.want) {
				t.Errorf("summary %q, want %q in it", report.Summary, c.want)
			}
			again, second, err := Defaults().Refit(m, h, task, forecast.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if second.Summary[:10] != report.Summary[:10] || again.(*ets.Fitted).Settings().Form != m.(*ets.Fitted).Settings().Form {
				t.Errorf("refitted it is %q, want the form of %q", second.Summary, report.Summary)
			}
			// Six steps ahead the pattern is followed.
			w := forecast.WindowOf(&h[0], m.Spec().Needs)
			var dst forecast.Forecast
			if err := m.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
			last, _ := h[0].Series(series.CPU)
			n := len(last.Values)
			at := float64((int64(n)+5)*c.step%day) / float64(day)
			base := float64(int64(n-1)*c.step%day) / float64(day)
			want := last.Values[n-1] + c.wave*(math.Sin(2*math.Pi*at)-math.Sin(2*math.Pi*base))
			if got := dst.At[1].Mean; math.Abs(got-want) > 1 {
				t.Errorf("six steps ahead %v, want about %v", got, want)
			}
		})
	}
}

// TestFitOfLittle: short, constant and missing histories are fitted without an
// error.
func TestFitOfLittle(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		values []float64
		want   forecast.Reasons
	}{
		{"one value", []float64{5}, forecast.ShortHistory},
		{"nothing known", []float64{nan, nan, nan}, forecast.ShortHistory},
		{"constant", make([]float64, 400), 0},
		{"two values", append(append(make([]float64, 100), 1), make([]float64, 100)...), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := series.FrameOf("web", series.CPU, series.Series{Start: 1700000100, Step: 300, Values: c.values})
			m, report, err := Defaults().Fit([]series.Frame{f}, taskOf(300, 300, 1800), forecast.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if report.Reasons != c.want {
				t.Errorf("reasons %q, want %q", report.Reasons, c.want)
			}
			again, err := ets.Decode(m.AppendPayload(nil))
			if err != nil {
				t.Fatal(err)
			}
			w := forecast.WindowOf(&f, m.Spec().Needs)
			var dst forecast.Forecast
			if err := again.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
			for i := range dst.At {
				if v := dst.At[i].Mean; v-v != 0 {
					t.Errorf("forecast %v", v)
				}
			}
		})
	}
}
