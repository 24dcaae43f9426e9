package backtest

import (
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/series"
)

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-12*max(1, math.Abs(b))
}

// TestScore: every score of four rows, by hand.
func TestScore(t *testing.T) {
	tl := newTally(300, []float64{0.1, 0.5, 0.9})
	for _, r := range []Row{
		{Actual: 10, Last: 8, Point: 9, Lo: 7, Hi: 11, Quantiles: []float64{7, 9, 11}},
		{Actual: 0, Last: 4, Point: 0, Lo: 1, Hi: 3, Quantiles: []float64{1, 0, 3}},
		{Actual: 6, Last: 6, Point: nan, Lo: nan, Hi: nan},
		{Actual: 4, Last: 2, Point: 6, Lo: 0, Hi: 3.5, Quantiles: []float64{0, 6, 3.5}},
	} {
		tl.add(&r)
	}
	s := tl.score(0.5)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"MAE", s.MAE, 3.0 / 4},
		{"RMSE", s.RMSE, math.Sqrt(5.0 / 4)},
		{"R2", s.R2, 1 - 5.0/52},
		{"sMAPE", s.SMAPE, (200.0/19 + 200*2.0/10) / 4},
		{"MASE", s.MASE, 1.5},
		{"persistence", s.Persistence, 2},
		{"ratio", s.Ratio, 0.375},
		{"coverage", s.Coverage, 1.0 / 3},
		{"width", s.Width, (4 + 2 + 3.5) / 3},
		{"Winkler", s.Winkler, (4 + (2 + 10*1) + (3.5 + 10*0.5)) / 3},
		{"pinball 0.1", s.Pinball[0], (0.1*3 + 0.9*1 + 0.1*4) / 3},
		{"pinball 0.5", s.Pinball[1], (0.5*1 + 0 + 0.5*2) / 3},
		{"pinball 0.9", s.Pinball[2], (0.1*1 + 0.1*3 + 0.9*0.5) / 3},
		{"missing", s.Missing, 0.25},
	} {
		if !near(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestScoreUndefined: what cannot be said is NaN, never infinite.
func TestScoreUndefined(t *testing.T) {
	tl := newTally(300, nil)
	tl.add(&Row{Actual: 2, Last: 2, Point: 3, Lo: nan, Hi: nan})
	s := tl.score(0)
	for name, v := range map[string]float64{"R2": s.R2, "MASE": s.MASE, "ratio": s.Ratio,
		"coverage": s.Coverage, "width": s.Width, "Winkler": s.Winkler, "pinball": s.MeanPinball()} {
		if !math.IsNaN(v) {
			t.Errorf("%s: got %v, want NaN", name, v)
		}
	}
}

// TestScoreScales: scores in the metric's unit scale with the data, the
// others do not change.
func TestScoreScales(t *testing.T) {
	at := func(k float64) Score {
		tl := newTally(300, []float64{0.5})
		for i := range 50 {
			x := k * float64(i*7919%101)
			tl.add(&Row{Actual: x, Last: x + k*float64(i%5), Point: x - k*float64(i%3), Lo: x - k, Hi: x + k*float64(i%4-1), Quantiles: []float64{x - k*float64(i%3)}})
		}
		return tl.score(k)
	}
	a, b := at(1), at(1024)
	for name, p := range map[string][3]float64{
		"MAE": {a.MAE, b.MAE, 1024}, "RMSE": {a.RMSE, b.RMSE, 1024}, "width": {a.Width, b.Width, 1024},
		"Winkler": {a.Winkler, b.Winkler, 1024}, "pinball": {a.Pinball[0], b.Pinball[0], 1024},
		"R2": {a.R2, b.R2, 1}, "sMAPE": {a.SMAPE, b.SMAPE, 1}, "MASE": {a.MASE, b.MASE, 1},
		"ratio": {a.Ratio, b.Ratio, 1}, "coverage": {a.Coverage, b.Coverage, 1},
	} {
		if !near(p[0]*p[2], p[1]) {
			t.Errorf("%s: %v at scale 1, %v at 1024", name, p[0], p[1])
		}
	}
}

// one is a series with the given ratio at one horizon.
func one(model, container string, horizon int64, ratio float64) Series {
	return Series{Model: model, Container: container, Metric: "cpu",
		At: []Score{{Horizon: horizon, Ratio: ratio, Persistence: 2, R2: nan, Coverage: ratio}}}
}

func TestSummarise(t *testing.T) {
	all := []Series{
		one("m", "b/1", 300, 0.5), one("m", "b/2", 300, 0.9), one("m", "b/3", 300, nan), one("m", "b/4", 900, 1.5),
		one("m", "a", 300, 2), one("n", "a", 300, 1),
	}
	got := Summarise(all, BySource)
	if len(got) != 3 || got[0].Name != "a" || got[1].Name != "b" || got[2].Model != "n" {
		t.Fatalf("groups: %+v", got)
	}
	b := got[1]
	if b.Series != 2 || len(b.At) != 2 || !near(b.At[0].Ratio, 0.7) || b.At[1].Ratio != 1.5 ||
		!near(b.Better, 2.0/3) || b.P95 != 0.9 || !math.IsNaN(b.At[0].R2) {
		t.Errorf("b: %+v", b)
	}
	o := Overalls(all, BySource)
	if len(o) != 2 || !slices.Equal(o[0].Horizons, []int64{300, 900}) || !near(o[0].Ratios[0], (2+0.7)/2) ||
		!near(o[0].Ratio, (1.35+1.5)/2) || !near(o[0].Better, 0.5) || o[0].P95 != 1.5 {
		t.Errorf("overall: %+v", o)
	}
	if g := Summarise(all, ByMetric); len(g) != 2 || g[0].Series != 3 || g[0].Name != "cpu" {
		t.Errorf("by metric: %+v", g)
	}
	if g := Summarise(all, BySeries); len(g) != 5 || g[1].Name != "b/1 cpu" {
		t.Errorf("by series: %+v", g)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{nil, nan}, {[]float64{nan}, nan}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, nan, 1, 2}, 2}} {
		if got := Median(slices.Clone(c.in)); !near(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
	}
}

// TestRescore: forecasts looked up give the scores of the run that made them.
func TestRescore(t *testing.T) {
	frames := []series.Frame{wave("a/x", 700, 0), wave("b/y", 500, 1)}
	tr := trainer{}
	tr.needs.Recent = 12
	rows, run := collect(t, frames, tr, config(2))
	type key struct {
		container, metric string
		origin, horizon   int64
	}
	file := map[key]Row{}
	for _, r := range rows {
		file[key{r.Container, r.Metric, r.Origin, r.Horizon}] = r
	}
	again, err := Rescore(frames, config(1), "means", func(c, m string, o, h int64) (float64, float64, float64) {
		r := file[key{c, m, o, h}]
		return r.Point, r.Lo, r.Hi
	})
	if err != nil || len(again.Series) != len(run.Series) {
		t.Fatal(err, len(again.Series))
	}
	for i, s := range run.Series {
		for k, want := range s.At {
			got := again.Series[i].At[k]
			if got.MAE != want.MAE || got.R2 != want.R2 || got.Winkler != want.Winkler || got.MASE != want.MASE || got.Pinball[1] != want.Pinball[4] {
				t.Errorf("%s %s +%d: got %+v, want %+v", s.Container, s.Metric, want.Horizon, got, want)
			}
		}
	}

	one := config(1)
	one.Select = func(c, m string) bool { return c == "b/y" }
	again, err = Rescore(frames, one, "means", func(string, string, int64, int64) (float64, float64, float64) { return 1, 0, 2 })
	if err != nil || len(again.Series) != 2 || again.Series[0].Container != "b/y" {
		t.Errorf("of a selection: %d series, %v", len(again.Series), err)
	}
}
