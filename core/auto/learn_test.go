package auto

import (
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
)

// pair combines a model that always says 2 with one that always says 4.
func pair(t *testing.T) *Fitted {
	t.Helper()
	f, err := New([]forecast.Fitted{member("linear", 5, 1, 2, 3), member("network", 5, 1, 4, 9)}, -1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// told returns the model after an update without a window.
func told(t *testing.T, f *Fitted, actuals ...forecast.Actual) *Fitted {
	t.Helper()
	next, _, err := f.Update(nil, actuals)
	if err != nil {
		t.Fatal(err)
	}
	return next.(*Fitted)
}

// outcomes are those of n origins, an hour apart, of the first horizon.
func outcomes(n int, value float64) []forecast.Actual {
	var out []forecast.Actual
	for i := range n {
		out = append(out, forecast.Actual{Origin: int64(i) * 3600, Ahead: 300, Value: value, Parts: []float64{2, 4}})
	}
	return out
}

// TestLearn: who was right gets more weight, and the detail says how much; the
// other horizon, of which nothing came true, keeps the plain mean; the model that
// was told nothing is as before.
func TestLearn(t *testing.T) {
	f := pair(t)
	learnt := told(t, f, outcomes(50, 4)...)
	at := forecastOf(t, learnt).At
	if at[0].Mean < 3.7 || at[0].Mean > 3.9 || at[0].Detail != "mean of linear (10 %) and network (90 %)" {
		t.Errorf("%v, %q", at[0].Mean, at[0].Detail)
	}
	if at[1].Mean != 3 || at[1].Detail != "mean of linear (50 %) and network (50 %)" {
		t.Errorf("of which nothing came true: %v, %q", at[1].Mean, at[1].Detail)
	}
	if got := forecastOf(t, f).At[0]; got.Mean != 3 || !slices.Equal(got.Parts, []float64{2, 4}) {
		t.Errorf("the model before: %+v", got)
	}
	if !slices.IsSorted(at[0].Quantiles) {
		t.Errorf("%v", at[0].Quantiles)
	}
}

// TestLearnForgets: what was long ago is outweighed, and one outcome alone says
// little.
func TestLearnForgets(t *testing.T) {
	learnt := told(t, pair(t), outcomes(200, 2)...)
	late := outcomes(24, 4)
	for i := range late {
		late[i].Origin += 60 * 86400
	}
	again := told(t, learnt, late...)
	if at := forecastOf(t, again).At[0]; at.Mean < 3.6 {
		t.Errorf("after a day of the contrary, two months later: %v", at.Mean)
	}
	if at := forecastOf(t, told(t, pair(t), outcomes(1, 4)...)).At[0]; at.Mean < 3.1 || at.Mean > 3.6 {
		t.Errorf("after a single outcome: %v", at.Mean)
	}
}

// TestLearnNothing: outcomes that say nothing leave the model as it is.
func TestLearnNothing(t *testing.T) {
	f := pair(t)
	for name, o := range map[string]forecast.Actual{
		"another horizon": {Ahead: 600, Value: 1, Parts: []float64{1, 2}},
		"other parts":     {Ahead: 300, Value: 1, Parts: []float64{1}},
		"not a number":    {Ahead: 300, Value: math.NaN(), Parts: []float64{1, 2}},
		"a broken member": {Ahead: 300, Value: 1, Parts: []float64{1, math.Inf(1)}},
	} {
		if got := told(t, f, o); got != f {
			t.Errorf("%s: %+v", name, got)
		}
	}
	one, _ := New([]forecast.Fitted{member("linear", 5, 1, 2, 3)}, -1)
	if got := told(t, one, outcomes(3, 4)...); got != one {
		t.Error("a single member has no weights")
	}
	same := told(t, f, forecast.Actual{Ahead: 300, Value: 3, Parts: []float64{3, 3}})
	if at := forecastOf(t, same).At[0]; at.Mean != 3 {
		t.Errorf("both without error: %v", at.Mean)
	}
}

// TestLearntState: the state restores the weights; one of another model is
// refused.
func TestLearntState(t *testing.T) {
	f := pair(t)
	learnt := told(t, f, outcomes(9, 4)...)
	state := learnt.learnt
	if f.learnt != nil || len(state) != 2*4 {
		t.Errorf("%v before, %v after", f.learnt, state)
	}
	want := forecastOf(t, learnt).At
	restored := f.withLearnt(state)
	if got := forecastOf(t, restored).At; !slices.Equal(got[0].Quantiles, want[0].Quantiles) || got[0].Detail != want[0].Detail {
		t.Errorf("%+v, want %+v", got, want)
	}
	three, _ := New([]forecast.Fitted{member("a", 5, 1, 2, 3), member("b", 5, 1, 2, 3), member("c", 5, 1, 2, 3)}, -1)
	if got := three.withLearnt(state); got != nil {
		t.Errorf("of two members for three: %v", got)
	}
	for i, x := range map[int]float64{1: -1, 2: -1, 3: math.NaN(), 4: math.Inf(1)} {
		bad := slices.Clone(state)
		if bad[i] = x; f.withLearnt(bad) != nil {
			t.Errorf("%v at %d is taken", x, i)
		}
	}
}

// TestLike: a refit keeps what was learnt; of other members it does not.
func TestLike(t *testing.T) {
	learnt := told(t, pair(t), outcomes(50, 4)...)
	if got := forecastOf(t, pair(t).Like(learnt)).At[0].Mean; got < 3.7 {
		t.Errorf("%v", got)
	}
	other, _ := New([]forecast.Fitted{member("linear", 5, 1, 2, 3), member("naive", 5, 1, 4, 9)}, -1)
	if got := other.Like(learnt); got != other {
		t.Error("what the network was is another's")
	}
}

// TestLearnOften: outcomes of each ten seconds weigh no more than those of each
// five minutes: they overlap.
func TestLearnOften(t *testing.T) {
	weigh := func(every int64) float64 {
		var o []forecast.Actual
		for at := int64(0); at < 3600; at += every {
			o = append(o, forecast.Actual{Origin: 1_700_000_000 + at, Ahead: 300, Value: 3.05, Parts: []float64{2, 4}})
		}
		return forecastOf(t, told(t, pair(t), o...)).At[0].Mean
	}
	if often, seldom := weigh(10), weigh(300); math.Abs(often-seldom) > 0.02 || seldom < 3.05 {
		t.Errorf("told each ten seconds %v, each five minutes %v", often, seldom)
	}
}
