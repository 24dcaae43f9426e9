package auto

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// fixed forecasts the same quantiles for every horizon.
type fixed struct {
	forecast.Fitted
	spec forecast.Spec
	q    []float64
	why  forecast.Reasons
}

func (f *fixed) Spec() *forecast.Spec { return &f.spec }
func (f *fixed) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	dst.Reset(&f.spec, w)
	for k := range dst.At {
		copy(dst.At[k].Quantiles, f.q)
		dst.At[k].Mean, dst.At[k].Reasons = f.q[1], f.why
	}
	return nil
}

func member(name string, recent int, q ...float64) *fixed {
	return &fixed{q: q, spec: forecast.Spec{Model: name, Needs: forecast.Needs{Recent: recent},
		Task: forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 900}, Levels: []float64{0.1, 0.5, 0.9}, Bounds: series.DefaultBounds("cpu")}}}
}

func forecastOf(t *testing.T, f *Fitted) *forecast.Forecast {
	t.Helper()
	h := series.FrameOf("web", "cpu", series.Series{Step: 300, Values: []float64{1, 2, 3}})
	w := forecast.WindowOf(&h, f.Spec().Needs)
	dst := new(forecast.Forecast)
	if err := f.Forecast(dst, &w); err != nil {
		t.Fatal(err)
	}
	return dst
}

func TestMean(t *testing.T) {
	a, b := member("linear", 5, 1, 2, 3), member("network", 9, 2, 4, 9)
	b.why = forecast.ShortWindow
	f, err := New([]forecast.Fitted{a, b}, -1)
	if err != nil {
		t.Fatal(err)
	}
	if f.Spec().Needs.Recent != 9 || f.detail != "mean of linear and network" || f.Spec().Model != Name {
		t.Errorf("%+v, %q", f.Spec(), f.detail)
	}
	for _, at := range forecastOf(t, f).At {
		if !slices.Equal(at.Quantiles, []float64{1.5, 3, 6}) || at.Mean != 3 || at.Reasons != forecast.ShortWindow || at.Detail != f.detail {
			t.Errorf("%+v", at)
		}
	}
}

// TestNotFinite: a member that breaks is left out, and told.
func TestNotFinite(t *testing.T) {
	f, _ := New([]forecast.Fitted{member("linear", 5, 1, 2, 3), member("network", 5, 1, math.Inf(1), math.Inf(1))}, -1)
	for _, at := range forecastOf(t, f).At {
		if !slices.Equal(at.Quantiles, []float64{1, 2, 3}) || !at.Reasons.Has(forecast.NotFinite) {
			t.Errorf("%+v", at)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	other := member("network", 5, 1, 2, 3)
	other.spec.Horizons = []int64{300}
	for name, members := range map[string][]forecast.Fitted{
		"none": nil, "too many": slices.Repeat([]forecast.Fitted{other}, maxMembers+1),
		"two tasks": {member("linear", 5, 1, 2, 3), other},
	} {
		if f, err := New(members, -1); f != nil || !errors.Is(err, errMembers) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

// TestGuard: a member whose median is outside the guard's 80 % interval is moved
// to its edge with all its quantiles; one that is inside stays. Distances from the
// median are the guard's.
func TestGuard(t *testing.T) {
	guard := member("network", 5, 10, 12, 20)
	for _, c := range []struct{ q, want []float64 }{
		{[]float64{90, 100, 120}, []float64{14, 16, 24}}, // moved by -80, to 10, 20, 40
		{[]float64{0, 1, 3}, []float64{9, 11, 19}},       // by 9, to 9, 10, 12
		{[]float64{14, 15, 16}, []float64{11.5, 13.5, 21.5}},
	} {
		f, err := New([]forecast.Fitted{member("linear", 5, c.q...), guard}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := forecastOf(t, f).At[0]; !slices.Equal(got.Quantiles, c.want) || got.Mean != c.want[1] {
			t.Errorf("%v beside %v is %v, want %v", c.q, guard.q, got.Quantiles, c.want)
		}
	}
	if f, err := New([]forecast.Fitted{guard}, 1); f != nil || !errors.Is(err, errMembers) {
		t.Errorf("a guard that is no member: %v, %v", f, err)
	}
}
