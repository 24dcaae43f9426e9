package auto

import (
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// Update implements forecast.Updater: the weights of the members follow their
// errors, and from a window the members that are Updaters learn, too. Update leaves
// out actuals that lack a member's median.
func (f *Fitted) Update(w *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, int, error) {
	next, used := f.learn(actuals)
	if w == nil {
		return next, used, nil
	}
	out := *next
	out.members = slices.Clone(f.members)
	own := slices.Clone(actuals)
	for i := range own {
		own[i].Parts = nil // they are of this model, not of a member
	}
	for i, m := range f.members {
		u, ok := m.(forecast.Updater)
		if !ok {
			continue
		}
		var n int
		var err error
		if out.members[i], n, err = u.Update(w, own); err != nil {
			return f, 0, err
		}
		used = max(used, n)
	}
	return &out, used, nil
}

// AppendState implements forecast.Updater (fields of core/codec): 1 a member that
// has a state: 1 its number, 2 the state; 2 the records of the weights, if any.
func (f *Fitted) AppendState(dst []byte) []byte {
	w := codec.NewWriter(dst)
	for i, m := range f.members {
		u, ok := m.(forecast.Updater)
		if !ok {
			continue
		}
		if state := u.AppendState(nil); len(state) > 0 {
			w.Message(1, func(w *codec.Writer) {
				w.Int(1, int64(i))
				w.Data(2, state)
			})
		}
	}
	if f.learnt != nil {
		w.Floats(2, f.learnt)
	}
	return w.Bytes()
}

// WithState implements forecast.Updater.
func (f *Fitted) WithState(state []byte) (forecast.Fitted, error) {
	out := *f
	out.members = slices.Clone(f.members)
	var learnt []float64
	r := codec.NewReader(state)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(out.readMember)
		case 2:
			learnt = r.Floats()
		}
	}
	if err := r.Err(); err != nil {
		return f, err
	}
	if learnt == nil {
		return &out, nil
	}
	if with := out.withLearnt(learnt); with != nil {
		return with, nil
	}
	return f, forecast.ErrPayload
}

// readMember gives a member the state that it is to have.
func (f *Fitted) readMember(r *codec.Reader) {
	member := int64(-1)
	var state []byte
	for r.Next() {
		switch r.Field() {
		case 1:
			member = r.Int()
		case 2:
			state = r.Data()
		}
	}
	if r.Err() != nil {
		return
	}
	if member < 0 || member >= int64(len(f.members)) {
		r.Fail(forecast.ErrPayload)
		return
	}
	if u, ok := f.members[member].(forecast.Updater); ok {
		m, err := u.WithState(state)
		if err != nil {
			r.Fail(err)
			return
		}
		f.members[member] = m
	}
}

var _ forecast.Updater = (*Fitted)(nil)
