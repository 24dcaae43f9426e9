package linear

import (
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
)

// Kind names the decoder of the payload.
const Kind = "linear.1"

// Kind returns "linear.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  level of the history
//	3  name of an input that any horizon uses, once for each
//	4  a horizon, once for each: 1 weights of those inputs, 2 spread, 3 ridge,
//	   4 reasons, 5 usual change
//	5  what was learnt (AppendState), if anything
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Float(2, f.level)
	var used []int
	for j, name := range feature.DirectNames() {
		if slices.ContainsFunc(f.at, func(e Equation) bool { return e.Weights[j] != 0 }) {
			used = append(used, j)
			w.String(3, name)
		}
	}
	for i := range f.at {
		e := &f.at[i]
		weights := make([]float64, len(used))
		for k, j := range used {
			weights[k] = e.Weights[j]
		}
		w.Message(4, func(w *codec.Writer) {
			w.Floats(1, weights)
			w.Floats(2, e.Spread)
			w.Float(3, e.Ridge)
			w.Uint(4, uint64(e.Reasons))
			w.Float(5, e.Usual)
		})
	}
	if f.learnt != nil {
		w.Data(5, f.AppendState(nil))
	}
	return w.Bytes()
}

// Decode returns the model whose payload AppendPayload wrote. An error is one
// of core/codec's, or of core/forecast's where the bytes are no model:
// forecast.ErrPayload for an input that this version does not know.
func Decode(payload []byte) (*Fitted, error) {
	var task forecast.Task
	var level float64
	var inputs []int
	var at []equation
	var state []byte
	names := feature.DirectNames()
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			level = r.Float()
		case 3:
			j := slices.Index(names, r.String())
			if j < 0 || slices.Contains(inputs, j) {
				r.Fail(forecast.ErrPayload)
			}
			inputs = append(inputs, j)
		case 4:
			r.Message(func(r *codec.Reader) { at = append(at, readEquation(r)) })
		case 5:
			state = r.Data()
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	equations := make([]Equation, len(at))
	for i := range at {
		e := &equations[i]
		e.Spread, e.Ridge, e.Reasons, e.Usual = at[i].spread, at[i].ridge, at[i].reasons, at[i].usual
		if len(at[i].weights) != len(inputs) {
			return nil, forecast.ErrPayload
		}
		for k, j := range inputs {
			e.Weights[j] = at[i].weights[k]
		}
	}
	f, err := New(task, level, equations)
	if err != nil || state == nil {
		return f, err
	}
	return f.withState(state)
}

// An equation is one as it is written.
type equation struct {
	weights, spread []float64
	ridge, usual    float64
	reasons         forecast.Reasons
}

func readEquation(r *codec.Reader) equation {
	var e equation
	for r.Next() {
		switch r.Field() {
		case 1:
			e.weights = r.Floats()
		case 2:
			e.spread = r.Floats()
		case 3:
			e.ridge = r.Float()
		case 4:
			e.reasons = forecast.Reasons(r.Uint())
		case 5:
			e.usual = r.Float()
		}
	}
	return e
}
