package calibrate

import (
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// Kind names the decoder of the payload.
const Kind = "calibrated.1"

// Kind returns "calibrated.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  the model: 1 kind, 2 payload
//	3  the fallback, likewise; not there where it is the last value
//	4  a horizon, once for each: 1 source, 2 weight, 3 shift, 4 mean, 5 run,
//	   6 blend, 7 table, 8 reasons; of one that was updated 9 the lower and 10
//	   the upper side's logarithm of width; 11 ratio to the last value's error;
//	   12 1 where the model's own quantiles serve; 13 origin of the last value
//	   that came true
//	5  the model's family
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	f.write(w, true)
	return w.Bytes()
}

// write writes the fields, the model among them or not.
func (f *Fitted) write(w *codec.Writer, withModel bool) {
	w.Message(1, f.spec.Task.Write)
	if withModel {
		writeModel(w, 2, f.model)
	}
	if f.fallback != nil {
		writeModel(w, 3, f.fallback)
	}
	for i := range f.at {
		w.Message(4, f.at[i].write)
	}
	w.String(5, f.spec.Model)
}

func writeModel(w *codec.Writer, field int, m forecast.Fitted) {
	w.Message(field, func(w *codec.Writer) {
		w.String(1, m.Kind())
		w.Data(2, m.AppendPayload(nil))
	})
}

func (h *horizon) write(w *codec.Writer) {
	w.Uint(1, uint64(h.source))
	w.Float(2, h.weight)
	w.Float(3, h.shift)
	w.Float(4, h.mean)
	w.Float(5, h.run)
	w.Floats(6, h.blend[:])
	w.Floats(7, h.table[:])
	w.Uint(8, uint64(h.reasons))
	if h.adapt != (adaptation{}) {
		w.Float(9, h.adapt.down)
		w.Float(10, h.adapt.up)
	}
	if h.ratio != 0 {
		w.Float(11, h.ratio)
	}
	if h.own {
		w.Bool(12, true)
	}
	if h.adapt.last != 0 {
		w.Int(13, h.adapt.last)
	}
}

// Decode returns the model whose payload AppendPayload wrote; inner decodes
// the models within. An error is one of core/codec's, of inner's, or
// forecast.ErrPayload and its kin where the bytes are no model.
func Decode(payload []byte, inner func(kind string, payload []byte) (forecast.Fitted, error)) (*Fitted, error) {
	r := codec.NewReader(payload)
	f := read(r, nil, inner)
	if err := r.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// read reads what write wrote, around the model where it is not there itself.
// What is wrong is the reader's error.
func read(r *codec.Reader, model forecast.Fitted, inner func(kind string, payload []byte) (forecast.Fitted, error)) *Fitted {
	f := &Fitted{model: model}
	var task forecast.Task
	var family string
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			r.Message(func(r *codec.Reader) { f.model = readModel(r, inner) })
		case 3:
			r.Message(func(r *codec.Reader) { f.fallback = readModel(r, inner) })
		case 4:
			r.Message(func(r *codec.Reader) { f.at = append(f.at, readHorizon(r)) })
		case 5:
			family = r.String()
		}
	}
	if r.Err() != nil {
		return nil
	}
	if err := task.Check(); err != nil {
		r.Fail(err)
		return nil
	}
	if f.model == nil || !same(f.model, &task) || len(f.at) != len(task.Horizons) ||
		(f.fallback != nil && !same(f.fallback, &task)) {
		r.Fail(forecast.ErrPayload)
		return nil
	}
	f.spec = forecast.Spec{Task: task, Model: family, Needs: needs(f.model, f.fallback)}
	f.describe()
	return f
}

// same reports whether a model's forecasts are of the task's metric, step and
// horizons.
func same(m forecast.Fitted, task *forecast.Task) bool {
	t := m.Spec()
	if t.Metric != task.Metric || t.Step != task.Step || len(t.Horizons) != len(task.Horizons) {
		return false
	}
	for i, h := range t.Horizons {
		if h != task.Horizons[i] {
			return false
		}
	}
	return true
}

func readModel(r *codec.Reader, inner func(string, []byte) (forecast.Fitted, error)) forecast.Fitted {
	var kind string
	var payload []byte
	for r.Next() {
		switch r.Field() {
		case 1:
			kind = r.String()
		case 2:
			payload = r.Data()
		}
	}
	if r.Err() != nil {
		return nil
	}
	if kind == Kind || kind == SharedKind { // a calibrated model within one would let a few bytes nest without end
		r.Fail(forecast.ErrPayload)
		return nil
	}
	m, err := inner(kind, payload)
	if err != nil {
		r.Fail(err)
		return nil
	}
	return m
}

func readHorizon(r *codec.Reader) horizon {
	var h horizon
	for r.Next() {
		switch r.Field() {
		case 1:
			h.source = source(min(r.Uint(), 255))
		case 2:
			h.weight = r.Float()
		case 3:
			h.shift = r.Float()
		case 4:
			h.mean = r.Float()
		case 5:
			h.run = r.Float()
		case 6:
			readBlend(r, &h.blend)
		case 7:
			readArray(r, h.table[:])
		case 8:
			h.reasons = forecast.Reasons(r.Uint())
		case 11:
			h.ratio = r.Float()
		case 9:
			h.adapt.down = r.Float()
		case 10:
			h.adapt.up = r.Float()
		case 12:
			h.own = r.Bool()
		case 13:
			h.adapt.last = r.Int()
		}
	}
	if !h.valid() {
		r.Fail(forecast.ErrPayload)
	}
	return h
}

// readBlend reads the weights of a blend; earlier versions lacked the last one or two.
func readBlend(r *codec.Reader, b *blend) {
	x := r.Floats()
	if len(x) < partSpread || len(x) > partCount {
		r.Fail(forecast.ErrPayload)
		return
	}
	copy(b[:], x)
}

// readArray reads an array of exactly the length of dst.
func readArray(r *codec.Reader, dst []float64) {
	x := r.Floats()
	if len(x) != len(dst) {
		r.Fail(forecast.ErrPayload)
		return
	}
	copy(dst, x)
}

// valid reports whether a calibration could have made the horizon.
func (h *horizon) valid() bool {
	ok := h.source <= useBoth && h.weight >= 0 && h.weight <= 1 &&
		finite(h.shift) && finite(h.mean) && finite(h.run) && h.run >= 0 && finite(h.ratio) && h.ratio >= 0 && h.adapt.valid()
	for _, w := range h.blend {
		ok = ok && finite(w) && w >= 0
	}
	for k, x := range h.table {
		ok = ok && finite(x) && (k == 0 || x >= h.table[k-1])
	}
	return ok
}
