package calibrate

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// An adaptation is how much wider than calibrated the two sides of a horizon's
// intervals are, as logarithms. The zero value is not at all.
//
// Each side follows its own coverage (the quantile tracking of Angelopoulos,
// Candès and Tibshirani, "Conformal PID control for time series prediction",
// 2023, on the logarithm of the width): a value beyond the 10 % or 90 %
// quantile widens it by 0.9 of the rate, any other narrows it by 0.1 of the
// rate. So it rests where one in ten is beyond. Outcomes that are closer in time
// than adaptEvery count less: they tell of nearly the same hour, and a program
// that is told of every cell is to follow as fast as one that is told now and then.
type adaptation struct {
	down, up float64
	last     int64 // origin of the latest outcome, Unix seconds; 0 before the first
}

const (
	adaptRate  = 0.03
	adaptEvery = 2100 // seconds; a backtest's origins, by which the rate was chosen
	tail10     = 0.1
	// maxAdapt bounds the width, as a logarithm: a quarter, and four times.
	maxAdapt = 1.3862943611198906
)

// see changes the adaptation by a value that came true.
func (a *adaptation) see(origin int64, value, low, high float64) {
	rate := adaptRate
	if a.last != 0 {
		rate *= min(math.Abs(float64(origin-a.last))/adaptEvery, 1)
	}
	a.last = max(a.last, origin)
	follow(&a.down, rate, value < low)
	follow(&a.up, rate, value > high)
}

func follow(side *float64, rate float64, beyond bool) {
	step := -tail10
	if beyond {
		step = 1 - tail10
	}
	*side = min(max(*side+rate*step, -maxAdapt), maxAdapt)
}

func (a *adaptation) valid() bool {
	return math.Abs(a.down) <= maxAdapt && math.Abs(a.up) <= maxAdapt
}

// stretched reports whether a side is so wide that widened looks at how restless
// the window is.
func (a *adaptation) stretched() bool { return 2*max(a.down, a.up) > maxAdapt }

// widened returns a quantile at p, moved away from the median or towards it.
// Where hardly anything changed when the model was calibrated, its intervals have no
// width to multiply: from half the way to the bound on they grow towards those of a
// Laplace distribution whose mean absolute value is restless, the recent change over
// the horizon.
func (a *adaptation) widened(x, median, p, restless float64) float64 {
	side := a.up
	if p < 0.5 {
		side = a.down
	}
	if side == 0 {
		return x
	}
	by := math.Exp(side) * (x - median)
	if part := 2*side/maxAdapt - 1; part > 0 && p != 0.5 {
		if least := part * restless * laplace(p); math.Abs(least) > math.Abs(by) {
			by = least
		}
	}
	return median + by
}

// Update implements forecast.Updater.
func (f *Fitted) Update(w *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, int, error) {
	out, n, err := f.update(w, actuals)
	return out, n, err
}

func (f *Fitted) update(w *forecast.Window, actuals []forecast.Actual) (*Fitted, int, error) {
	var dst forecast.Forecast
	if err := f.Forecast(&dst, w); err != nil {
		return f, 0, err
	}
	outcomes := make([]Outcome, 0, len(actuals))
	for _, a := range actuals {
		if h := dst.Find(a.Ahead); h != nil && finite(a.Value) {
			outcomes = append(outcomes, Outcome{
				Actual: forecast.Actual{Origin: dst.Origin, Ahead: a.Ahead, Value: a.Value, Parts: h.Parts},
				Low:    dst.Quantile(h, tail10), High: dst.Quantile(h, 1-tail10),
			})
		}
	}
	out, err := f.follow(w, outcomes)
	return out, len(outcomes), err
}

// An Outcome is a value that came true beside the 10 % and the 90 % quantile
// that had been forecast for it.
type Outcome struct {
	forecast.Actual
	Low, High float64
}

// Follow returns a calibrated model after it has seen the outcomes of kept
// forecasts for a container; other models it returns as they are. It skips
// outcomes of other horizons than the model's and unknown values.
func Follow(model forecast.Fitted, container string, outcomes []Outcome) forecast.Fitted {
	switch m := model.(type) {
	case *Fitted:
		return m.kept(outcomes)
	case *Shared:
		f, _ := m.Of(container)
		return m.with(container, f.kept(outcomes))
	}
	return model
}

// kept is follow without a window, which does not fail.
func (f *Fitted) kept(outcomes []Outcome) *Fitted {
	out, err := f.follow(nil, outcomes)
	if err != nil {
		return f
	}
	return out
}

// follow adapts the intervals and updates the wrapped model; without a window (w is
// nil) only one that needs none.
func (f *Fitted) follow(w *forecast.Window, outcomes []Outcome) (*Fitted, error) {
	out := *f
	out.at = slices.Clone(f.at)
	for _, o := range outcomes {
		if i := slices.Index(f.spec.Horizons, o.Ahead); i >= 0 && finite(o.Value) {
			out.at[i].adapt.see(o.Origin, o.Value, o.Low, o.High)
		}
	}
	u, ok := f.model.(forecast.Updater)
	if !ok || w == nil && !f.model.Spec().Learns {
		return &out, nil
	}
	actuals := make([]forecast.Actual, len(outcomes))
	for i := range outcomes {
		actuals[i] = outcomes[i].Actual
	}
	var err error
	if out.model, _, err = u.Update(w, actuals); err != nil {
		return f, err
	}
	out.describe()
	return &out, nil
}

// AppendState implements forecast.Updater (fields of core/codec): 1 the lower and the
// upper side of each horizon in turn; 2 the wrapped model's state, if it has any;
// 3 the origin of each horizon's latest outcome.
func (f *Fitted) AppendState(dst []byte) []byte {
	w := codec.NewWriter(dst)
	f.writeState(w)
	return w.Bytes()
}

func (f *Fitted) writeState(w *codec.Writer) {
	sides, origins := make([]float64, 0, 2*len(f.at)), make([]int64, 0, len(f.at))
	for i := range f.at {
		a := &f.at[i].adapt
		sides, origins = append(sides, a.down, a.up), append(origins, a.last)
	}
	w.Floats(1, sides)
	if u, ok := f.model.(forecast.Updater); ok {
		if state := u.AppendState(nil); len(state) > 0 {
			w.Data(2, state)
		}
	}
	if f.updated() {
		w.Ints(3, origins)
	}
}

// WithState implements forecast.Updater.
func (f *Fitted) WithState(state []byte) (forecast.Fitted, error) {
	r := codec.NewReader(state)
	out := f.readState(r)
	return out, r.Err()
}

// readState returns f with the state that the fields have; what is wrong with
// them is the reader's error.
func (f *Fitted) readState(r *codec.Reader) *Fitted {
	out := *f
	out.at = slices.Clone(f.at)
	for r.Next() {
		switch r.Field() {
		case 1:
			out.readSides(r, r.Floats())
		case 2:
			out.readModel(r)
		case 3:
			out.readOrigins(r, r.Ints())
		}
	}
	out.describe()
	return &out
}

func (f *Fitted) readSides(r *codec.Reader, sides []float64) {
	if len(sides) != 2*len(f.at) {
		r.Fail(forecast.ErrPayload)
		return
	}
	for i := range f.at {
		a := &f.at[i].adapt
		if a.down, a.up = sides[2*i], sides[2*i+1]; !a.valid() {
			r.Fail(forecast.ErrPayload)
		}
	}
}

func (f *Fitted) readOrigins(r *codec.Reader, origins []int64) {
	if len(origins) != len(f.at) {
		r.Fail(forecast.ErrPayload)
		return
	}
	for i := range f.at {
		f.at[i].adapt.last = origins[i]
	}
}

// readModel gives the wrapped model its state.
func (f *Fitted) readModel(r *codec.Reader) {
	u, ok := f.model.(forecast.Updater)
	if !ok {
		return
	}
	model, err := u.WithState(r.Data())
	if err != nil {
		r.Fail(err)
		return
	}
	f.model = model
}

// Update implements forecast.Updater. The container that the window is of is updated
// alone; one that was not known has a calibration of its own from then on.
func (s *Shared) Update(w *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, int, error) {
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

// AppendState implements forecast.Updater (fields of core/codec): 1 a container that was
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

// WithState implements forecast.Updater.
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

var _, _ forecast.Updater = (*Fitted)(nil), (*Shared)(nil)
