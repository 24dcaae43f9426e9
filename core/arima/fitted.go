// Package arima is the fitted ARIMA model that serves forecasts from windows.
// core/arima/fit estimates it. This package imports nothing that a WebAssembly
// guest should not carry.
package arima

import (
	"math"
	"strconv"

	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Name is the family of these models.
const Name = "arima"

// A Part is what one or all horizons are forecast by: an ARIMA process, without
// a seasonal part of its own, of the transformed values less a season.
type Part struct {
	Process sarima.Process
	Link    series.Link
	Season  Season
	Clip    float64 // innovations are cut to this; +Inf: never

	tracker sarima.Tracker
}

// Fitted is a fitted ARIMA model that serves windows. It works on blocks of
// whole cells that end with the origin's cell, and follows the window from its
// first value without estimating anything. It is immutable and safe for
// concurrent use.
type Fitted struct {
	spec  forecast.Spec
	block int     // cells to a block
	level float64 // the forecast where every value is missing
	parts []Part  // one, or one for each horizon
	at    []horizon
	lags  int
}

// horizon is what is derived from a part for one horizon.
type horizon struct {
	part   int
	blocks int // ahead
	sd     float64
	detail string
}

// New returns the fitted model of a task. block is the number of cells of the
// task's step that the parts' processes take as one value; recent the number
// of cells that it asks windows to have; level the typical value of the
// metric. There is one part for all horizons or one for each; they are kept,
// not copied. It panics where the number of parts is another, or a part has a
// seasonal ARMA part, regressors, or other than 0 to 2 differences.
func New(task forecast.Task, parts []Part, block, recent int, level float64) *Fitted {
	if len(parts) != 1 && len(parts) != len(task.Horizons) {
		panic("arima: neither one part nor one for each horizon")
	}
	f := &Fitted{
		spec:  forecast.Spec{Task: task, Model: Name, Needs: forecast.Needs{Recent: recent}},
		block: block, level: level, parts: parts,
	}
	for i := range parts {
		p := &parts[i].Process
		if p.Seasonal() || p.D > 2 || len(p.Beta) > 1 || len(p.Beta) == 1 && !p.Constant {
			panic("arima: a part has seasonal orders, regressors or more than two differences")
		}
		parts[i].tracker = sarima.NewTracker(p, parts[i].Clip)
		f.lags = max(f.lags, parts[i].tracker.Lags(), 1)
	}
	f.horizons()
	return f
}

// horizons derives what each horizon needs of its part.
func (f *Fitted) horizons() {
	span := f.span()
	steps := func(ahead int64) int { return int((ahead + span - 1) / span) }
	spread := make([][]float64, len(f.parts))
	for i := range f.parts {
		spread[i] = f.parts[i].spread(steps(f.spec.Horizons[len(f.spec.Horizons)-1]))
	}
	for i, ahead := range f.spec.Horizons {
		h := horizon{part: min(i, len(f.parts)-1), blocks: steps(ahead)}
		h.sd = spread[h.part][h.blocks-1]
		h.detail = f.parts[h.part].detail(span)
		f.at = append(f.at, h)
	}
}

// spread returns the standard deviations of the forecast errors 1 to n steps
// ahead.
func (p *Part) spread(n int) []float64 {
	sd := make([]float64, n)
	sarima.PsiWeights(sd, p.tracker.Phi, p.tracker.Theta)
	sum := 0.0
	for i, v := range sd {
		sum += v * v
		sd[i] = min(math.Sqrt(sum*p.Process.Sigma2), 1e300)
		if math.IsNaN(sd[i]) {
			sd[i] = 1e300 // an explosive process from a payload
		}
	}
	return sd
}

// detail names a part for people.
func (p *Part) detail(span int64) string {
	s := p.Process.Order.String()
	switch {
	case p.Process.Constant && p.Process.D == 0:
		s += " with mean"
	case p.Process.Constant:
		s += " with drift"
	}
	switch {
	case len(p.Season.Profile) > 0:
		s += " + daily profile"
	case len(p.Season.Cos) > 0:
		s += " + " + strconv.Itoa(len(p.Season.Cos)) + " harmonics"
	}
	if p.Link.Kind == series.Asinh {
		s += " of asinh"
	}
	if !math.IsInf(p.Clip, 1) {
		s += ", bounded innovations"
	}
	return s + ", " + strconv.FormatInt(span, 10) + " s"
}

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Parts returns the parts; do not modify them.
func (f *Fitted) Parts() []Part { return f.parts }

// Forecast implements forecast.Fitted. Quantiles are those of normal
// innovations on the transformed scale; the median is the point forecast.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	scratch := dst.Scratch()
	longest := f.at[len(f.at)-1].blocks
	blocks := scratch.Floats(recent.Len() / f.block)
	ahead := scratch.Floats(longest)
	state := sarima.State{X: scratch.Floats(f.lags), E: scratch.Floats(f.lags)}
	first := series.Fold(blocks, recent.Values, f.block)
	tracked := -1
	for i := range dst.At {
		h, to := &f.at[i], &dst.At[i]
		p := &f.parts[h.part]
		if tracked != h.part && first >= 0 {
			p.follow(&state, blocks[first:], f.time(recent, len(blocks)-first), f.span())
			p.tracker.Forecast(ahead, &state)
			tracked = h.part
		}
		center := p.Link.Apply(f.level)
		if first >= 0 {
			center = ahead[h.blocks-1] + p.Season.At(recent.End()+int64(h.blocks-1)*f.span())
		}
		if reasons.Has(forecast.Constant) {
			center = p.Link.Apply(recentOr(recent, long))
		}
		to.Detail, to.Reasons = h.detail, reasons
		f.fill(to, p, center, h.sd)
	}
	return nil
}

// recentOr returns the last observed value of the recent part or, where it has
// none, of the long part.
func recentOr(recent, long series.Series) float64 {
	if i := recent.Last(); i >= 0 {
		return recent.Values[i]
	}
	return long.Values[long.Last()]
}

// fill writes the numbers of one horizon.
func (f *Fitted) fill(to *forecast.Horizon, p *Part, center, sd float64) {
	if math.IsNaN(center) || math.IsInf(center, 0) {
		center = p.Link.Apply(f.level)
		to.Reasons |= forecast.NotFinite
	}
	to.Mean = f.bounded(p.Link.Mean(center, sd))
	for j, level := range f.spec.Levels {
		to.Quantiles[j] = f.bounded(p.Link.Invert(center + sd*normalQuantile(level)))
	}
}

// bounded moves v into the metric's bounds and what a float64 can hold.
func (f *Fitted) bounded(v float64) float64 {
	const limit = math.MaxFloat64
	return f.spec.Bounds.Clamp(min(max(v, -limit), limit))
}

func (f *Fitted) span() int64 { return int64(f.block) * f.spec.Step }

// time returns when the last n blocks of a window begin.
func (f *Fitted) time(recent series.Series, n int) int64 { return recent.End() - int64(n)*f.span() }

// follow runs the part's tracker over blocks, the first of which is observed
// and begins at the Unix second t, from the first on.
func (p *Part) follow(s *sarima.State, blocks []float64, t, span int64) {
	none := p.Season.None()
	for i, v := range blocks {
		z := p.Link.Apply(v)
		if !none {
			z -= p.Season.At(t + int64(i)*span)
		}
		if i == 0 {
			s.Reset(z)
		}
		p.tracker.Step(s, z)
	}
}
