package ets

import (
	"math"
	"strconv"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Name is the family of these models.
const Name = "ets"

// Settings are what a Fitted is made of beside its task.
type Settings struct {
	Process
	Block  int     // cells that the process takes as one value: their mean
	Recent int     // cells that the model asks windows to have
	Level  float64 // forecast where every value of a window is missing
	Slope  float64 // of an additive trend when a window begins, for each block
	// Seasons are those of the process when a window begins, from Unix time 0
	// on. Where Gamma is 0 they stay as they are: a profile.
	Seasons []float64
}

// Fitted is a fitted model that serves windows. It follows the blocks of a
// window, which end with the origin's cell, from the first observed one: new
// points need no refit. It is immutable and safe for concurrent use.
type Fitted struct {
	spec   forecast.Spec
	s      Settings
	span   int64 // seconds of a block
	detail string
}

// New returns the fitted model of a task. It keeps the seasons.
func New(task forecast.Task, s Settings) *Fitted {
	f := &Fitted{
		spec: forecast.Spec{Task: task, Model: Name, Needs: forecast.Needs{Recent: s.Recent}},
		s:    s,
		span: int64(s.Block) * task.Step,
	}
	form := s.Form
	if f.profile() {
		form.Season = NoSeason
	}
	f.detail = form.Label()
	if f.profile() {
		f.detail += " + daily profile"
	}
	f.detail += ", " + strconv.FormatInt(f.span, 10) + " s"
	return f
}

// profile reports whether the season is fixed.
func (f *Fitted) profile() bool { return f.s.Season == Adds && f.s.Gamma == 0 }

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Settings returns what the model is made of; do not modify the seasons.
func (f *Fitted) Settings() Settings { return f.s }

// Forecast implements forecast.Fitted. Mean and variance are exact for the
// process (see Process.Moments); quantiles are those of a normal distribution
// with them, as in R.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	scratch := dst.Scratch()
	steps := f.steps(len(dst.At) - 1)
	mean, variance := scratch.Floats(steps), scratch.Floats(steps)
	known := f.moments(mean, variance, recent, scratch)
	last := forecast.LastValue(recent, long)
	for i := range dst.At {
		to, h := &dst.At[i], f.steps(i)-1
		to.Detail, to.Reasons = f.detail, reasons
		center, sd := f.s.Level, math.Sqrt(f.s.Sigma2)
		if last == last { // of less than a block, or of the long part
			center = last
		}
		if f.s.Relative {
			sd *= math.Abs(center)
		}
		switch {
		case reasons.Has(forecast.Constant):
			sd = 0
		case known:
			center, sd = mean[h], math.Sqrt(variance[h])
		}
		f.fill(to, center, sd)
	}
	return nil
}

// steps returns how many blocks ahead the i-th horizon is.
func (f *Fitted) steps(i int) int { return int((f.spec.Horizons[i] + f.span - 1) / f.span) }

// moments follows the window and writes mean and variance of the blocks after
// it. It is false where no block is observed.
func (f *Fitted) moments(mean, variance []float64, recent series.Series, scratch *forecast.Scratch) bool {
	blocks := scratch.Floats(recent.Len() / f.s.Block)
	first := series.Fold(blocks, recent.Values, f.s.Block)
	if first < 0 {
		return false
	}
	blocks = blocks[first:]
	s := State{Slope: f.s.Slope, Seasons: f.s.Seasons}
	if f.s.Gamma > 0 {
		s.Seasons = scratch.Floats(len(f.s.Seasons))
		copy(s.Seasons, f.s.Seasons)
	}
	if len(s.Seasons) > 0 {
		s.Next = Phase(recent.End()-int64(len(blocks))*f.span, f.span, len(s.Seasons))
	}
	f.s.begin(&s, blocks[0])
	for _, v := range blocks[1:] {
		f.s.Step(&s, v)
	}
	f.s.Moments(mean, variance, scratch.Floats(len(mean)), &s)
	return true
}

// begin makes y, the first value, the level: what a filter makes of it that
// knew nothing before.
func (p *Process) begin(s *State, y float64) {
	switch p.Season {
	case Adds:
		y -= s.Seasons[s.Next]
	case Multiplies:
		y /= s.Seasons[s.Next]
	}
	s.Level, s.Spread = y, (1-p.Alpha)*(1-p.Alpha)
	if s.Next++; s.Next >= p.Period {
		s.Next = 0
	}
}

// Phase returns the phase, of so many of span seconds each, of the block that
// begins at the Unix second t.
func Phase(t, span int64, phases int) int {
	period := span * int64(phases)
	return int(((t%period + period) % period) / span)
}

// fill writes the numbers of one horizon.
func (f *Fitted) fill(to *forecast.Horizon, center, sd float64) {
	if center-center != 0 {
		center = f.s.Level
		to.Reasons |= forecast.NotFinite
	}
	if !(sd < 1e300) {
		sd = 1e300 // an explosive process from a payload
	}
	to.Mean = f.bounded(center)
	for j, level := range f.spec.Levels {
		to.Quantiles[j] = f.bounded(center + sd*quantile(level))
	}
}

// bounded moves v into the metric's bounds and what a float64 can hold.
func (f *Fitted) bounded(v float64) float64 {
	const limit = math.MaxFloat64
	return f.spec.Bounds.Clamp(min(max(v, -limit), limit))
}
