package arima

import (
	"math"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Kind names the decoder of the payload.
const Kind = "arima.1"

// Bounds of what a payload may ask for: far above any fit's, and small enough
// that no payload makes forecasts slow or large.
const (
	maxLags    = 100
	maxProfile = 1 << 16
	maxBlock   = 1 << 16
	maxAhead   = 1 << 12 // blocks
)

// Kind returns "arima.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  cells to a block
//	3  cells of the recent part that are asked for
//	4  typical value
//	6  number of parts
//	5  a part, once for each: 1 differences, 2 AR, 3 MA, 4 mean or drift
//	   (absent where there is none), 5 variance of the innovations, 6 link,
//	   7 its scale, 8 bound of the innovations, 9 period of the season in
//	   seconds, 10 and 11 its cosines and sines, 12 its profile
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Int(2, int64(f.block))
	w.Int(3, int64(f.spec.Needs.Recent))
	w.Float(4, f.level)
	w.Int(6, int64(len(f.parts)))
	for i := range f.parts {
		w.Message(5, f.parts[i].write)
	}
	return w.Bytes()
}

func (p *Part) write(w *codec.Writer) {
	w.Int(1, int64(p.Process.D))
	w.Floats(2, p.Process.AR)
	w.Floats(3, p.Process.MA)
	if p.Process.Constant {
		w.Float(4, p.Process.Beta[0])
	}
	w.Float(5, p.Process.Sigma2)
	w.Int(6, int64(p.Link.Kind))
	w.Float(7, p.Link.Scale)
	w.Float(8, p.Clip)
	w.Int(9, p.Season.Period)
	w.Floats(10, p.Season.Cos)
	w.Floats(11, p.Season.Sin)
	w.Floats(12, p.Season.Profile)
}

// Decode returns the model whose payload it is given. Bytes that no model
// could have written are an error: codec's, or forecast.ErrPayload.
func Decode(payload []byte) (*Fitted, error) {
	r := codec.NewReader(payload)
	var task forecast.Task
	var parts []Part
	block, recent, level, count := int64(1), int64(1), 0.0, int64(0)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			block = r.Int()
		case 3:
			recent = r.Int()
		case 4:
			level = r.Float()
		case 5:
			r.Message(func(r *codec.Reader) { parts = append(parts, readPart(r)) })
		case 6:
			count = r.Int()
		}
	}
	if r.Err() == nil && (count != int64(len(parts)) || !servable(&task, parts, block, recent, level)) {
		r.Fail(forecast.ErrPayload)
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	return New(task, parts, int(block), int(recent), level), nil
}

func readPart(r *codec.Reader) Part {
	p := Part{Link: series.Link{Scale: 1}, Clip: math.Inf(1)}
	o := &p.Process
	for r.Next() {
		switch r.Field() {
		case 1:
			o.D = int(r.Int())
		case 2:
			o.AR = r.Floats()
		case 3:
			o.MA = r.Floats()
		case 4:
			o.Constant, o.Beta = true, []float64{r.Float()}
		case 5:
			o.Sigma2 = r.Float()
		case 6:
			p.Link.Kind = series.LinkKind(r.Int())
		case 7:
			p.Link.Scale = r.Float()
		case 8:
			p.Clip = r.Float()
		case 9:
			p.Season.Period = r.Int()
		case 10:
			p.Season.Cos = r.Floats()
		case 11:
			p.Season.Sin = r.Floats()
		case 12:
			p.Season.Profile = r.Floats()
		}
	}
	o.P, o.Q = len(o.AR), len(o.MA)
	if !p.valid() {
		r.Fail(forecast.ErrPayload)
	}
	return p
}

// valid reports whether the part is one that a fit could have made.
func (p *Part) valid() bool {
	o, s := &p.Process, &p.Season
	for _, v := range [][]float64{o.AR, o.MA, o.Beta, s.Cos, s.Sin, s.Profile, {o.Sigma2, p.Link.Scale}} {
		for _, x := range v {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
		}
	}
	if o.D < 0 || o.D > 2 || o.P > maxLags || o.Q > maxLags || o.Sigma2 < 0 ||
		p.Link.Kind > series.Asinh || !(p.Link.Scale > 0) || !(p.Clip >= 0) {
		return false
	}
	return len(s.Cos) == len(s.Sin) && len(s.Cos) <= maxLags && len(s.Profile) <= maxProfile &&
		(s.None() || s.Period > 0 && s.Period < 1<<32)
}

// servable reports whether the numbers of a payload make a model.
func servable(t *forecast.Task, parts []Part, block, recent int64, level float64) bool {
	if len(t.Horizons) == 0 || len(parts) != 1 && len(parts) != len(t.Horizons) {
		return false
	}
	if block < 1 || block > maxBlock || recent < 1 || recent > 1<<24 || math.IsNaN(level) || math.IsInf(level, 0) {
		return false
	}
	return t.Step < 1<<31 && t.Horizons[len(t.Horizons)-1] <= maxAhead*block*t.Step
}
