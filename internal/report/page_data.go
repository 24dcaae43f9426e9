package report

import (
	"math"
	"strconv"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A number is written as JSON with six significant digits, a whole one (a time)
// with all of them, NaN as null.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !finite(v) {
		return []byte("null"), nil
	}
	if v := float64(n); v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(nil, int64(v), 10), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', 6, 64), nil
}

func numbers(v []float64) []number {
	out := make([]number, len(v))
	for i, x := range v {
		out[i] = number(x)
	}
	return out
}

// data is what the page's script draws from.
type data struct {
	Groups []groupData  `json:"groups"`
	Hist   []int        `json:"hist"` // series by their ratio, in buckets of histWidth
	Hours  [][4]number  `json:"hours"`
	Cover  coverData    `json:"cover"`
	Curves []curveData  `json:"curves"`
	Series []seriesData `json:"series"`
}

type groupData struct {
	Name string      `json:"name"`
	At   [][4]number `json:"at"` // horizon, ratio, ratio of last week, series
}

type coverData struct {
	Relative bool        `json:"relative"`
	Width    int64       `json:"width"`
	At       [][5]number `json:"at"` // time, rows, shares
}

type curveData struct {
	Name   string   `json:"name"`
	Losses []number `json:"losses"`
	Best   int      `json:"best"`
}

type seriesData struct {
	Container string      `json:"c"`
	Metric    string      `json:"m"`
	Why       string      `json:"why"`
	Scores    []scoreData `json:"s"`
	History   *lineData   `json:"past,omitempty"`
	Recent    *lineData   `json:"recent,omitempty"`
	Next      *nextData   `json:"next,omitempty"`
	Fans      []fanData   `json:"fans,omitempty"`
	Terms     *termsData  `json:"terms,omitempty"`
}

type scoreData struct {
	Horizon     int64  `json:"h"`
	Rows        int    `json:"n"`
	MAE         number `json:"mae"`
	Persistence number `json:"last"`
	Ratio       number `json:"ratio"`
	WeekMAE     number `json:"week"`
	WeekRatio   number `json:"weekRatio"`
	Coverage    number `json:"cov"`
	Width       number `json:"width"`
	R2          number `json:"r2"`
}

// lineData is a series on a regular grid: packed values.
type lineData struct {
	Start int64      `json:"t"`
	Step  int64      `json:"d"`
	Scale [4]float64 `json:"p"`
	Value string     `json:"v"`
}

// nextData is the forecast from the newest value.
type nextData struct {
	Origin int64       `json:"t"`
	At     [][8]number `json:"at"` // ahead, median, and the bounds of 50, 80 and 95 %
	By     []string    `json:"by"`
}

// fanData is one horizon's forecasts and what came: packed.
type fanData struct {
	Horizon int64      `json:"h"`
	Start   int64      `json:"t"`
	Unit    int64      `json:"d"`
	Time    string     `json:"k"`
	Scale   [4]float64 `json:"p"`
	Actual  string     `json:"a"`
	Median  string     `json:"y"`
	Lo      string     `json:"l"`
	Hi      string     `json:"u"`
	Lo95    string     `json:"ll"`
	Hi95    string     `json:"uu"`
}

// termsData are components at common times: packed.
type termsData struct {
	Start int64      `json:"t"`
	Unit  int64      `json:"d"`
	Time  string     `json:"k"`
	Of    []termData `json:"of"`
}

type termData struct {
	Name       string     `json:"name"`
	Multiplies bool       `json:"share,omitempty"`
	Scale      [4]float64 `json:"p"`
	Value      string     `json:"v"`
}

const (
	histWidth = 0.1
	histBins  = 16 // the last one holds all beyond
	// drawn is the bytes that all the charts of single series may take at first.
	drawn = 2_150_000
	// leastDrawn is what a series' charts take at the least: where there is no
	// room for all, the best have none.
	leastDrawn = 4000
)

// dataOf returns what the script draws, as JSON that is safe within a script. The
// charts of single series take about so many bytes.
func dataOf(r *Report, listed []Series, bytes int) (string, error) {
	d := data{Hist: make([]int, histBins)}
	for i := range r.ByMetric {
		g := &r.ByMetric[i]
		x := groupData{Name: g.Name}
		for _, a := range g.At {
			x.At = append(x.At, [4]number{number(a.Horizon), number(a.Ratio), number(a.Week), number(a.Series)})
		}
		d.Groups = append(d.Groups, x)
	}
	for _, h := range r.Hours {
		d.Hours = append(d.Hours, [4]number{number(h.Hour), number(h.Model), number(h.Persistence), number(h.Week)})
	}
	d.Cover = coverData{Relative: r.Cover.Relative, Width: r.Cover.Width}
	for _, c := range r.Cover.At {
		d.Cover.At = append(d.Cover.At, [5]number{number(c.Time), number(c.Rows), number(c.In50), number(c.In80), number(c.In95)})
	}
	for _, c := range r.Curves[:min(len(r.Curves), mostCurves)] {
		d.Curves = append(d.Curves, curveData{c.Name, numbers(c.Losses), c.Best})
	}
	for i := range r.Series {
		if v := r.Series[i].Ratio; finite(v) {
			d.Hist[min(int(v/histWidth), histBins-1)]++
		}
	}
	budget := max(bytes/max(1, len(listed)), leastDrawn)
	for i := range listed {
		s := &listed[i]
		x := seriesData{Container: s.Container, Metric: s.Metric, Why: why(s)}
		for k := range s.Scores {
			x.Scores = append(x.Scores, scoreOf(&s.Scores[k]))
		}
		if (i+1)*budget <= bytes {
			x.draw(s, budget)
		}
		d.Series = append(d.Series, x)
	}
	b, err := json.Marshal(d) // with <, > and & escaped
	return string(b), err
}

func scoreOf(s *Score) scoreData {
	return scoreData{s.Horizon, s.Rows, number(s.MAE), number(s.Persistence), number(s.Ratio),
		number(s.WeekMAE), number(s.WeekRatio), number(s.Coverage), number(s.Width), number(s.R2)}
}

// draw adds the charts of a series within about so many bytes.
func (x *seriesData) draw(s *Series, budget int) {
	x.History = line(s.History)
	recent := s.Recent
	if k := (recent.Len() + 99) / 100; k > 1 {
		recent = series.Coarsen(recent, int64(k)*recent.Step)
	}
	x.Recent = line(recent)
	if s.Next != nil {
		x.Next = next(s.Next)
	}
	left := budget - 1800 - 300*len(s.Terms)
	points := max(24, left/max(1, 14*len(s.Fans)))
	for i := range s.Fans {
		x.Fans = append(x.Fans, fan(&s.Fans[i], points))
	}
	if len(s.Terms) > 0 {
		x.Terms = terms(s.Terms)
	}
}

// drawnTermPoints is about the most points of a component.
const drawnTermPoints = 96

func terms(all []Term) *termsData {
	thin := func(n int) int { return (n + drawnTermPoints - 1) / drawnTermPoints }
	var times []int64
	for j := 0; j < len(all[0].Time); j += thin(len(all[0].Time)) {
		times = append(times, all[0].Time[j])
	}
	d := &termsData{}
	var from int
	d.Time, d.Start, d.Unit, from = packTimes(times)
	for i := range all {
		t := &all[i]
		var values []float64
		for j := 0; j < len(t.Value); j += thin(len(all[0].Time)) {
			values = append(values, t.Value[j])
		}
		p := scaleOf(values[from:])
		d.Of = append(d.Of, termData{t.Name, t.Multiplies, p.params(), p.pack(values[from:])})
	}
	return d
}

func line(s series.Series) *lineData {
	if s.Len() == 0 {
		return nil
	}
	p := scaleOf(s.Values)
	return &lineData{s.Start, s.Step, p.params(), p.pack(s.Values)}
}

func next(f *forecast.Forecast) *nextData {
	n := &nextData{Origin: f.Origin}
	for i := range f.At {
		h := &f.At[i]
		at := [8]number{number(h.Ahead), number(f.Median(h))}
		for k, c := range []float64{0.5, 0.8, 0.95} {
			lo, hi := f.Interval(h, c)
			at[2+2*k], at[3+2*k] = number(lo), number(hi)
		}
		n.At = append(n.At, at)
		by := h.Model
		if h.Detail != "" {
			by += ": " + h.Detail
		}
		if h.Reasons != 0 {
			by += " (" + h.Reasons.String() + ")"
		}
		n.By = append(n.By, by)
	}
	return n
}

// fan packs the newest points of a fan.
func fan(f *Fan, points int) fanData {
	cut := max(0, len(f.Time)-points)
	text, start, unit, from := packTimes(f.Time[cut:])
	cut += from
	p := scaleOf(f.Actual[cut:], f.Median[cut:], f.Lo[cut:], f.Hi[cut:], clipped(f, cut))
	return fanData{
		Horizon: f.Horizon, Start: start, Unit: unit, Time: text, Scale: p.params(),
		Actual: p.pack(f.Actual[cut:]), Median: p.pack(f.Median[cut:]), Lo: p.pack(f.Lo[cut:]), Hi: p.pack(f.Hi[cut:]),
		Lo95: p.pack(f.Lo95[cut:]), Hi95: p.pack(f.Hi95[cut:]),
	}
}

// clipped returns the outer bounds.
func clipped(f *Fan, cut int) []float64 {
	out := make([]float64, 0, 2*(len(f.Time)-cut))
	for i := cut; i < len(f.Time); i++ {
		out = append(out, f.Lo95[i], f.Hi95[i])
	}
	return out
}

// why says in a sentence which model serves a series and for what reason.
func why(s *Series) string {
	v := &s.Serving
	text := "No checkpoint serves it; the built-in " + v.Model + " stands in."
	switch {
	case v.Checkpoint == "" && v.Asked != "": // a backtest's
		text = capitalised(v.Asked) + ", fitted to what came before"
		if v.Detail != "" {
			text += " (" + v.Detail + ")"
		}
		text += "."
	case v.Checkpoint != "":
		own := "its own checkpoint"
		if v.Shared {
			own = "the metric's shared checkpoint"
		}
		text = capitalised(v.Asked) + " from " + own + " " + v.Checkpoint + ", fitted to data until " + day(v.FittedTo)
		if v.Detail != "" {
			text += " (" + v.Detail + ")"
		}
		text += "."
		if finite(v.Validation) {
			text += " In training, on data that it had not seen, its error was " + fixed(v.Validation, 3) + " of the last value's."
		}
	}
	for _, n := range v.Reasons.Names() {
		text += " " + capitalised(reasonText[n]) + "."
	}
	if s.Skipped != "" {
		text += " Not judged: " + s.Skipped + "."
	} else if s.Seen {
		text += " Some of what it is judged on was in its training data."
	}
	return text
}
