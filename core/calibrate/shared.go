package calibrate

import (
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// SharedKind names the decoder of a Shared's payload.
const SharedKind = "shared.1"

// Shared is one model that serves many containers: those that it was fitted to
// each with a gate, a fallback and a calibration of their own, and all others
// with a general one. It is immutable and safe for concurrent use.
type Shared struct {
	spec    forecast.Spec
	general *Fitted
	names   []string // sorted
	own     []*Fitted
}

// NewShared returns a shared model. The calibrations of own, by container, are
// around general's model or one of the container's own; both are pointers. It
// panics where they are of other tasks.
func NewShared(general *Fitted, own map[string]*Fitted) *Shared {
	s := &Shared{general: general}
	for name := range own {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	for _, name := range s.names {
		s.own = append(s.own, own[name])
	}
	s.finish()
	return s
}

// finish derives the spec, whose needs are those of all.
func (s *Shared) finish() {
	s.spec = *s.general.Spec()
	for _, f := range s.own {
		if !same(f, &s.spec.Task) {
			panic("calibrate: shared model of several tasks")
		}
		n, m := &s.spec.Needs, &f.spec.Needs
		n.Recent, n.Long, n.LongStep = max(n.Recent, m.Recent), max(n.Long, m.Long), max(n.LongStep, m.LongStep)
	}
}

// Spec describes the model.
func (s *Shared) Spec() *forecast.Spec { return &s.spec }

// Containers returns the containers that have a calibration of their own,
// sorted; do not modify it.
func (s *Shared) Containers() []string { return s.names }

// Of returns what serves a container; known is false where that is the general
// calibration.
func (s *Shared) Of(container string) (f *Fitted, known bool) {
	if i, ok := slices.BinarySearch(s.names, container); ok {
		return s.own[i], true
	}
	return s.general, false
}

// Knows reports whether a container has a calibration of its own.
func (s *Shared) Knows(container string) bool {
	_, known := s.Of(container)
	return known
}

// Forecast implements forecast.Fitted. The window's container says which
// calibration serves.
func (s *Shared) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	f, _ := s.Of(w.Recent.Container)
	return f.Forecast(dst, w)
}

// Kind returns "shared.1".
func (s *Shared) Kind() string { return SharedKind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  the general calibration: the fields of "calibrated.1", its model among
//	   them
//	2  a container, once for each, ascending by name: 1 name, 2 the fields of
//	   "calibrated.1", without the model where it is the general one
func (s *Shared) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	w.Message(1, func(w *codec.Writer) { s.general.write(w, true) })
	for i, f := range s.own {
		w.Message(2, func(w *codec.Writer) {
			w.String(1, s.names[i])
			w.Message(2, func(w *codec.Writer) { f.write(w, f.model != s.general.model) })
		})
	}
	return w.Bytes()
}

// DecodeShared returns the model whose payload AppendPayload wrote. Errors are
// as of Decode.
func DecodeShared(payload []byte, inner func(kind string, payload []byte) (forecast.Fitted, error)) (*Shared, error) {
	s := &Shared{}
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { s.general = read(r, nil, inner) })
		case 2:
			if s.general == nil {
				return nil, forecast.ErrPayload
			}
			r.Message(func(r *codec.Reader) { s.readOwn(r, inner) })
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if s.general == nil {
		return nil, forecast.ErrPayload
	}
	s.finish()
	return s, nil
}

// readOwn reads the calibration of a container.
func (s *Shared) readOwn(r *codec.Reader, inner func(kind string, payload []byte) (forecast.Fitted, error)) {
	var name string
	var f *Fitted
	for r.Next() {
		switch r.Field() {
		case 1:
			name = r.String()
		case 2:
			r.Message(func(r *codec.Reader) { f = read(r, s.general.model, inner) })
		}
	}
	if r.Err() != nil {
		return
	}
	if f == nil || !same(f, &s.general.spec.Task) || (len(s.names) > 0 && name <= s.names[len(s.names)-1]) {
		r.Fail(forecast.ErrPayload)
		return
	}
	s.names, s.own = append(s.names, name), append(s.own, f)
}
