package fit

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

var nan = math.NaN()

// hours are rows of a day and a bit of noise.
func hours(n int) Data {
	var d Data
	for i := range n {
		d.T = append(d.T, 1_700_000_000/3600*3600+int64(i)*3600)
		d.Y = append(d.Y, 20+5*math.Sin(2*math.Pi*float64(i)/24)+0.3*math.Sin(float64(i)*1.7))
	}
	return d
}

// forecastOf fits and returns the forecast so many seconds after the last row.
func forecastOf(t *testing.T, c Config, d Data, ahead int64) (float64, *Estimate) {
	t.Helper()
	e, err := c.Estimate(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := prophet.NewCurve(e.Params)
	if err != nil {
		t.Fatal(err)
	}
	in := make([]float64, len(curve.Inputs))
	for i := range in {
		in[i] = curve.Inputs[i].Typical
	}
	at := slices.Max(d.T) + ahead
	v := curve.At(at, in).Value()
	lo, hi := curve.Interval(at, in, 0.8)
	if v-v != 0 || !(lo <= v && v <= hi) {
		t.Fatalf("forecast %v within %v and %v", v, lo, hi)
	}
	return v, e
}

func TestTwoPoints(t *testing.T) {
	d := Data{T: []int64{0, 3600}, Y: []float64{10, 20}}
	v, e := forecastOf(t, Defaults(), d, 3600)
	if math.Abs(v-30) > 0.5 || e.Rows != 2 {
		t.Errorf("%v after 10 and 20", v)
	}
}

func TestConstant(t *testing.T) {
	for _, level := range []float64{0, 7, -3} {
		d := hours(100)
		for i := range d.Y {
			d.Y[i] = level
		}
		v, e := forecastOf(t, Defaults(), d, 86400)
		if math.Abs(v-level) > 1e-6 || e.Status != forecast.NothingToFit {
			t.Errorf("%v after %v, %v", v, level, e.Status)
		}
	}
}

// TestOrderAndDuplicates: rows in any order are the same rows, and one that is
// there twice counts twice.
func TestOrderAndDuplicates(t *testing.T) {
	d := hours(300)
	want, _ := forecastOf(t, Defaults(), d, 7200)
	shuffled := Data{T: slices.Clone(d.T), Y: slices.Clone(d.Y)}
	for i := range shuffled.T {
		j := (i * 7) % 300
		shuffled.T[i], shuffled.Y[i] = d.T[j], d.Y[j]
	}
	if got, _ := forecastOf(t, Defaults(), shuffled, 7200); math.Abs(got-want) > 1e-9 {
		t.Errorf("%v in another order, %v in order", got, want)
	}
	twice := Data{T: slices.Concat(d.T, d.T), Y: slices.Concat(d.Y, d.Y)}
	if got, e := forecastOf(t, Defaults(), twice, 7200); math.Abs(got-want) > 0.3 || e.Rows != 600 {
		t.Errorf("%v with every row twice, %v without", got, want)
	}
}

func TestGapAndIrregularSteps(t *testing.T) {
	d := hours(24 * 200)
	gap := Data{T: slices.Concat(d.T[:24*60], d.T[24*150:]), Y: slices.Concat(d.Y[:24*60], d.Y[24*150:])}
	if v, _ := forecastOf(t, Defaults(), gap, 6*3600); math.Abs(v-20) > 6 {
		t.Errorf("%v after three months of gap", v)
	}
	want, _ := forecastOf(t, Defaults(), d, 3600)
	odd := Data{T: slices.Clone(d.T), Y: d.Y}
	for i := range odd.T {
		odd.T[i] += int64(i * 37 % 600)
	}
	odd.T[len(odd.T)-1] = d.T[len(d.T)-1]
	if v, _ := forecastOf(t, Defaults(), odd, 3600); math.Abs(v-want) > 1 {
		t.Errorf("%v with irregular steps, %v with regular ones", v, want)
	}
}

// TestSeasonLongerThanHistory: it is fitted, as Prophet does, and said.
func TestSeasonLongerThanHistory(t *testing.T) {
	c := Defaults()
	c.YearlySeasonality = 10
	_, e := forecastOf(t, c, hours(24*5), 3600)
	if len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "yearly seasonality is longer") {
		t.Errorf("notes %q", e.Notes)
	}
}

func TestHolidayOutsideOfHistory(t *testing.T) {
	d := hours(24 * 10)
	want, _ := forecastOf(t, Defaults(), d, 3600)
	c := Defaults()
	c.Holidays = []Holiday{{Name: "far", At: 0, PriorScale: 10}}
	if v, e := forecastOf(t, c, d, 3600); math.Abs(v-want) > 1e-6 || e.Params.Events[0].Beta != 0 {
		t.Errorf("%v with it, %v without; its effect is %v", v, want, e.Params.Events[0].Beta)
	}
}

// TestTimedEvent: an event of 15 minutes at 14:05 in cells of 5 minutes, in the
// zone where it is 14:05, is found again; days around it have no effect.
func TestTimedEvent(t *testing.T) {
	zone, err := series.NewZone(7200, nil)
	if err != nil {
		t.Fatal(err)
	}
	var d Data
	d.Cell = 300
	at := func(day int64) int64 { return 1_700_006_400/86400*86400 + day*86400 + (14*3600 + 5*60) - 7200 }
	for i := range int64(8 * 288) {
		when := 1_700_006_400/86400*86400 + i*300
		y := 50 + math.Sin(float64(i)*1.3)
		for _, day := range []int64{2, 5} {
			if when >= at(day) && when < at(day)+900 {
				y += 30
			}
			if when >= at(day)+900 && when < at(day)+1800 {
				y += 10
			}
		}
		d.T, d.Y = append(d.T, when), append(d.Y, y)
	}
	c := Defaults()
	c.Zone, c.DailySeasonality = zone, 0
	c.Holidays = []Holiday{{Name: "deploy", At: at(2), Length: 900, Upper: 1, PriorScale: 10}, {Name: "deploy", At: at(5), Length: 900, Upper: 1, PriorScale: 10},
		{Name: "deploy", At: at(9), Length: 900, Upper: 1, PriorScale: 10}}
	e, err := c.Estimate(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := prophet.NewCurve(e.Params)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		at   int64
		want float64
	}{{at(9) - 600, 50}, {at(9), 80}, {at(9) + 600, 80}, {at(9) + 900, 60}, {at(9) + 1800, 50}} {
		if got := curve.At(x.at, nil).Value(); math.Abs(got-x.want) > 1.5 {
			t.Errorf("%d seconds after: %v, not %v", x.at-at(9), got, x.want)
		}
	}
}

// TestSeveralEventsADay have effects of their own, which add up.
func TestSeveralEventsADay(t *testing.T) {
	d := hours(24 * 30)
	day := func(i int64) int64 { return d.T[0]/86400*86400 + i*86400 }
	for i, at := range d.T {
		for _, k := range []int64{5, 12, 20} {
			if at >= day(k) && at < day(k+1) {
				d.Y[i] += 10
			}
		}
		if at >= day(12) && at < day(13) || at >= day(25) && at < day(26) {
			d.Y[i] += 4
		}
	}
	c := Defaults()
	for _, k := range []int64{5, 12, 20} {
		c.Holidays = append(c.Holidays, Holiday{Name: "fair", At: day(k) + 3600, PriorScale: 10})
	}
	c.Holidays = append(c.Holidays, Holiday{Name: "sale", At: day(12), PriorScale: 10}, Holiday{Name: "sale", At: day(25), PriorScale: 10})
	e, err := c.Estimate(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{10, 4} {
		if got := e.Params.Events[i].Beta * e.Params.Scale; math.Abs(got-want) > 0.5 {
			t.Errorf("effect of %s is %v, not %v", e.Params.Events[i].Name, got, want)
		}
	}
}

func TestErrorsOfData(t *testing.T) {
	logistic := Defaults()
	logistic.Growth = prophet.Logistic
	capped := logistic
	capped.Cap = 22 // below the data, which Prophet takes
	low := logistic
	low.Cap, low.Floor = 5, 6
	regressed := Defaults()
	regressed.Regressors = []Regressor{{Name: "queue", PriorScale: 10}}
	conditional := Defaults()
	conditional.Seasonalities = []Seasonality{{Name: "s", Period: 1, FourierOrder: 2, PriorScale: 10, Condition: "on"}}
	pointed := Defaults()
	pointed.Changepoints = []int64{5}
	prior := Defaults()
	prior.ChangepointPriorScale = 0
	gappy := hours(100)
	gappy.Columns = map[string][]float64{"queue": slices.Repeat([]float64{1, nan}, 50)}
	infinite := hours(100)
	infinite.Y[3] = math.Inf(1)
	var column *columnError
	var config *configError
	for _, c := range []struct {
		name string
		c    Config
		d    Data
		is   error
		as   any
	}{
		{"no rows", Defaults(), Data{}, errRows, nil},
		{"one row", Defaults(), Data{T: []int64{1, 2}, Y: []float64{1, nan}}, errRows, nil},
		{"one time", Defaults(), Data{T: []int64{1, 1}, Y: []float64{1, 2}}, errTime, nil},
		{"an infinity", Defaults(), infinite, errValue, nil},
		{"no cap", logistic, hours(100), errCap, nil},
		{"a cap below the floor", low, hours(100), errCap, nil},
		{"no regressor", regressed, hours(100), nil, &column},
		{"a regressor with gaps", regressed, gappy, nil, &column},
		{"no condition", conditional, hours(100), nil, &column},
		{"a changepoint outside", pointed, hours(100), errChangepoint, nil},
		{"a prior scale of 0", prior, hours(100), nil, &config},
	} {
		_, err := c.c.Estimate(c.d, nil)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !errors.As(err, c.as) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	_, e := forecastOf(t, capped, hours(100), 3600)
	curve, err := prophet.NewCurve(e.Params)
	if err != nil {
		t.Fatal(err)
	}
	if p := curve.At(1_700_500_000, []float64{22}); !(p.Trend > 0 && p.Trend <= 22) {
		t.Errorf("a trend of %v below a cap of 22", p.Trend)
	}
}

// TestFitServes every odd history through the contract: a finite forecast.
func TestFitServes(t *testing.T) {
	spikes := make([]float64, 600)
	for i := range spikes {
		spikes[i] = 1e-9
	}
	spikes[300] = 1e12
	sparse := slices.Repeat([]float64{nan}, 600)
	sparse[0], sparse[599] = 5, 6
	huge := make([]float64, 600)
	for i := range huge {
		huge[i] = 1e149 * float64(1+i%7)
	}
	wave := load(600, 300).Columns[0]
	for name, values := range map[string][]float64{
		"nothing": slices.Repeat([]float64{nan}, 600), "one value": append(slices.Repeat([]float64{nan}, 599), 3),
		"two values": sparse, "constant": slices.Repeat([]float64{4}, 600), "a spike": spikes, "huge values": huge,
		"a short history": {1, 2, 3}, "one cell": {1}, "a wave": wave,
		"a gap at the end": slices.Concat(wave[:400], slices.Repeat([]float64{nan}, 200)),
	} {
		for _, correction := range []bool{true, false} {
			c := Defaults()
			c.Correction = correction
			f := series.FrameOf("webapp", series.CPU, series.Series{Start: 1_700_000_100, Step: 300, Values: values})
			m, report, err := c.Fit([]series.Frame{f}, task(300), forecast.Options{})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if report.Points < 2 && !report.Reasons.Has(forecast.ShortHistory) {
				t.Errorf("%s: reasons %v", name, report.Reasons)
			}
			for _, cells := range []int{1, 20, len(values)} {
				past := f.Slice(max(0, len(values)-cells), len(values))
				w := forecast.WindowOf(&past, m.Spec().Needs)
				var dst forecast.Forecast
				if err := m.Forecast(&dst, &w); err != nil {
					t.Fatal(err)
				}
				for _, h := range dst.At {
					for _, v := range append(slices.Clone(h.Quantiles), h.Mean) {
						if v-v != 0 || v < 0 {
							t.Fatalf("%s: %+v", name, h)
						}
					}
					if !slices.IsSorted(h.Quantiles) {
						t.Errorf("%s: quantiles %v", name, h.Quantiles)
					}
				}
			}
		}
	}
}

// TestRegressorMissingInTheFuture: its last value stands in, and the forecast
// says so where the window has none at all.
func TestRegressorMissingInTheFuture(t *testing.T) {
	f := load(3*288, 300)
	queue := make([]float64, f.Len())
	for i := range queue {
		queue[i] = float64(i % 40)
		f.Columns[0][i] += 0.5 * queue[i]
	}
	f.Metrics, f.Columns = append(f.Metrics, "queue"), append(f.Columns, queue)
	c := Defaults()
	c.Regressors = []Regressor{{Name: "queue", PriorScale: 10}}
	c.Correction = false
	m, _, err := c.Fit([]series.Frame{f}, task(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	point := func(w forecast.Window) (float64, forecast.Reasons) {
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		return dst.Median(&dst.At[0]), dst.Reasons()
	}
	w := forecast.WindowOf(&f, m.Spec().Needs)
	v, why := point(w)
	if why.Has(forecast.NoInput) {
		t.Errorf("reasons %v", why)
	}
	queue[len(queue)-1] = 60
	more, _ := point(w)
	if d := more - v; math.Abs(d-0.5*(60-float64((f.Len()-1)%40))) > 0.5 {
		t.Errorf("the forecast rises by %v", d)
	}
	only := series.FrameOf("webapp", series.CPU, series.Series{Start: f.Start, Step: 300, Values: f.Columns[0]})
	if same, why := point(forecast.WindowOf(&only, m.Spec().Needs)); !why.Has(forecast.NoInput) || math.Abs(same-v) > 1e-9 {
		t.Errorf("without the column: %v for %v, reasons %v", same, v, why)
	}
}

// TestScaleEquivariance: what is a thousand times as large, and a year later,
// is forecast a thousand times as large.
func TestScaleEquivariance(t *testing.T) {
	f := load(6*288, 300)
	g := load(6*288, 300)
	for i := range g.Columns[0] {
		g.Columns[0][i] *= 1024
	}
	g.Start += 364 * 86400
	var at [2]float64
	for k, x := range []series.Frame{f, g} {
		m, _, err := Defaults().Fit([]series.Frame{x}, task(300), forecast.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := forecast.WindowOf(&x, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		at[k] = dst.Median(&dst.At[2])
	}
	if math.Abs(at[1]/1024-at[0]) > 1e-6*at[0] {
		t.Errorf("%v and %v", at[0], at[1]/1024)
	}
}

// TestRecovers the parameters of a simulated trend and season.
func TestRecovers(t *testing.T) {
	var d Data
	for i := range 24 * 60 {
		x := float64(i) / (24*60 - 1)
		y := 100 + 40*x - 90*max(0, x-0.5) + 8*math.Sin(2*math.Pi*float64(i)/24) + math.Sin(float64(i)*1.7)
		d.T, d.Y = append(d.T, int64(i)*3600), append(d.Y, y)
	}
	c := Defaults()
	c.Changepoints = []int64{d.T[len(d.T)/2]}
	c.ChangepointPriorScale = 10
	e, err := c.Estimate(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &e.Params
	if k, delta := p.K*p.Scale, p.Delta[0]*p.Scale; math.Abs(k-40) > 2 || math.Abs(delta+90) > 3 {
		t.Errorf("rate %v and its change %v, not 40 and -90", k, delta)
	}
	season := p.Seasons[len(p.Seasons)-1]
	if season.Name != "daily" || math.Abs(season.Beta[0]*p.Scale-8) > 0.2 {
		t.Errorf("%+v", season)
	}
	if s := p.Sigma * p.Scale; math.Abs(s-0.707) > 0.05 {
		t.Errorf("σ %v, not 0.707", s)
	}
}

// TestGradient: the normal equations are the derivatives of what is predicted.
func TestGradient(t *testing.T) {
	d := hours(24 * 20)
	d.Columns = map[string][]float64{}
	for _, growth := range []prophet.Growth{prophet.Linear, prophet.Logistic, prophet.Flat} {
		c := Defaults()
		c.Growth, c.Cap, c.NChangepoints, c.SeasonalityMode = growth, 40, 3, prophet.Multiplicative
		_, p, err := c.problem(d)
		if err != nil {
			t.Fatal(err)
		}
		a := p.newTheta()
		p.start(a)
		for i := range a.delta {
			a.delta[i] = 0.1 * float64(i+1)
		}
		for i := range a.beta {
			a.beta[i] = 0.05 / float64(i+1)
		}
		s, q := p.newState(), p.newNormal()
		p.predict(s, a)
		q.fill(p, a, s)
		solver := newSolver(p)
		v := make([]float64, q.n)
		solver.flatten(v, a)
		for i := range v {
			if growth == prophet.Flat && (i == 0 || i >= q.plain) {
				continue
			}
			const h = 1e-6
			var rss [2]float64
			for k, sign := range []float64{-1, 1} {
				u := slices.Clone(v)
				u[i] += sign * h
				b := p.newTheta()
				solver.unflatten(b, u)
				o := p.newState()
				p.predict(o, b)
				rss[k] = o.rss
			}
			if want := -(rss[1] - rss[0]) / (4 * h); math.Abs(q.b[i]-want) > 1e-4*max(1, math.Abs(want)) {
				t.Errorf("growth %d, parameter %d: %v, by differences %v", growth, i, q.b[i], want)
			}
		}
	}
}

// TestForecastAllocatesNothing, plain, with the memory and with simulated
// changes of the trend.
func TestForecastAllocatesNothing(t *testing.T) {
	f := load(10*288, 300)
	for name, spoil := range map[string]func(c *Config, p *prophet.Params){
		"memory":    func(*Config, *prophet.Params) {},
		"plain":     func(c *Config, _ *prophet.Params) { c.Correction = false },
		"simulated": func(c *Config, p *prophet.Params) { c.Correction = false; p.Span /= 3; p.Sigma = 1e-4 },
	} {
		c := weekly()
		var none prophet.Params
		spoil(&c, &none)
		m, _, err := c.Fit([]series.Frame{f}, task(300), forecast.Options{})
		if err != nil {
			t.Fatal(err)
		}
		fitted := m.(*prophet.Fitted)
		params := fitted.Curve().Params
		spoil(&c, &params)
		curve, err := prophet.NewCurve(params)
		if err != nil {
			t.Fatal(err)
		}
		if fitted, err = prophet.New(task(300), curve, fitted.Memory()); err != nil {
			t.Fatal(err)
		}
		w := forecast.WindowOf(&f, fitted.Spec().Needs)
		var dst forecast.Forecast
		if n := testing.AllocsPerRun(20, func() {
			if err := fitted.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
