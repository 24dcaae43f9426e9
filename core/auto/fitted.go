package auto

import (
	"errors"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// Name is the family of these models, Kind the decoder of their payload.
const (
	Name = "auto"
	Kind = "auto.1"
)

// maxMembers bounds the models that are combined.
const maxMembers = 8

// errMembers reports that there are no models to combine, too many, or models of
// different tasks.
var errMembers = errors.New("ensemble: not one to eight models of the same task")

// Fitted combines fitted models. It is immutable and safe for concurrent use.
type Fitted struct {
	spec    forecast.Spec
	members []forecast.Fitted
	guard   int // the member that keeps the others in sight; -1 for none
	detail  string

	learnt  []float64   // a record for each horizon; nil before anything came true
	weights [][]float64 // of the members by horizon, adding to 1; nil likewise
	details []string    // them, for people
}

// New returns the mean of models of one task, in that order. guard, unless it is
// negative, is the number of the member in whose central 80 % interval the
// medians of the others are held: one that has seen many containers knows what
// is out of the question, where one of the container's own may follow a habit
// that has just ended. How far the quantiles are from the median is then its
// alone. The error is errMembers.
func New(members []forecast.Fitted, guard int) (*Fitted, error) {
	if len(members) == 0 || len(members) > maxMembers || guard >= len(members) {
		return nil, errMembers
	}
	f := &Fitted{members: slices.Clone(members), guard: max(guard, -1), detail: "mean of "}
	first := members[0].Spec()
	f.spec = forecast.Spec{Task: first.Task, Model: Name, Needs: first.Needs, Learns: true}
	f.spec.Pretrained = guard >= 0 && members[guard].Spec().Pretrained
	for i, m := range members {
		s := m.Spec()
		if s.Metric != first.Metric || s.Step != first.Step || s.Bounds != first.Bounds ||
			!slices.Equal(s.Horizons, first.Horizons) || !slices.Equal(s.Levels, first.Levels) {
			return nil, errMembers
		}
		n := &f.spec.Needs
		n.Recent, n.Long = max(n.Recent, s.Needs.Recent), max(n.Long, s.Needs.Long)
		n.LongStep = max(n.LongStep, s.Needs.LongStep)
		if i > 0 {
			f.detail += " and "
		}
		f.detail += s.Model
	}
	if len(members) == 1 {
		f.detail = first.Model
	}
	return f, nil
}

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Members returns the models that are combined; do not modify them.
func (f *Fitted) Members() []forecast.Fitted { return f.members }

// Detail describes the forecasts of the horizon with that index for people.
func (f *Fitted) Detail(k int) string {
	if f.weights != nil {
		return f.details[k]
	}
	return f.detail
}

// Forecast implements forecast.Fitted: the weighted mean of the members'
// quantiles, which is again ascending and within the bounds; with a guard that of
// the medians, and its distances of the others. A member whose
// numbers are not finite is left out of a horizon, which then says NotFinite.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	if _, _, err := w.Check(&f.spec); err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	for i, m := range f.members {
		if err := m.Forecast(dst.Sub(i), w); err != nil {
			return err
		}
	}
	f.hold(dst)
	for k := range dst.At {
		h := &dst.At[k]
		h.Detail = f.Detail(k)
		var weights []float64
		if f.weights != nil {
			weights = f.weights[k]
		}
		h.Mean = 0
		clear(h.Quantiles)
		total := 0.0
		for i := range f.members {
			m := &dst.Sub(i).At[k]
			h.Parts = append(h.Parts, dst.Sub(i).Median(m))
			h.Reasons |= m.Reasons
			if !finite(m) {
				h.Reasons |= forecast.NotFinite
				continue
			}
			share := 1.0
			if weights != nil {
				share = weights[i]
			}
			total += share
			share /= total
			h.Mean += (m.Mean - h.Mean) * share
			for j, q := range m.Quantiles {
				h.Quantiles[j] += (q - h.Quantiles[j]) * share
			}
		}
		if total == 0 { // the contract forbids it of members: it is never trusted
			copy(h.Quantiles, dst.Sub(0).At[k].Quantiles)
		}
		f.shape(dst, k)
		slices.Sort(h.Quantiles) // rounding may have swapped equal ones
	}
	return nil
}

// hold moves the members' forecasts so that their medians lie in the guard's
// interval.
func (f *Fitted) hold(dst *forecast.Forecast) {
	if f.guard < 0 {
		return
	}
	guard := dst.Sub(f.guard)
	for k := range guard.At {
		lo, hi := guard.Interval(&guard.At[k], 0.8)
		for i := range f.members {
			m := &dst.Sub(i).At[k]
			median := dst.Sub(i).Median(m)
			by := min(max(median, lo), hi) - median
			if i == f.guard || by == 0 || by-by != 0 {
				continue
			}
			m.Mean = f.spec.Bounds.Clamp(m.Mean + by)
			for j := range m.Quantiles {
				m.Quantiles[j] = f.spec.Bounds.Clamp(m.Quantiles[j] + by)
			}
		}
	}
}

// shape gives the quantiles of a horizon the guard's distances from the median:
// it has seen many containers restless and at rest, and says better when to be
// unsure than all members together.
func (f *Fitted) shape(dst *forecast.Forecast, k int) {
	if f.guard < 0 {
		return
	}
	h, guard := &dst.At[k], &dst.Sub(f.guard).At[k]
	if !finite(guard) {
		return
	}
	by := dst.Median(h) - dst.Sub(f.guard).Median(guard)
	for j, q := range guard.Quantiles {
		h.Quantiles[j] = f.spec.Bounds.Clamp(q + by)
	}
}

func finite(h *forecast.Horizon) bool {
	sum := h.Mean - h.Mean
	for _, q := range h.Quantiles {
		sum += q - q
	}
	return sum == 0
}

// Kind returns "auto.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes: field 1 for each member, a message of
// 1 its kind and 2 its payload; 2 the guard's number, from 1, where there is
// one; 3 what it has learnt, where that is anything.
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	for _, m := range f.members {
		w.Message(1, func(w *codec.Writer) {
			w.String(1, m.Kind())
			w.Data(2, m.AppendPayload(nil))
		})
	}
	if f.guard >= 0 {
		w.Int(2, int64(f.guard)+1)
	}
	if f.learnt != nil {
		w.Floats(3, f.learnt)
	}
	return w.Bytes()
}

// Decode returns the model whose payload AppendPayload wrote; inner decodes its
// members. An error is one of core/codec's, inner's, or forecast.ErrPayload.
func Decode(payload []byte, inner func(kind string, payload []byte) (forecast.Fitted, error)) (*Fitted, error) {
	var members []forecast.Fitted
	var first error
	guard := 0
	var learnt []float64
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 2:
			guard = int(min(max(r.Int(), 0), maxMembers+1))
		case 3:
			learnt = r.Floats()
		}
		if r.Field() != 1 || first != nil {
			continue
		}
		if len(members) == maxMembers {
			return nil, forecast.ErrPayload
		}
		var kind string
		var data []byte
		r.Message(func(r *codec.Reader) {
			for r.Next() {
				switch r.Field() {
				case 1:
					kind = r.String()
				case 2:
					data = r.Data()
				}
			}
		})
		if r.Err() != nil {
			break
		}
		var m forecast.Fitted
		if m, first = inner(kind, data); first == nil {
			members = append(members, m)
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if first != nil {
		return nil, first
	}
	f, err := New(members, guard-1)
	if err != nil {
		return nil, forecast.ErrPayload
	}
	if learnt != nil {
		if f = f.withLearnt(learnt); f == nil {
			return nil, forecast.ErrPayload
		}
	}
	return f, nil
}
