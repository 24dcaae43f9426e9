package naive

import (
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// Kind names the decoder of the payload.
const Kind = "naive.1"

// Kind returns "naive.1".
func (f *fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  level of the history
//	3  a horizon, once for each: 1 full mix, 2 short mix, 3 reasons
//
// A mix is a list of members (1: predictor's name, 2: weight).
func (f *fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Float(2, f.level)
	for i := range f.at {
		m := &f.at[i]
		w.Message(3, func(w *codec.Writer) {
			writeMembers(w, 1, m.full)
			writeMembers(w, 2, m.short)
			w.Uint(3, uint64(m.reasons))
		})
	}
	return w.Bytes()
}

func writeMembers(w *codec.Writer, field int, members []member) {
	for _, x := range members {
		w.Message(field, func(w *codec.Writer) {
			w.String(1, rules[x.rule].name)
			w.Float(2, x.weight)
		})
	}
}

// Decode returns the model whose payload AppendPayload wrote. An error is one
// of core/codec's, or of core/forecast's where the bytes are no model:
// forecast.ErrPayload for a predictor that this version does not know.
func Decode(payload []byte) (forecast.Fitted, error) {
	f := &fitted{spec: forecast.Spec{Model: Name}}
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { f.spec.Task = forecast.ReadTask(r) })
		case 2:
			f.level = r.Float()
		case 3:
			r.Message(func(r *codec.Reader) { f.at = append(f.at, readMix(r)) })
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if err := f.spec.Check(); err != nil {
		return nil, err
	}
	if len(f.at) != len(f.spec.Horizons) || f.level-f.level != 0 {
		return nil, forecast.ErrPayload
	}
	f.spec.Needs = NeedsOf(f.spec.Step)
	return f, nil
}

// maxMembers bounds the predictors of a mix that a payload may name.
const maxMembers = 256

func readMix(r *codec.Reader) mix {
	var m mix
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { m.full = append(m.full, readMember(r)) })
		case 2:
			r.Message(func(r *codec.Reader) { m.short = append(m.short, readMember(r)) })
		case 3:
			m.reasons = forecast.Reasons(r.Uint())
		}
	}
	if len(m.full) == 0 || len(m.short) == 0 || max(len(m.full), len(m.short)) > maxMembers {
		r.Fail(forecast.ErrPayload)
		return m
	}
	m.describe()
	return m
}

func readMember(r *codec.Reader) member {
	x := member{rule: -1}
	for r.Next() {
		switch r.Field() {
		case 1:
			x.rule = ruleIndex(r.String())
		case 2:
			x.weight = r.Float()
		}
	}
	if x.rule < 0 || !(x.weight >= 0 && x.weight <= 1) {
		x.rule = 0
		r.Fail(forecast.ErrPayload)
	}
	return x
}
