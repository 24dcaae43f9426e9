package prophet

import (
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Kind names the decoder of the payload.
const Kind = "prophet.1"

// Kind returns "prophet.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  parameters: 1 growth, 2 start, 3 span, 4 scale, 5 floor, 6 k, 7 m,
//	   8 changepoints, 9 their changes, 10 σ, 11 the zone's first offset,
//	   12 and 13 times and offsets of its transitions, 14 an input (1 name,
//	   2 typical value), 15 and 16 one more than the index of the inputs that
//	   are capacity and floor, 17 a seasonality (1 name, 2 period in days,
//	   3 mode, 4 condition, 5 coefficients), 18 an event (1 name, 2 offset,
//	   3 mode, 4 coefficient, 5 and 6 begins and ends of its spans),
//	   19 a regressor (1 input, 2 mode, 3 mean, 4 standard deviation,
//	   5 coefficient)
//	3  a memory, once for each horizon: 1 weights, 2 spread
//	4  number of memories
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Message(2, f.curve.Params.write)
	w.Int(4, int64(len(f.memory)))
	for i := range f.memory {
		m := &f.memory[i]
		w.Message(3, func(w *codec.Writer) {
			w.Floats(1, m.Weights[:])
			w.Float(2, m.Spread)
		})
	}
	return w.Bytes()
}

func (p *Params) write(w *codec.Writer) {
	w.Int(1, int64(p.Growth))
	w.Int(2, p.Start)
	w.Float(3, p.Span)
	w.Float(4, p.Scale)
	w.Float(5, p.Floor)
	w.Float(6, p.K)
	w.Float(7, p.M)
	w.Floats(8, p.Changes)
	w.Floats(9, p.Delta)
	w.Float(10, p.Sigma)
	offset, transitions := p.Zone.Transitions()
	w.Int(11, offset)
	at, offsets := make([]int64, len(transitions)), make([]int64, len(transitions))
	for i, t := range transitions {
		at[i], offsets[i] = t.At, t.Offset
	}
	w.Ints(12, at)
	w.Ints(13, offsets)
	for i := range p.Inputs {
		w.Message(14, func(w *codec.Writer) {
			w.String(1, p.Inputs[i].Name)
			w.Float(2, p.Inputs[i].Typical)
		})
	}
	w.Int(15, int64(p.CapInput+1))
	w.Int(16, int64(p.FloorInput+1))
	for i := range p.Seasons {
		w.Message(17, p.Seasons[i].write)
	}
	for i := range p.Events {
		w.Message(18, p.Events[i].write)
	}
	for i := range p.Regressors {
		w.Message(19, p.Regressors[i].write)
	}
}

func (s *Season) write(w *codec.Writer) {
	w.String(1, s.Name)
	w.Float(2, s.Period)
	w.Int(3, int64(s.Mode))
	w.Int(4, int64(s.Condition))
	w.Floats(5, s.Beta)
}

func (e *Event) write(w *codec.Writer) {
	w.String(1, e.Name)
	w.Int(2, int64(e.Offset))
	w.Int(3, int64(e.Mode))
	w.Float(4, e.Beta)
	from, to := make([]int64, len(e.Spans)), make([]int64, len(e.Spans))
	for i, s := range e.Spans {
		from[i], to[i] = s.From, s.To
	}
	w.Ints(5, from)
	w.Ints(6, to)
}

func (r *Regressor) write(w *codec.Writer) {
	w.Int(1, int64(r.Input))
	w.Int(2, int64(r.Mode))
	w.Float(3, r.Mean)
	w.Float(4, r.Std)
	w.Float(5, r.Beta)
}

// Decode returns the model whose payload it is given. Bytes that no model
// could have written are an error: codec's, or forecast.ErrPayload.
func Decode(payload []byte) (*Fitted, error) {
	r := codec.NewReader(payload)
	var task forecast.Task
	var params Params
	var memory []Memory
	count, described := int64(0), false
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			described = true
			r.Message(func(r *codec.Reader) { params = readParams(r) })
		case 3:
			r.Message(func(r *codec.Reader) { memory = append(memory, readMemory(r)) })
		case 4:
			count = r.Int()
		}
	}
	if r.Err() == nil && (!described || count != int64(len(memory)) || len(task.Horizons) == 0) {
		r.Fail(forecast.ErrPayload)
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	curve, err := NewCurve(params)
	if err != nil {
		return nil, err
	}
	return New(task, curve, memory)
}

func readMemory(r *codec.Reader) Memory {
	var m Memory
	for r.Next() {
		switch r.Field() {
		case 1:
			if w := r.Floats(); len(w) == ErrorCount && finite(w...) {
				copy(m.Weights[:], w)
			} else {
				r.Fail(forecast.ErrPayload)
			}
		case 2:
			m.Spread = r.Float()
		}
	}
	if !(m.Spread >= 0) || !finite(m.Spread) {
		r.Fail(forecast.ErrPayload)
	}
	return m
}

func readParams(r *codec.Reader) Params {
	p := Params{CapInput: None, FloorInput: None}
	var at, offsets []int64
	offset := int64(0)
	for r.Next() {
		switch r.Field() {
		case 1:
			p.Growth = Growth(small(r))
		case 2:
			p.Start = r.Int()
		case 3:
			p.Span = r.Float()
		case 4:
			p.Scale = r.Float()
		case 5:
			p.Floor = r.Float()
		case 6:
			p.K = r.Float()
		case 7:
			p.M = r.Float()
		case 8:
			p.Changes = r.Floats()
		case 9:
			p.Delta = r.Floats()
		case 10:
			p.Sigma = r.Float()
		case 11:
			offset = r.Int()
		case 12:
			at = r.Ints()
		case 13:
			offsets = r.Ints()
		case 14:
			r.Message(func(r *codec.Reader) { p.Inputs = append(p.Inputs, readInput(r)) })
		case 15:
			p.CapInput = int(r.Int()) - 1
		case 16:
			p.FloorInput = int(r.Int()) - 1
		case 17:
			r.Message(func(r *codec.Reader) { p.Seasons = append(p.Seasons, readSeason(r)) })
		case 18:
			r.Message(func(r *codec.Reader) { p.Events = append(p.Events, readEvent(r)) })
		case 19:
			r.Message(func(r *codec.Reader) { p.Regressors = append(p.Regressors, readRegressor(r)) })
		}
	}
	p.Zone = readZone(r, offset, at, offsets)
	return p
}

func readZone(r *codec.Reader, offset int64, at, offsets []int64) series.Zone {
	if len(at) != len(offsets) {
		r.Fail(forecast.ErrPayload)
		return series.Zone{}
	}
	transitions := make([]series.Transition, len(at))
	for i := range at {
		transitions[i] = series.Transition{At: at[i], Offset: offsets[i]}
	}
	z, err := series.NewZone(offset, transitions)
	if err != nil {
		r.Fail(forecast.ErrPayload)
	}
	return z
}

// small reads a number of one byte.
func small(r *codec.Reader) uint8 {
	v := r.Int()
	if v < 0 || v > 255 {
		r.Fail(forecast.ErrPayload)
	}
	return uint8(v)
}

func readInput(r *codec.Reader) Input {
	var i Input
	for r.Next() {
		switch r.Field() {
		case 1:
			i.Name = r.String()
		case 2:
			i.Typical = r.Float()
		}
	}
	return i
}

func readSeason(r *codec.Reader) Season {
	var s Season
	for r.Next() {
		switch r.Field() {
		case 1:
			s.Name = r.String()
		case 2:
			s.Period = r.Float()
		case 3:
			s.Mode = Mode(small(r))
		case 4:
			s.Condition = int(r.Int())
		case 5:
			s.Beta = r.Floats()
		}
	}
	return s
}

func readEvent(r *codec.Reader) Event {
	var e Event
	var from, to []int64
	for r.Next() {
		switch r.Field() {
		case 1:
			e.Name = r.String()
		case 2:
			e.Offset = int(r.Int())
		case 3:
			e.Mode = Mode(small(r))
		case 4:
			e.Beta = r.Float()
		case 5:
			from = r.Ints()
		case 6:
			to = r.Ints()
		}
	}
	if len(from) != len(to) {
		r.Fail(forecast.ErrPayload)
		return e
	}
	for i := range from {
		e.Spans = append(e.Spans, Span{from[i], to[i]})
	}
	return e
}

func readRegressor(r *codec.Reader) Regressor {
	var g Regressor
	for r.Next() {
		switch r.Field() {
		case 1:
			g.Input = int(r.Int())
		case 2:
			g.Mode = Mode(small(r))
		case 3:
			g.Mean = r.Float()
		case 4:
			g.Std = r.Float()
		case 5:
			g.Beta = r.Float()
		}
	}
	return g
}
