package auto

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/forecast"
)

// What has been learnt is a record for each horizon: the latest origin (Unix
// seconds), the number of outcomes, and the sum of each member's |errors|; of the
// last two older ones count less.
const (
	recLast = iota
	recCount
	recErrors
)

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

// learn returns the model whose weights have followed the members' errors, and how
// many of the actuals it used.
func (f *Fitted) learn(actuals []forecast.Actual) (*Fitted, int) {
	if len(f.members) < 2 {
		return f, 0
	}
	learnt := slices.Clone(f.learnt)
	if learnt == nil {
		learnt = make([]float64, len(f.spec.Horizons)*f.record())
	}
	used := 0
	for _, a := range actuals {
		k := slices.Index(f.spec.Horizons, a.Ahead)
		if k >= 0 && len(a.Parts) == len(f.members) && see(learnt[k*f.record():(k+1)*f.record()], &a) {
			used++
		}
	}
	if used == 0 {
		return f, 0
	}
	return f.with(learnt), used
}

// record is the length of a horizon's record.
func (f *Fitted) record() int { return recErrors + len(f.members) }

// see adds an actual to a record, if it is finite.
func see(r []float64, o *forecast.Actual) bool {
	sum := 0.0
	for _, part := range o.Parts {
		sum += math.Abs(part - o.Value)
	}
	if sum-sum != 0 {
		return false
	}
	keep, age := 1.0, float64(o.Origin)-r[recLast]
	counts := 1.0
	if r[recCount] > 0 { // closer ones overlap, and tell of the same time
		counts = min(math.Abs(age)/float64(o.Ahead), 1)
	}
	if age > 0 {
		keep = math.Exp2(-age / halfLife) // of nothing, the first time
		r[recLast] = float64(o.Origin)
	}
	r[recCount] = r[recCount]*keep + counts
	for i, part := range o.Parts {
		r[recErrors+i] = r[recErrors+i]*keep + counts*math.Abs(part-o.Value)
	}
	return true
}

// with returns f with records and the weights that follow from them.
func (f *Fitted) with(learnt []float64) *Fitted {
	out := *f
	out.learnt, out.weights, out.details = learnt, nil, nil
	for k := 0; k < len(learnt); k += f.record() {
		errors := learnt[k+recErrors : k+f.record()]
		mean, least := 0.0, errors[0]
		for _, e := range errors {
			mean += e / float64(len(errors))
			least = min(least, e)
		}
		total := 0.0
		weights := make([]float64, len(errors))
		for i, e := range errors {
			weights[i] = 1
			if mean > 0 {
				n := learnt[k+recCount]
				weights[i] = math.Exp2(-sharpness * n / (n + doubt) * (e - least) / mean)
			}
			total += weights[i]
		}
		detail := "mean of "
		for i := range weights {
			weights[i] = leastShare + (1-leastShare*float64(len(weights)))*weights[i]/total
			if i > 0 {
				detail += " and "
			}
			detail += f.members[i].Spec().Model + " (" + strconv.Itoa(int(math.Round(100*weights[i]))) + " %)"
		}
		out.weights = append(out.weights, weights)
		out.details = append(out.details, detail)
	}
	return &out
}

// withLearnt returns f with records; nil if they are not those of such a model.
func (f *Fitted) withLearnt(state []float64) *Fitted {
	if len(f.members) < 2 || len(state) != len(f.spec.Horizons)*f.record() {
		return nil
	}
	for i, x := range state {
		if x-x != 0 || x < 0 && i%f.record() != recLast {
			return nil
		}
	}
	return f.with(state)
}

// Like returns f with what before has learnt, if it combines the same families
// for the same task.
func (f *Fitted) Like(before *Fitted) *Fitted {
	same := len(f.members) == len(before.members) && slices.Equal(f.spec.Horizons, before.spec.Horizons)
	for i := 0; same && i < len(f.members); i++ {
		same = f.members[i].Spec().Model == before.members[i].Spec().Model
	}
	if !same || before.learnt == nil {
		return f
	}
	return f.with(before.learnt)
}
