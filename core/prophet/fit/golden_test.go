package fit

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/testkit"
)

// A golden is what Prophet made of a data set; see testdata/golden.py, which
// names the version and the command.
type golden struct {
	Name            string
	Rows, Fitted    int
	Start           int64
	TScale          float64 `json:"t_scale"`
	YScale          float64 `json:"y_scale"`
	YMin            float64 `json:"y_min"`
	K, M, Sigma, LP float64
	Delta, Beta     []float64
	Changepoints    []float64
	At              []int
	Yhat, Trend     []float64
	Width80         []float64
	Components      map[string][]float64
}

func goldens(t testing.TB) []golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []golden }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) != 35 {
		t.Fatalf("%d golden cases", len(all.Cases))
	}
	return all.Cases
}

// data reads the rows of a case.
func (g *golden) data(t testing.TB) Data {
	t.Helper()
	switch word, _, _ := strings.Cut(g.Name, " "); word {
	case "peyton":
		return daily(t, "peyton_manning_wp_log.csv")
	case "air":
		return daily(t, "air_passengers.csv")
	}
	return container(t, g.Name)
}

// daily reads a file of ds,y from the folder of benchmarks.
func daily(t testing.TB, name string) Data {
	t.Helper()
	f, err := os.Open(filepath.Join(testkit.Folder(t, testkit.Bench), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var d Data
	for _, r := range records(t, f)[1:] {
		at, err := time.Parse(time.DateOnly, r[0])
		if err != nil {
			t.Fatal(err)
		}
		d.T, d.Y = append(d.T, at.Unix()), append(d.Y, number(t, r[1]))
	}
	return d
}

func records(t testing.TB, r io.Reader) [][]string {
	t.Helper()
	// One of the files ends its lines with a carriage return alone.
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(strings.ReplaceAll(string(b), "\r", "\n"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// container reads the public series "container metric" in cells of 5 minutes.
func container(t testing.TB, name string) Data {
	t.Helper()
	name, metric, _ := strings.Cut(name, " ")
	f, err := os.Open(filepath.Join(testkit.Folder(t, testkit.Data), name+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows := records(t, z)
	column := slices.Index(rows[0], metric)
	b := series.NewBuilder(300, []string{metric})
	for _, r := range rows[1:] {
		if r[column] != "" {
			b.Add(int64(number(t, r[0])), 0, number(t, r[column]))
		}
	}
	frame, err := b.Frame(name)
	if err != nil {
		t.Fatal(err)
	}
	var d Data
	for i, y := range frame.Columns[0] {
		if y == y {
			d.T, d.Y = append(d.T, frame.Time(i)), append(d.Y, y)
		}
	}
	return d
}

// games are the holidays of golden.py.
func games(t testing.TB) []Holiday {
	var out []Holiday
	add := func(name string, lower int, prior float64, dates ...string) {
		for _, d := range dates {
			at, err := time.Parse(time.DateOnly, d)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, Holiday{Name: name, At: at.Unix(), Lower: lower, Upper: 1, PriorScale: prior})
		}
	}
	add("playoff", 0, 10, "2008-01-13", "2009-01-03", "2010-01-16", "2010-01-24", "2010-02-07", "2011-01-08",
		"2013-01-12", "2014-01-12", "2014-01-19", "2014-02-02", "2015-01-11", "2016-01-17")
	add("superbowl", -1, 3, "2010-02-07", "2012-02-05", "2014-02-02")
	return out
}

// config is the configuration of a case; it adds the columns to the data.
func (g *golden) config(t testing.TB, d *Data) Config {
	c := Defaults()
	d.Columns = map[string][]float64{}
	column := func(name string, f func(at time.Time, day float64) float64) {
		v := make([]float64, len(d.T))
		for i, s := range d.T {
			at := time.Unix(s, 0).UTC()
			v[i] = f(at, float64((s-1197244800)/86400)) // 2007-12-10
		}
		d.Columns[name] = v
	}
	flag := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	on := func(at time.Time) bool { return at.Month() > 8 || at.Month() < 2 }
	const monthly = 14. // of the capacity of Peyton Manning's page
	switch g.Name {
	case "peyton holidays":
		c.Holidays = games(t)
	case "peyton holidays multiplied":
		c.Holidays, c.HolidaysMode, c.YearlySeasonality = games(t), prophet.Multiplicative, 20
	case "peyton multiplicative", "air multiplicative":
		c.SeasonalityMode = prophet.Multiplicative
	case "peyton logistic":
		c.Growth, c.Cap = prophet.Logistic, monthly
	case "peyton logistic floor":
		c.Growth = prophet.Logistic
		column("cap", func(_ time.Time, day float64) float64 { return 13 + 0.001*day })
		column("floor", func(time.Time, float64) float64 { return 4 })
	case "peyton flat":
		c.Growth = prophet.Flat
	case "peyton conditions":
		c.WeeklySeasonality = 0
		column("on_season", func(at time.Time, _ float64) float64 { return flag(on(at)) })
		column("off_season", func(at time.Time, _ float64) float64 { return flag(!on(at)) })
		c.Seasonalities = []Seasonality{
			{Name: "weekly_on", Period: 7, FourierOrder: 3, PriorScale: 10, Condition: "on_season"},
			{Name: "weekly_off", Period: 7, FourierOrder: 2, PriorScale: 1, Condition: "off_season"}}
	case "peyton regressors":
		column("sunday", func(at time.Time, _ float64) float64 { return flag(at.Weekday() == time.Sunday && at.Month() > 8) })
		column("wave", func(_ time.Time, day float64) float64 { return math.Mod(day, 97)*0.03 - 1 })
		c.Regressors = []Regressor{{Name: "sunday", PriorScale: 10}, {Name: "wave", PriorScale: 0.5, Mode: prophet.Multiplicative}}
	case "peyton minmax":
		c.Scaling, c.ChangepointPriorScale = MinMax, 0.5
	case "peyton changepoints":
		c.ChangepointPriorScale = 0.5
		for _, s := range []string{"2009-06-01", "2011-01-01", "2012-03-15"} {
			at, _ := time.Parse(time.DateOnly, s)
			c.Changepoints = append(c.Changepoints, at.Unix())
		}
	case "air logistic":
		c.Growth, c.SeasonalityMode, c.Cap = prophet.Logistic, prophet.Multiplicative, 800
	case "air flat":
		c.Growth, c.NChangepoints = prophet.Flat, 0
	}
	return c
}

// head returns the first n rows.
func (d *Data) head(n int) Data {
	out := Data{T: d.T[:n], Y: d.Y[:n], Columns: map[string][]float64{}}
	for name, c := range d.Columns {
		out.Columns[name] = c[:n]
	}
	return out
}

// inputs returns what a curve reads at row i.
func (d *Data) inputs(c *prophet.Curve, i int) []float64 {
	in := make([]float64, len(c.Inputs))
	for j := range in {
		in[j] = c.Inputs[j].Typical
		if col := d.Columns[c.Inputs[j].Name]; col != nil {
			in[j] = col[i]
		}
	}
	return in
}

func TestAgreesWithProphet(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.Name, func(t *testing.T) {
			d := g.data(t)
			if len(d.Y) != g.Rows {
				t.Fatalf("%d rows, Prophet had %d", len(d.Y), g.Rows)
			}
			c := g.config(t, &d)
			history := d.head(g.Fitted)
			e, err := c.Estimate(history, nil)
			if err != nil {
				t.Fatal(err)
			}
			if e.Status != forecast.Converged {
				t.Errorf("status %v", e.Status)
			}
			p := &e.Params
			if p.Start != g.Start || p.Span != g.TScale || !near(p.Scale, g.YScale, 1e-9) {
				t.Errorf("scales %v %v %v, not %v %v %v", p.Start, p.Span, p.Scale, g.Start, g.TScale, g.YScale)
			}
			theirs, params := g.theirs(t, &c, history)
			// Stan prints eight digits.
			if math.Abs(theirs-g.LP) > 0.002+1e-7*math.Abs(g.LP) {
				t.Errorf("log posterior at Prophet's estimate: %.5f, Stan's %.5f", theirs, g.LP)
			}
			g.compare(t, params, &d, 1e-5)
			if !(e.LogPosterior >= theirs-0.01) {
				t.Errorf("log posterior %.4f, Prophet's %.4f", e.LogPosterior, theirs)
			}
			// Where our posterior is higher the forecasts need not be alike.
			if e.LogPosterior < theirs+0.1 {
				g.compare(t, p, &d, 0.01)
			} else {
				g.compare(t, p, &d, 0.1)
			}
			t.Logf("log posterior %.4f, Prophet's %.4f (%+.4f)", e.LogPosterior, theirs, e.LogPosterior-theirs)
		})
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*math.Max(1, math.Abs(b)) }

// theirs returns our posterior at Prophet's estimate, and the parameters.
func (g *golden) theirs(t *testing.T, c *Config, history Data) (float64, *prophet.Params) {
	t.Helper()
	b, p, err := c.problem(history)
	if err != nil {
		t.Fatal(err)
	}
	a := p.newTheta()
	a.k, a.m, a.sigma = g.K, g.M, g.Sigma
	if c.Growth != prophet.Flat {
		if len(g.Changepoints) != len(p.changes) {
			t.Fatalf("%d changepoints, Prophet has %d", len(p.changes), len(g.Changepoints))
		}
		for i, s := range p.changes {
			if !near(s, g.Changepoints[i], 1e-9) {
				t.Fatalf("changepoint %d at %v, Prophet's at %v", i, s, g.Changepoints[i])
			}
		}
		copy(a.delta, g.Delta)
	}
	if len(g.Beta) != p.width {
		t.Fatalf("%d features, Prophet has %d", p.width, len(g.Beta))
	}
	copy(a.beta, g.Beta)
	s := p.newState()
	p.predict(s, a)
	b.store(a)
	return p.logPosterior(a, s.rss), &b.params
}

// compare holds forecasts and components against Prophet's: the forecasts may
// differ by a share of the range of the data, components by twice that.
func (g *golden) compare(t *testing.T, p *prophet.Params, d *Data, limit float64) {
	t.Helper()
	c, err := prophet.NewCurve(*p)
	if err != nil {
		t.Fatal(err)
	}
	span := slices.Max(d.Y) - slices.Min(d.Y)
	worst := map[string]float64{}
	note := func(what string, got, want float64) {
		worst[what] = max(worst[what], math.Abs(got-want)/span)
	}
	for k, i := range g.At {
		in := d.inputs(c, i)
		parts := c.At(d.T[i], in)
		note("yhat", parts.Value(), g.Yhat[k])
		note("trend", parts.Trend, g.Trend[k])
		for _, term := range c.Components(nil, d.T[i], in) {
			if want, ok := g.Components[term.Name]; ok {
				by := 1.0
				if term.Mode == prophet.Multiplicative {
					by = parts.Trend
				}
				note(term.Name, term.Value*by, want[k]*by)
			}
		}
	}
	if limit <= 0.01 {
		for k, i := range g.At {
			lo, hi := c.Interval(d.T[i], d.inputs(c, i), 0.8)
			if r := (hi - lo) / g.Width80[k]; !(r > 0.9 && r < 1.1) {
				t.Errorf("row %d: an 80 %% interval is %.3f as wide", i, r)
			}
		}
	}
	for what, w := range worst {
		if what == "yhat" && w > limit || w > 2*limit {
			t.Errorf("%s differs by %.2g of the range, more than %v", what, w, limit)
		}
	}
	if len(worst) < 2+len(g.Components) {
		t.Errorf("compared %v only, of %d components", worst, len(g.Components))
	}
}
