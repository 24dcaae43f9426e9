package plot

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/report"
)

// name is the series for a title.
func (s *Source) name() string { return s.Series.Container + " " + s.Series.Metric }

// mostCells is the most cells of a line: more are averaged.
const mostCells = 1500

// history draws all of the series, and where its judged part begins.
func (s *Source) history() (*plot.Plot, error) {
	v := s.Values.Trim()
	if v.Len() == 0 {
		return nil, nil
	}
	if k := (v.Len() + mostCells - 1) / mostCells; k > 1 {
		v = series.Coarsen(v, int64(k)*v.Step)
	}
	p := overTime(s.name() + ": history, means of " + span(v.Step))
	if err := addLine(p, "", gridTimes(v), v.Values, ink, 1); err != nil {
		return nil, err
	}
	if s.Series.Test > 0 && len(s.Series.Scores) > 0 {
		lo, hi := extent(v.Values)
		t := float64(s.Series.Test)
		if err := addLine(p, "judged from here on", []float64{t, t}, []float64{lo, hi}, orange, 1, 4, 3); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// forecast draws the newest values and the forecast from them.
func (s *Source) forecast() (*plot.Plot, error) {
	n := s.Series.Next
	if n == nil || len(n.At) == 0 {
		return nil, nil
	}
	h := &n.At[0]
	p := overTime(fmt.Sprintf("%s: forecast by %s", s.name(), h.Model))
	past := s.Series.Recent
	if keep := int(5 * n.At[len(n.At)-1].Ahead / past.Step); keep < past.Len() {
		past = past.Slice(past.Len()-keep, past.Len())
	}
	last := past.Last()
	if last < 0 {
		return nil, nil
	}
	x := []float64{float64(past.Time(last))}
	start := past.Values[last]
	mid := []float64{start}
	bounds := [3][2][]float64{}
	for k := range bounds {
		bounds[k] = [2][]float64{{start}, {start}}
	}
	for i := range n.At {
		h := &n.At[i]
		x, mid = append(x, float64(n.Origin+h.Ahead)), append(mid, n.Median(h))
		for k, c := range []float64{0.95, 0.8, 0.5} {
			lo, hi := n.Interval(h, c)
			bounds[k][0], bounds[k][1] = append(bounds[k][0], lo), append(bounds[k][1], hi)
		}
	}
	for k, b := range bounds {
		if err := addBand(p, []string{"95 %", "80 %", "50 %"}[k], x, b[0], b[1], []color.Color{band95, band80, band50}[k]); err != nil {
			return nil, err
		}
	}
	if err := addLine(p, "past", gridTimes(past), past.Values, ink, 1.2); err != nil {
		return nil, err
	}
	return p, addLine(p, "forecast", x, mid, blue, 1.8)
}

// chosen is the fan of the source's horizon; nil where there is none.
func (s *Source) chosen() *report.Fan {
	for i := range s.Series.Fans {
		if f := &s.Series.Fans[i]; f.Horizon == s.Horizon && len(f.Time) > 0 {
			return f
		}
	}
	return nil
}

// fan draws the forecasts of a horizon and what came.
func (s *Source) fan() (*plot.Plot, error) {
	f := s.chosen()
	if f == nil {
		return nil, nil
	}
	score := s.Series.Scores[0]
	for _, sc := range s.Series.Scores {
		if sc.Horizon == f.Horizon {
			score = sc
		}
	}
	p := overTime(fmt.Sprintf("%s, %s ahead: ratio %.3f, %.0f %% inside the 80 %% interval", s.name(), span(f.Horizon), score.Ratio, 100*score.Coverage))
	x := seconds(f.Time)
	if err := addBand(p, "95 %", x, f.Lo95, f.Hi95, band95); err != nil {
		return nil, err
	}
	if err := addBand(p, "80 %", x, f.Lo, f.Hi, band80); err != nil {
		return nil, err
	}
	// One wild bound must not flatten all the rest.
	lo, hi := extent(f.Actual, f.Median, f.Lo, f.Hi)
	p.Y.Min, p.Y.Max = max(p.Y.Min, lo-(hi-lo)/4), min(p.Y.Max, hi+(hi-lo)/4)
	if err := addLine(p, "what came", x, f.Actual, ink, 1); err != nil {
		return nil, err
	}
	return p, addLine(p, "forecast", x, f.Median, blue, 1.6)
}

// components draws a panel for each term.
func (s *Source) components() (out []*plot.Plot, err error) {
	for i := range s.Series.Terms {
		t := &s.Series.Terms[i]
		title := s.name() + ": " + t.Name
		if t.Multiplies {
			title += ", a share of the trend"
		}
		p := overTime(title)
		if err := addLine(p, "", seconds(t.Time), t.Value, blue, 1.4); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// residuals draws what came less what was forecast.
func (s *Source) residuals() (*plot.Plot, error) {
	f := s.chosen()
	if f == nil {
		return nil, nil
	}
	x, e := seconds(f.Time), errorsOf(f)
	p := overTime(fmt.Sprintf("%s, %s ahead: what came less the forecast", s.name(), span(f.Horizon)))
	if err := addLine(p, "", []float64{x[0], x[len(x)-1]}, []float64{0, 0}, grey, 0.8); err != nil {
		return nil, err
	}
	dots, err := plotter.NewScatter(points(x, e))
	if err != nil {
		return nil, err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: blue, Radius: 1.8, Shape: draw.CircleGlyph{}}
	p.Add(dots)
	return p, nil
}

func errorsOf(f *report.Fan) []float64 {
	out := make([]float64, len(f.Time))
	for i := range out {
		out[i] = f.Actual[i] - f.Median[i]
	}
	return out
}

const (
	lagSpan  = 8 * 86400 // seconds of lags of a series
	mostLags = 768
	errorLag = 48 // lags of errors
)

// autocorrelation draws that of the series and, where there are errors, theirs.
func (s *Source) autocorrelation() ([]*plot.Plot, error) {
	v := s.Values.Trim()
	if k := (lagSpan/v.Step + mostLags - 1) / mostLags; k > 1 && v.Len() > 0 {
		v = series.Coarsen(v, k*v.Step)
	}
	var out []*plot.Plot
	if n := min(v.Len()/2, int(lagSpan/v.Step)); n > 2 {
		p, err := lags(v.Values, n, float64(v.Step)/3600, s.name()+": autocorrelation by hours of lag")
		if err != nil {
			return nil, err
		}
		if p != nil {
			p.X.Tick.Marker = hours{}
			out = append(out, p)
		}
	}
	if f := s.chosen(); f != nil && len(f.Time) > 2*errorLag {
		p, err := lags(errorsOf(f), errorLag, 1, fmt.Sprintf("%s, %s ahead: autocorrelation of the errors by forecasts of lag", s.name(), span(f.Horizon)))
		if err != nil {
			return nil, err
		}
		if p != nil {
			p.X.Tick.Marker = hours{}
			out = append(out, p)
		}
	}
	return out, nil
}

// hours puts ticks at half days, or days where there are many.
type hours struct{}

// Ticks implements plot.Ticker.
func (hours) Ticks(lo, hi float64) (out []plot.Tick) {
	step := 24.0
	for _, s := range []float64{1, 2, 3, 6, 12, 24} {
		if (hi-lo)/s <= 10 {
			step = s
			break
		}
	}
	for k := math.Ceil(lo / step); k*step <= hi; k++ {
		out = append(out, plot.Tick{Value: k * step, Label: label(k*step, 4)})
	}
	return out
}

// lags draws the autocorrelations at lags 1 … n with the bounds between which
// 95 % of those of noise would lie; nil where nothing varies.
func lags(v []float64, n int, unit float64, title string) (*plot.Plot, error) {
	rho := make([]float64, n+1)
	autocorrelations(rho, v)
	if math.IsNaN(rho[0]) {
		return nil, nil
	}
	observed := 0
	for _, x := range v {
		if !math.IsNaN(x) {
			observed++
		}
	}
	p := panel(title)
	bound := 1.96 / math.Sqrt(float64(observed))
	if err := addBand(p, "noise", []float64{unit, float64(n) * unit}, []float64{-bound, -bound}, []float64{bound, bound}, band95); err != nil {
		return nil, err
	}
	x := make([]float64, n)
	for k := range x {
		x[k] = float64(k+1) * unit
	}
	if n <= errorLag {
		for k := range x {
			if err := addLine(p, "", []float64{x[k], x[k]}, []float64{0, rho[k+1]}, blue, 3); err != nil {
				return nil, err
			}
		}
	} else if err := addLine(p, "", x, rho[1:], blue, 1.4); err != nil {
		return nil, err
	}
	return p, addLine(p, "", []float64{unit, float64(n) * unit}, []float64{0, 0}, grey, 0.8)
}

// addLine adds a line, in pieces where values are missing. Dashes are lengths
// on and off.
func addLine(p *plot.Plot, name string, x, y []float64, c color.Color, width vg.Length, dashes ...vg.Length) error {
	for from := 0; from < len(x); {
		if !finite(y[from]) {
			from++
			continue
		}
		to := from
		for to < len(x) && finite(y[to]) {
			to++
		}
		l, err := plotter.NewLine(points(x[from:to], y[from:to]))
		if err != nil {
			return err
		}
		l.LineStyle = draw.LineStyle{Color: c, Width: width, Dashes: dashes}
		p.Add(l)
		if name != "" {
			p.Legend.Add(name, l)
			name = ""
		}
		from = to
	}
	return nil
}

// addBand adds what lies between two lines.
func addBand(p *plot.Plot, name string, x, lo, hi []float64, c color.Color) error {
	var ring plotter.XYs
	for i := range x {
		if finite(hi[i]) {
			ring = append(ring, plotter.XY{X: x[i], Y: hi[i]})
		}
	}
	for i := len(x) - 1; i >= 0; i-- {
		if finite(lo[i]) {
			ring = append(ring, plotter.XY{X: x[i], Y: lo[i]})
		}
	}
	if len(ring) == 0 {
		return nil
	}
	b, err := plotter.NewPolygon(ring)
	if err != nil {
		return err
	}
	b.Color, b.LineStyle.Width = c, 0
	p.Add(b)
	p.Legend.Add(name, b)
	return nil
}

func points(x, y []float64) plotter.XYs {
	out := make(plotter.XYs, 0, len(x))
	for i := range x {
		if finite(y[i]) {
			out = append(out, plotter.XY{X: x[i], Y: y[i]})
		}
	}
	return out
}

func gridTimes(s series.Series) []float64 {
	out := make([]float64, s.Len())
	for i := range out {
		out[i] = float64(s.Time(i))
	}
	return out
}

func seconds(t []int64) []float64 {
	out := make([]float64, len(t))
	for i, v := range t {
		out[i] = float64(v)
	}
	return out
}

// extent returns the least and the largest of what is finite.
func extent(all ...[]float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range all {
		for _, x := range v {
			if finite(x) {
				lo, hi = min(lo, x), max(hi, x)
			}
		}
	}
	return lo, hi
}

func finite(v float64) bool { return v-v == 0 }

// span writes seconds for a title.
func span(s int64) string {
	switch {
	case s%3600 == 0:
		return fmt.Sprintf("%d h", s/3600)
	case s%60 == 0:
		return fmt.Sprintf("%d min", s/60)
	}
	return fmt.Sprintf("%d s", s)
}
