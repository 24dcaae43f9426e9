package ensemble

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// A record is how right the members were at one horizon, and the weights that
// follow from it.
type record struct {
	last   int64     // the latest origin, Unix seconds
	n      float64   // outcomes, older ones counting less
	errors []float64 // the sum of each member's |errors|, likewise

	weights []float64 // of the members; they add to 1
	detail  string    // them, for people
}

const (
	// halfLife is the age, in seconds, at which an outcome counts half. Anything
	// between a day and a week did as well (benchmarks/network).
	halfLife = 2 * 86400
	// sharpness is by how many halvings the weight of a member falls whose error
	// is larger by the members' mean error.
	sharpness = 12
	// doubt is the number of outcomes at which the sharpness is half of that.
	doubt = 10
	// leastShare bounds the weights: a member that is left behind can return.
	leastShare = 0.1
)

// Learn implements forecast.Learner: the weights of the members follow their
// errors. Outcomes that lack a member's median are left out.
func (f *Fitted) Learn(outcomes []forecast.Outcome) forecast.Fitted {
	if len(f.members) < 2 {
		return f
	}
	out := *f
	out.records = make([]record, len(f.spec.Horizons))
	for k := range out.records {
		if f.records != nil {
			out.records[k] = f.records[k]
			out.records[k].errors = slices.Clone(f.records[k].errors)
		} else {
			out.records[k].errors = make([]float64, len(f.members))
		}
	}
	learnt := false
	for _, o := range outcomes {
		k := slices.Index(f.spec.Horizons, o.Ahead)
		if k >= 0 && len(o.Parts) == len(f.members) && out.records[k].see(&o) {
			learnt = true
		}
	}
	if !learnt {
		return f
	}
	out.weigh()
	return &out
}

// see adds an outcome, if it is finite.
func (r *record) see(o *forecast.Outcome) bool {
	sum := 0.0
	for _, part := range o.Parts {
		sum += math.Abs(part - o.Value)
	}
	if sum-sum != 0 {
		return false
	}
	keep := 1.0
	if r.n > 0 && o.Origin > r.last {
		keep = math.Exp2(-float64(o.Origin-r.last) / halfLife)
	}
	r.last = max(r.last, o.Origin)
	r.n = r.n*keep + 1
	for i, part := range o.Parts {
		r.errors[i] = r.errors[i]*keep + math.Abs(part-o.Value)
	}
	return true
}

// weigh sets the weights by the errors.
func (f *Fitted) weigh() {
	for k := range f.records {
		r := &f.records[k]
		r.weights = make([]float64, len(r.errors))
		mean, total := 0.0, 0.0
		for _, e := range r.errors {
			mean += e / float64(len(r.errors))
		}
		least := slices.Min(r.errors)
		for i, e := range r.errors {
			r.weights[i] = 1
			if mean > 0 && mean-mean == 0 {
				r.weights[i] = math.Exp2(-sharpness * r.n / (r.n + doubt) * (e - least) / mean)
			}
			total += r.weights[i]
		}
		rest := 1 - leastShare*float64(len(r.weights))
		r.detail = "mean of "
		for i := range r.weights {
			r.weights[i] = leastShare + rest*r.weights[i]/total
			if i > 0 {
				r.detail += " and "
			}
			r.detail += f.members[i].Spec().Model + " (" + strconv.Itoa(int(math.Round(100*r.weights[i]))) + " %)"
		}
	}
}

// AppendState implements forecast.Learner (fields of core/codec): 1 a horizon,
// once for each: 1 latest origin, 2 outcomes, 3 sums of the members' errors.
func (f *Fitted) AppendState(dst []byte) []byte {
	w := codec.NewWriter(dst)
	for k := range f.records {
		r := &f.records[k]
		w.Message(1, func(w *codec.Writer) {
			w.Int(1, r.last)
			w.Float(2, r.n)
			w.Floats(3, r.errors)
		})
	}
	return w.Bytes()
}

// WithState implements forecast.Learner.
func (f *Fitted) WithState(state []byte) (forecast.Fitted, error) {
	out, err := f.withState(state)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (f *Fitted) withState(state []byte) (*Fitted, error) {
	out := *f
	out.records = nil
	r := codec.NewReader(state)
	for r.Next() {
		if r.Field() != 1 {
			continue
		}
		var one record
		r.Message(func(r *codec.Reader) {
			for r.Next() {
				switch r.Field() {
				case 1:
					one.last = r.Int()
				case 2:
					one.n = r.Float()
				case 3:
					one.errors = r.Floats()
				}
			}
		})
		if !one.valid(len(f.members)) || len(out.records) == len(f.spec.Horizons) {
			r.Fail(forecast.ErrPayload)
			break
		}
		out.records = append(out.records, one)
	}
	if r.Err() == nil && len(out.records) != 0 && len(out.records) != len(f.spec.Horizons) {
		r.Fail(forecast.ErrPayload)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	out.weigh()
	return &out, nil
}

func (r *record) valid(members int) bool {
	ok := len(r.errors) == members && members > 1 && r.n >= 0 && r.n-r.n == 0
	for _, e := range r.errors {
		ok = ok && e >= 0 && e-e == 0
	}
	return ok
}

// Like returns f with what before has learnt, if it combines the same families
// for the same task.
func (f *Fitted) Like(before *Fitted) *Fitted {
	same := len(f.members) == len(before.members) && slices.Equal(f.spec.Horizons, before.spec.Horizons)
	for i := 0; same && i < len(f.members); i++ {
		same = f.members[i].Spec().Model == before.members[i].Spec().Model
	}
	if !same || before.records == nil {
		return f
	}
	out := *f
	out.records = before.records
	return &out
}

var _ forecast.Learner = (*Fitted)(nil)
