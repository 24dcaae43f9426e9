package prophet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// berlin is Europe/Berlin in 2024.
func berlin(t testing.TB) series.Zone {
	z, err := series.NewZone(3600, []series.Transition{{At: 1711846800, Offset: 7200}, {At: 1729990800, Offset: 3600}})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// example has a bit of everything.
func example(t testing.TB) *Curve {
	c, err := NewCurve(Params{
		Growth: Linear, Start: 1709251200, Span: 14 * 86400, Scale: 200, // 1 March 2024
		K: 0.3, M: 0.5, Changes: []float64{0.2, 0.5, 0.8}, Delta: []float64{0.1, -0.4, 0.05}, Sigma: 0.05,
		Zone: berlin(t),
		Seasons: []Season{
			{Name: "weekly", Period: 7, Condition: None, Beta: []float64{0.05, -0.02, 0.01, 0.03, 0.02, -0.01}},
			{Name: "daily", Period: 1, Mode: Multiplicative, Condition: None, Beta: []float64{0.2, -0.1, 0.05, 0.03}},
			{Name: "weekend", Period: 1, Condition: Weekend, Beta: []float64{0.1, 0.1}},
			{Name: "on", Period: 2, Condition: 1, Beta: []float64{0.03, 0.04}},
		},
		Events:     []Event{{Name: "deploy", Beta: 0.3, Spans: []Span{{1709900000, 1709900600}, {1709990000, 1709990600}}}},
		Regressors: []Regressor{{Input: 0, Mode: Multiplicative, Mean: 3, Std: 2, Beta: 0.1}},
		Inputs:     []Input{{"queue", 4}, {"season", 1}},
		CapInput:   None, FloorInput: None,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFill: the curve over a grid is the curve at each of its times, over
// changes of the clock and backwards too.
func TestFill(t *testing.T) {
	c := example(t)
	in := []float64{5, 1}
	for _, g := range []struct{ t, step int64 }{{1709899700, 300}, {1711800000, 900}, {1710590000, -3600}, {1709990300, -86400}} {
		dst := make([]float64, 400)
		c.fill(dst, g.t, g.step, in)
		for i, got := range dst {
			if want := c.At(g.t+int64(i)*g.step, in).Value(); math.Abs(got-want) > 1e-9 {
				t.Fatalf("%d + %d·%d: %v, not %v", g.t, i, g.step, got, want)
			}
		}
	}
}

// TestComponentsAddUp: the terms are what the forecast is made of.
func TestComponentsAddUp(t *testing.T) {
	c := example(t)
	for _, at := range []int64{1709251200, 1709900100, 1710000000, 1710600000, 1720000000} {
		in := []float64{1, 0}
		p := c.At(at, in)
		var sum Parts
		for _, term := range c.Components(nil, at, in) {
			switch {
			case term.Name == holidaysName: // a sum itself
			case term.Mode == Additive:
				sum.Additive += term.Value
			default:
				sum.Multiplicative += term.Value
			}
		}
		if math.Abs(sum.Additive-p.Additive) > 1e-9 || math.Abs(sum.Multiplicative-p.Multiplicative) > 1e-12 {
			t.Errorf("at %d the terms add up to %+v, not %+v", at, sum, p)
		}
	}
}

// TestTrendIsContinuous at changepoints, for both growths.
func TestTrendIsContinuous(t *testing.T) {
	for _, g := range []Growth{Linear, Logistic} {
		p := example(t).Params
		p.Growth, p.Inputs, p.Regressors, p.Seasons = g, []Input{{"cap", 400}}, nil, nil
		if g == Logistic {
			p.CapInput = 0
		}
		c, err := NewCurve(p)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range p.Changes {
			at := p.Start + int64(x*p.Span)
			a, b := c.At(at-1, []float64{400}), c.At(at+1, []float64{400})
			if math.Abs(a.Trend-b.Trend) > 1e-3 {
				t.Errorf("growth %d: the trend jumps from %v to %v at changepoint %d", g, a.Trend, b.Trend, i)
			}
			if g == Logistic && !(a.Trend > 0 && a.Trend < 400) {
				t.Errorf("logistic trend %v is not between 0 and its cap", a.Trend)
			}
		}
	}
}

// TestLogisticOffsets: the exponent is that of Prophet's recursion for γ.
func TestLogisticOffsets(t *testing.T) {
	p := example(t).Params
	p.Growth, p.K, p.M = Logistic, 2.5, 0.4
	p.Inputs, p.Regressors, p.Seasons, p.CapInput = []Input{{"cap", 400}}, nil, nil, 0
	c, err := NewCurve(p)
	if err != nil {
		t.Fatal(err)
	}
	for x := 0.0; x < 1.5; x += 0.013 {
		k, m := p.K, p.M
		for i, s := range p.Changes {
			if x < s {
				break
			}
			next := k + p.Delta[i]
			m += (s - m) * (1 - k/next)
			k = next
		}
		if got, want := c.line(x), k*(x-m); math.Abs(got-want) > 1e-12 {
			t.Fatalf("at %v the exponent is %v, not %v", x, got, want)
		}
	}
}

// TestSpreadOfSimulations: the analytic quantiles are those of simulated
// changes of the trend, where they are used.
func TestSpreadOfSimulations(t *testing.T) {
	p := example(t).Params
	p.Sigma = 0.9
	c, err := NewCurve(p)
	if err != nil {
		t.Fatal(err)
	}
	in := []float64{4, 1}
	tried, most := 0, 0.0
	for after := int64(24); after < 24*56; after += 24 * 5 {
		at := c.Start + int64(c.Span) + after*3600
		s := c.spreadAt(at, in)
		if !s.normal {
			continue
		}
		tried, most = tried+1, max(most, s.excess)
		levels := []float64{0.05, 0.1, 0.25, 0.75, 0.9, 0.95}
		var scratch forecast.Scratch
		q := make([]float64, len(levels))
		c.quantiles(q, levels, at, in, &scratch)
		draws := make([]float64, 200_000)
		c.simulate(draws, &s, at, in)
		slices.Sort(draws)
		for i, p := range levels {
			want := draws[int(p*float64(len(draws)))] * c.Scale
			if math.Abs(q[i]/want-1) > 0.03 {
				t.Errorf("after %d hours quantile %v is %v, simulated %v (excess %v)", after, p, q[i], want, s.excess)
			}
		}
	}
	if tried < 2 || most < 0.3 {
		t.Errorf("%d times tried, with an excess of %v at most", tried, most)
	}
}

func TestSimulationIsRepeatable(t *testing.T) {
	c := example(t)
	in := []float64{4, 1}
	at := c.Start + 60*86400
	if s := c.spreadAt(at, in); s.normal {
		t.Fatalf("%+v is not simulated", s)
	}
	lo, hi := c.Interval(at, in, 0.8)
	lo2, hi2 := c.Interval(at, in, 0.8)
	wlo, whi := c.Interval(at, in, 0.95)
	if lo != lo2 || hi != hi2 || !(wlo < lo && lo < hi && hi < whi) {
		t.Errorf("intervals %v %v, %v %v, %v %v", lo, hi, lo2, hi2, wlo, whi)
	}
}

func TestDaySpan(t *testing.T) {
	z := berlin(t)
	for _, c := range []struct {
		name     string
		t, days  int64
		from, to int64
	}{
		{"a winter's day", 1709294706, 0, 1709247600, 1709334000},
		{"the day before", 1709294706, -1, 1709161200, 1709247600},
		{"of 23 hours", 1711850000, 0, 1711839600, 1711922400},
		{"of 25 hours", 1729980000, 0, 1729980000, 1730070000},
	} {
		if got := DaySpan(&z, c.t, c.days); got != (Span{c.from, c.to}) {
			t.Errorf("%s: %v, not %v", c.name, got, Span{c.from, c.to})
		}
	}
}

func TestMergeSpans(t *testing.T) {
	got := MergeSpans([]Span{{50, 60}, {10, 20}, {30, 30}, {20, 25}, {55, 58}})
	if !slices.Equal(got, []Span{{10, 25}, {50, 60}}) {
		t.Errorf("%v", got)
	}
	e := Event{Spans: got}
	for at, want := range map[int64]bool{9: false, 10: true, 24: true, 25: false, 49: false, 59: true, 60: false} {
		if e.Covers(at) != want {
			t.Errorf("Covers(%d) is %v", at, !want)
		}
	}
}

func TestMedian(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		e := make([]float64, n)
		for i := range e {
			if e[i] = float64(r.IntN(20)); r.IntN(5) == 0 {
				e[i] = math.NaN()
			}
		}
		sorted := slices.DeleteFunc(slices.Sorted(slices.Values(e)), math.IsNaN)
		got := median(e)
		if k := len(sorted); k == 0 && got == got || k > 0 && got != (sorted[(k-1)/2]+sorted[k/2])/2 {
			t.Fatalf("%v of %v", got, sorted)
		}
	}
}

// TestImpossibleParams: what is no model is refused.
func TestImpossibleParams(t *testing.T) {
	for name, spoil := range map[string]func(p *Params){
		"no span":            func(p *Params) { p.Span = 0 },
		"no scale":           func(p *Params) { p.Scale = math.NaN() },
		"an unknown growth":  func(p *Params) { p.Growth = 3 },
		"changes":            func(p *Params) { p.Delta = p.Delta[1:] },
		"disorder":           func(p *Params) { p.Changes[0] = 0.9 },
		"half a harmonic":    func(p *Params) { p.Seasons[0].Beta = []float64{1} },
		"an unknown input":   func(p *Params) { p.Regressors[0].Input = 2 },
		"division by zero":   func(p *Params) { p.Regressors[0].Std = 0 },
		"spans that overlap": func(p *Params) { p.Events[0].Spans = []Span{{1, 5}, {4, 6}} },
		"a condition":        func(p *Params) { p.Seasons[3].Condition = 7 },
	} {
		p := example(t).Params
		spoil(&p)
		if c, err := NewCurve(p); err != forecast.ErrPayload {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

// TestPayload: a model with everything comes back from its bytes.
func TestPayload(t *testing.T) {
	tk := forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 900}, Levels: []float64{0.1, 0.5, 0.9},
		Bounds: series.DefaultBounds("cpu")}
	for _, memory := range [][]Memory{nil, {{Weights: [ErrorCount]float64{1, 2, 3}, Spread: 4}, {Spread: 5}}} {
		f, err := New(tk, example(t), memory)
		if err != nil {
			t.Fatal(err)
		}
		b := f.AppendPayload(nil)
		g, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(g.AppendPayload(nil)) != string(b) || g.Detail() != f.Detail() {
			t.Errorf("decoded and encoded again it differs")
		}
		for at := int64(1709800000); at < 1712000000; at += 77777 {
			if x, y := f.Curve().At(at, []float64{2, 1}), g.Curve().At(at, []float64{2, 1}); x != y {
				t.Fatalf("at %d: %+v, not %+v", at, y, x)
			}
		}
	}
	if _, err := New(tk, example(t), make([]Memory, 1)); err == nil {
		t.Error("one memory for two horizons")
	}
}

// TestRecallOfAPerfectCurve: a window that the curve made has no errors, one
// that is off by a constant has that error everywhere.
func TestRecallOfAPerfectCurve(t *testing.T) {
	for _, step := range []int64{15, 60, 300, 3600} {
		c := example(t)
		in := []float64{4, 1}
		v, queue, season := make([]float64, 9*86400/step), make([]float64, 9*86400/step), make([]float64, 9*86400/step)
		start := int64(1709700000) / 3600 * 3600
		for i := range v {
			v[i] = c.At(start+int64(i)*step, in).Value() + 7
			queue[i], season[i] = 4, 1
		}
		f := series.Frame{Start: start, Step: step, Metrics: []string{"cpu", "queue", "season"}, Columns: [][]float64{v, queue, season}}
		w := forecast.WindowOf(&f, NeedsOf(step))
		recent, _ := w.Recent.Series("cpu")
		long, _ := w.Long.Series("cpu")
		var r Recall
		var scratch forecast.Scratch
		known, all := c.InputsAt(&w, &scratch)
		if !all {
			t.Error("the window has no inputs")
		}
		r.Reset(c, &w, recent, long, known, &scratch)
		var e [ErrorCount]float64
		at := r.Errors(&e, 2*step)
		if want := c.At(f.Time(f.Len()-1)+2*step, in).Value(); math.Abs(at-want) > 1e-9 {
			t.Errorf("step %d: the curve is %v, not %v", step, at, want)
		}
		for k, v := range e[:shape] {
			// Means of cells are compared with the curve at their centre.
			if math.Abs(v-7) > 0.5 {
				t.Errorf("step %d: error %q is %v, not 7", step, ErrorNames[k], v)
			}
		}
	}
}

// TestRecallFindsPatterns: an error of every hour, one of every day at noon and
// one of yesterday alone are found by what is to find them, for targets within
// and beyond an hour and a day.
func TestRecallFindsPatterns(t *testing.T) {
	c, err := NewCurve(Params{Growth: Flat, Start: 0, Span: 1, Scale: 1, M: 100, CapInput: None, FloorInput: None})
	if err != nil {
		t.Fatal(err)
	}
	const step = 300
	v := make([]float64, 9*288)
	start := int64(1_700_006_400)/86400*86400 + 86400
	for i := range v {
		at := start + int64(i)*step
		v[i] = 100
		if at%3600 == 1800 {
			v[i] += 50 // at half past
		}
		if at%86400 == 43200 {
			v[i] += 30 // at noon
		}
		if i >= 7*288+120 && i < 7*288+127 {
			v[i] += 7 // on the last day but one, from ten o'clock
		}
	}
	f := series.FrameOf("webapp", "cpu", series.Series{Start: start, Step: step, Values: v})
	for _, x := range []struct {
		name        string
		origin      int // cell of the last day
		ahead       int64
		hours, days float64
		yesterday   float64
	}{
		{"half past, soon", 100, 600, 50, 50, 50. / 7}, // 8:20 to 8:30
		{"half past, beyond an hour", 100, 4200, 50, 50, 50. / 7},
		{"half past, beyond a day", 100, 600 + 86400, 50, 50, 50. / 7},
		{"noon", 140, 1200, 0, 30, 30. / 7},
		{"as yesterday", 100, 6900, 0, 0, 7 + 50./7}, // 10:15
		{"the last day known, beyond a day", 100, 6900 + 86400, 0, 0, 7 + 50./7},
		{"any other time", 100, 300, 0, 0, 50. / 7},
	} {
		past := f.Slice(0, 8*288+x.origin+1)
		w := forecast.WindowOf(&past, NeedsOf(step))
		recent, _ := w.Recent.Series("cpu")
		long, _ := w.Long.Series("cpu")
		var r Recall
		var scratch forecast.Scratch
		r.Reset(c, &w, recent, long, nil, &scratch)
		var e [ErrorCount]float64
		r.Errors(&e, x.ahead)
		if e[errorHours] != x.hours || e[errorDays] != x.days || math.Abs(e[errorYesterday]-x.yesterday) > 1e-9 {
			t.Errorf("%s: %v, %v and %v", x.name, e[errorHours], e[errorDays], e[errorYesterday])
		}
	}
}
