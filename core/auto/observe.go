package auto

import (
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// Observe implements forecast.Observer: it tells the members that are Observers.
// The weights follow by Learn.
func (f *Fitted) Observe(w *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, error) {
	out := *f
	out.members = slices.Clone(f.members)
	for i, m := range f.members {
		if o, ok := m.(forecast.Observer); ok {
			var err error
			if out.members[i], err = o.Observe(w, actuals); err != nil {
				return f, err
			}
		}
	}
	return &out, nil
}

// AppendState implements forecast.Observer (fields of core/codec): 1 a member that
// has observed something: 1 its number, 2 its own state.
func (f *Fitted) AppendState(dst []byte) []byte {
	w := codec.NewWriter(dst)
	for i, m := range f.members {
		o, ok := m.(forecast.Observer)
		if !ok {
			continue
		}
		if state := o.AppendState(nil); len(state) > 0 {
			w.Message(1, func(w *codec.Writer) {
				w.Int(1, int64(i))
				w.Data(2, state)
			})
		}
	}
	return w.Bytes()
}

// WithState implements forecast.Observer.
func (f *Fitted) WithState(state []byte) (forecast.Fitted, error) {
	out := *f
	out.members = slices.Clone(f.members)
	r := codec.NewReader(state)
	for r.Next() {
		if r.Field() == 1 {
			r.Message(out.readMember)
		}
	}
	if err := r.Err(); err != nil {
		return f, err
	}
	return &out, nil
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
	if o, ok := f.members[member].(forecast.Observer); ok {
		m, err := o.WithState(state)
		if err != nil {
			r.Fail(err)
			return
		}
		f.members[member] = m
	}
}

var (
	_ forecast.Learner  = (*Fitted)(nil)
	_ forecast.Observer = (*Fitted)(nil)
)
