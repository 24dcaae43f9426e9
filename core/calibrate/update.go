package calibrate

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// An Actual is a value that came true: the mean of the cell that begins Ahead
// seconds after a window's origin; NaN where it is not known.
type Actual struct {
	Ahead int64
	Value float64
}

// An Updater is a fitted model that follows what comes true: its intervals, and
// the weights of a combination. It stays
// immutable: an update gives another model. (It does not name the methods of
// forecast.Fitted: asking a model for this interface keeps them all in the
// WebAssembly guest, which needs but some.)
type Updater interface {
	// Update returns the model after it has seen what became of the forecasts
	// from a window, and how many of the values it has used: those of its own
	// horizons that are known. Errors are those of Forecast.
	Update(w *forecast.Window, actuals []Actual) (forecast.Fitted, int, error)
	// AppendState appends what updates have changed: a few bytes a horizon.
	AppendState(dst []byte) []byte
	// WithState returns the model with what AppendState gave for it, or for the
	// same model earlier or later. The error is one of core/codec's or
	// forecast.ErrPayload.
	WithState(state []byte) (forecast.Fitted, error)
}

// An adaptation is how much wider than calibrated the two sides of a horizon's
// intervals are. The zero value is not at all.
//
// Each side follows its own coverage (the quantile tracking of Angelopoulos,
// Candès and Tibshirani, "Conformal PID control for time series prediction",
// 2023, on the logarithm of the width): a value beyond the 10 % or 90 %
// quantile widens it by 0.9 of the rate, any other narrows it by 0.1 of the
// rate. So it rests where one in ten is beyond.
type adaptation struct{ down, up float64 }

const (
	adaptRate = 0.03
	tail10    = 0.1
	// maxAdapt bounds the width, as a logarithm: a quarter, and four times.
	maxAdapt = 1.3862943611198906
)

// see changes the adaptation by a value that came true.
func (a *adaptation) see(value, low, high float64) {
	follow(&a.down, value < low)
	follow(&a.up, value > high)
}

func follow(side *float64, beyond bool) {
	step := -tail10
	if beyond {
		step = 1 - tail10
	}
	*side = min(max(*side+adaptRate*step, -maxAdapt), maxAdapt)
}

func (a *adaptation) valid() bool {
	return math.Abs(a.down) <= maxAdapt && math.Abs(a.up) <= maxAdapt
}

// widened returns a quantile at p, moved away from the median or towards it.
func (a *adaptation) widened(x, median, p float64) float64 {
	side := a.up
	if p < 0.5 {
		side = a.down
	}
	if side == 0 {
		return x
	}
	return median + math.Exp(side)*(x-median)
}

// Update implements Updater.
func (f *Fitted) Update(w *forecast.Window, actuals []Actual) (forecast.Fitted, int, error) {
	out, n, err := f.update(w, actuals)
	return out, n, err
}

func (f *Fitted) update(w *forecast.Window, actuals []Actual) (*Fitted, int, error) {
	var dst forecast.Forecast
	if err := f.Forecast(&dst, w); err != nil {
		return f, 0, err
	}
	outcomes := make([]Outcome, 0, len(actuals))
	for _, a := range actuals {
		if h := dst.Find(a.Ahead); h != nil && finite(a.Value) {
			outcomes = append(outcomes, Outcome{
				Outcome: forecast.Outcome{Origin: dst.Origin, Ahead: a.Ahead, Value: a.Value, Parts: h.Parts},
				Low:     dst.Quantile(h, tail10), High: dst.Quantile(h, 1-tail10),
			})
		}
	}
	return f.follow(outcomes), len(outcomes), nil
}

// An Outcome is a value that came true beside the 10 % and the 90 % quantile
// that had been forecast for it.
type Outcome struct {
	forecast.Outcome
	Low, High float64
}

// A Follower is an Updater for whoever has kept the forecasts.
type Follower interface {
	// Follow returns the model after it has seen what became of forecasts for a
	// container. Outcomes of other horizons than its own, or that are not known,
	// are left out.
	Follow(container string, outcomes []Outcome) forecast.Fitted
}

// Follow implements Follower.
func (f *Fitted) Follow(_ string, outcomes []Outcome) forecast.Fitted { return f.follow(outcomes) }

func (f *Fitted) follow(outcomes []Outcome) *Fitted {
	out := *f
	out.at = slices.Clone(f.at)
	for _, o := range outcomes {
		if i := slices.Index(f.spec.Horizons, o.Ahead); i >= 0 && finite(o.Value) {
			out.at[i].adapt.see(o.Value, o.Low, o.High)
		}
	}
	if learner, ok := f.model.(forecast.Learner); ok {
		heard := make([]forecast.Outcome, len(outcomes))
		for i := range outcomes {
			heard[i] = outcomes[i].Outcome
		}
		out.model = learner.Learn(heard)
	}
	return &out
}

// Follow implements Follower.
func (s *Shared) Follow(container string, outcomes []Outcome) forecast.Fitted {
	f, _ := s.Of(container)
	return s.with(container, f.follow(outcomes))
}

// AppendState implements Updater (fields of core/codec): 1 the lower and the
// upper side of each horizon in turn; 2 what the model has learnt, if anything
// (forecast.Learner).
func (f *Fitted) AppendState(dst []byte) []byte {
	w := codec.NewWriter(dst)
	f.writeState(w)
	return w.Bytes()
}

func (f *Fitted) writeState(w *codec.Writer) {
	sides := make([]float64, 0, 2*len(f.at))
	for i := range f.at {
		sides = append(sides, f.at[i].adapt.down, f.at[i].adapt.up)
	}
	w.Floats(1, sides)
	if learner, ok := f.model.(forecast.Learner); ok {
		if learnt := learner.Learnt(); learnt != nil {
			w.Floats(2, learnt)
		}
	}
}

// WithState implements Updater.
func (f *Fitted) WithState(state []byte) (forecast.Fitted, error) {
	r := codec.NewReader(state)
	out := f.readState(r)
	return out, r.Err()
}

// readState returns f with the sides that the fields have; what is wrong with
// them is the reader's error.
func (f *Fitted) readState(r *codec.Reader) *Fitted {
	out := *f
	out.at = slices.Clone(f.at)
	for r.Next() {
		if learner, ok := f.model.(forecast.Learner); ok && r.Field() == 2 {
			if out.model = learner.WithLearnt(r.Floats()); out.model == nil {
				r.Fail(forecast.ErrPayload)
				break
			}
		}
		if r.Field() != 1 {
			continue
		}
		sides := r.Floats()
		if len(sides) != 2*len(out.at) {
			r.Fail(forecast.ErrPayload)
			break
		}
		for i := range out.at {
			out.at[i].adapt = adaptation{sides[2*i], sides[2*i+1]}
			if !out.at[i].adapt.valid() {
				r.Fail(forecast.ErrPayload)
			}
		}
	}
	return &out
}

// Update implements Updater. The container that the window is of is updated
// alone; one that was not known has a calibration of its own from then on.
func (s *Shared) Update(w *forecast.Window, actuals []Actual) (forecast.Fitted, int, error) {
	container := w.Recent.Container
	f, _ := s.Of(container)
	f, n, err := f.update(w, actuals)
	if err != nil || n == 0 {
		return s, n, err
	}
	return s.with(container, f), n, nil
}

// with returns s with a container's calibration.
func (s *Shared) with(container string, f *Fitted) *Shared {
	out := *s
	i, known := slices.BinarySearch(s.names, container)
	after := i
	if known {
		after++
	}
	out.names = append(append(append([]string(nil), s.names[:i]...), container), s.names[after:]...)
	out.own = append(append(append([]*Fitted(nil), s.own[:i]...), f), s.own[after:]...)
	return &out
}

// AppendState implements Updater (fields of core/codec): 1 a container that was
// updated, once for each: 1 name, 2 its calibration's state.
func (s *Shared) AppendState(dst []byte) []byte {
	w := codec.NewWriter(dst)
	for i, f := range s.own {
		if !f.updated() {
			continue
		}
		w.Message(1, func(w *codec.Writer) {
			w.String(1, s.names[i])
			w.Message(2, f.writeState)
		})
	}
	return w.Bytes()
}

// updated reports whether an update has changed anything.
func (f *Fitted) updated() bool {
	for i := range f.at {
		if f.at[i].adapt != (adaptation{}) {
			return true
		}
	}
	return false
}

// WithState implements Updater.
func (s *Shared) WithState(state []byte) (forecast.Fitted, error) {
	out := s
	r := codec.NewReader(state)
	for r.Next() {
		if r.Field() != 1 {
			continue
		}
		r.Message(func(r *codec.Reader) {
			name, f := "", (*Fitted)(nil)
			for r.Next() {
				switch r.Field() {
				case 1:
					name = r.String()
				case 2:
					base, _ := out.Of(name)
					r.Message(func(r *codec.Reader) { f = base.readState(r) })
				}
			}
			if f != nil && r.Err() == nil {
				out = out.with(name, f)
			}
		})
	}
	return out, r.Err()
}

var _, _ Updater = (*Fitted)(nil), (*Shared)(nil)
