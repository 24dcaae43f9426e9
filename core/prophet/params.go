package prophet

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Growth is the form of the trend. The numbers are part of the payload.
type Growth uint8

// The forms.
const (
	Linear   Growth = iota // piecewise linear
	Logistic               // piecewise logistic, between a floor and a capacity
	Flat                   // constant
)

// Mode says how a term acts on the trend. The numbers are part of the payload.
type Mode uint8

// The modes.
const (
	Additive       Mode = iota // the term is added to the trend
	Multiplicative             // the trend is multiplied by 1 + the term
)

// Params are the numbers of a fitted model.
type Params struct {
	Growth Growth
	Start  int64   // Unix seconds of the first row of the history
	Span   float64 // seconds from there to the last row; > 0
	Scale  float64 // what y was divided by; > 0
	Floor  float64 // what was subtracted before; an input takes its place where FloorInput says so

	K, M    float64   // rate and offset of the trend, scaled
	Changes []float64 // changepoints, in Spans from Start, ascending
	Delta   []float64 // changes of the rate at them
	Sigma   float64   // standard deviation of the noise, in units of Scale

	Zone       series.Zone // local time of seasonalities
	Seasons    []Season
	Events     []Event
	Regressors []Regressor
	// Inputs are the columns beside the metric that the model reads.
	Inputs               []Input
	CapInput, FloorInput int // index in Inputs; None where there is none
}

// An Input is a column that a model reads beside its metric: a capacity, a
// floor, a condition or a regressor.
type Input struct {
	Name    string
	Typical float64 // the last value of the history, which stands in where none is known
}

// None is the index of no input.
const None = -1

// The conditions that need no column: they hold on Saturday and Sunday, and
// from Monday to Friday.
const (
	Weekend = -2
	Weekday = -3
)

// A Season is a seasonality: a Fourier series of local time since 1970-01-01
// 00:00 (Prophet's fourier_series).
type Season struct {
	Name      string
	Period    float64 // days
	Mode      Mode
	Condition int       // index of the input that must be at least 0.5; None, Weekend or Weekday
	Beta      []float64 // of sin and cos of 1, 2, … times the angle, in turn
}

// An Event is one day, or other span of time, of the occurrences of a holiday
// or event: the feature is 1 within the spans.
type Event struct {
	Name   string
	Offset int // of the day from the date; windows have several
	Mode   Mode
	Beta   float64
	Spans  []Span // ascending, apart from each other
}

// A Span is the cells that begin from From on and before To, Unix seconds.
type Span struct{ From, To int64 }

// A Regressor is a column, standardised: (x - Mean) / Std.
type Regressor struct {
	Input     int
	Mode      Mode
	Mean, Std float64
	Beta      float64
}

// bounds of what a payload may ask for: far above any fit's.
const (
	maxTerms   = 4096
	maxChanges = 4096
)

// check returns forecast.ErrPayload where the numbers make no model.
func (p *Params) check() error {
	fine := p.Growth <= Flat && p.Span > 0 && p.Scale > 0 && p.Sigma >= 0 && len(p.Changes) == len(p.Delta) &&
		len(p.Changes) <= maxChanges && finite(p.Span, p.Scale, p.Floor, p.K, p.M, p.Sigma) && finite(p.Changes...) && finite(p.Delta...) &&
		p.input(p.CapInput) && p.input(p.FloorInput) && len(p.Inputs) <= maxTerms &&
		len(p.Seasons)+len(p.Events)+len(p.Regressors) <= maxTerms
	for i := range p.Changes {
		fine = fine && (i == 0 || p.Changes[i] >= p.Changes[i-1])
	}
	for i := range p.Inputs {
		fine = fine && finite(p.Inputs[i].Typical)
	}
	for i := range p.Seasons {
		s := &p.Seasons[i]
		fine = fine && s.Period > 0 && finite(s.Period) && len(s.Beta)%2 == 0 && len(s.Beta) <= maxTerms && finite(s.Beta...) && s.Mode <= Multiplicative &&
			(p.input(s.Condition) || s.Condition == Weekend || s.Condition == Weekday)
	}
	for i := range p.Events {
		e := &p.Events[i]
		fine = fine && e.Mode <= Multiplicative && finite(e.Beta)
		for j, s := range e.Spans {
			fine = fine && s.From < s.To && (j == 0 || s.From >= e.Spans[j-1].To)
		}
	}
	for i := range p.Regressors {
		r := &p.Regressors[i]
		fine = fine && r.Input >= 0 && p.input(r.Input) && r.Mode <= Multiplicative && finite(r.Mean, r.Std, r.Beta) && r.Std != 0
	}
	if !fine {
		return forecast.ErrPayload
	}
	return nil
}

func (p *Params) input(i int) bool { return i >= None && i < len(p.Inputs) }

// finite reports whether all are finite numbers.
func finite(x ...float64) bool {
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// Local returns local time at the Unix second t in days since 1970-01-01 00:00.
func Local(z *series.Zone, t int64) float64 { return float64(t+z.Offset(t)) / 86400 }

// Angle returns the angle of local time, in days, within a period of days.
func Angle(local, period float64) float64 {
	x := local / period
	return 2 * math.Pi * (x - math.Floor(x))
}
