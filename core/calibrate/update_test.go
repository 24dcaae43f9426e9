package calibrate

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// roll forecasts every hour of a series' last days, updating after each forecast
// or not, and returns the model and the share of values in the 80 % interval of
// the second half.
func roll(t *testing.T, f forecast.Fitted, s series.Series, days int, update bool) (forecast.Fitted, float64) {
	t.Helper()
	frame := series.FrameOf("web", "cpu", s)
	windows := forecast.NewWindows(&frame, f.Spec().Needs)
	var w forecast.Window
	var dst forecast.Forecast
	first, every := s.Len()-days*86400/int(s.Step), 3600/int(s.Step)
	inside, n := 0, 0
	for i := first; i+6 < s.Len(); i += every {
		windows.At(&w, i)
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		var actuals []forecast.Actual
		for k := range dst.At {
			h := &dst.At[k]
			y := s.Values[i+int(h.Ahead/s.Step)]
			actuals = append(actuals, forecast.Actual{Ahead: h.Ahead, Value: y})
			lo, hi := dst.Interval(h, 0.8)
			if i > first+(s.Len()-first)/2 {
				n++
				if y >= lo && y <= hi {
					inside++
				}
			}
		}
		if update {
			next, used, err := f.(forecast.Updater).Update(&w, actuals)
			if err != nil || used != len(actuals) {
				t.Fatal(used, err)
			}
			f = next
		}
	}
	return f, float64(inside) / float64(n)
}

// surprising is a series whose noise becomes four times as large for its last
// days.
func surprising() series.Series {
	s := bursty(300, 30, 1)
	for i := range s.Values {
		if i > s.Len()/2 {
			s.Values[i] += 60 * math.Sin(float64(i*i%1009))
		}
	}
	return s
}

func TestUpdate(t *testing.T) {
	s := surprising()
	f, _ := fit(t, s.Slice(0, s.Len()/2), taskOf(300))
	_, without := roll(t, f, s, 14, false)
	g, with := roll(t, f, s, 14, true)
	t.Logf("80 %% intervals cover %.3f, updated %.3f", without, with)
	if without > 0.75 || math.Abs(with-0.8) > 0.06 {
		t.Errorf("80 %% intervals cover %.3f, updated %.3f", without, with)
	}
	// The point forecast stays, and what was updated from stays as it was.
	a, b := forecastOf(t, f, s), forecastOf(t, g, s)
	for i := range a.At {
		if a.Median(&a.At[i]) != b.Median(&b.At[i]) || a.At[i].Mean != b.At[i].Mean {
			t.Error("an update moved the point forecast")
		}
		if !slices.IsSorted(b.At[i].Quantiles) {
			t.Errorf("quantiles cross: %v", b.At[i].Quantiles)
		}
	}
	if f.updated() || !g.(*Fitted).updated() {
		t.Error("an update changed the model that it is of, or not the one that it gives")
	}
}

// TestUpdateState: the state alone makes of the old model the new one, and the
// payload holds it too.
func TestUpdateState(t *testing.T) {
	s := surprising()
	f, _ := fit(t, s.Slice(0, s.Len()/2), taskOf(300))
	g, _ := roll(t, f, s, 3, true)
	state := g.(forecast.Updater).AppendState(nil)
	again, err := f.WithState(state)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := Decode(g.AppendPayload(nil), decodeInner)
	if err != nil {
		t.Fatal(err)
	}
	want := numbers(forecastOf(t, g, s))
	for what, m := range map[string]forecast.Fitted{"with the state": again, "decoded": decoded} {
		if !slices.Equal(numbers(forecastOf(t, m, s)), want) {
			t.Errorf("%s it forecasts something else", what)
		}
	}
	if !bytes.Equal(decoded.AppendPayload(nil), g.AppendPayload(nil)) {
		t.Error("decoded and encoded again it has other bytes")
	}
	for i := range state {
		f.WithState(state[:i]) // no panic
	}
	wide := slices.Clone(state)
	wide[2+6*8-1] = 0x7f // the last of the sides
	if _, err := f.WithState(wide); !errors.Is(err, forecast.ErrPayload) {
		t.Errorf("an impossible width: %v", err)
	}
}

func TestUpdateUses(t *testing.T) {
	s := bursty(300, 10, 3)
	f, _ := fit(t, s, taskOf(300))
	frame := series.FrameOf("web", "cpu", s)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	g, n, err := f.Update(&w, []forecast.Actual{{Ahead: 300, Value: math.NaN()}, {Ahead: 600, Value: 5}, {Ahead: 900, Value: math.Inf(1)}, {Ahead: 1800, Value: 1e9}})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if got := g.(*Fitted).at[2].adapt; !(got.up > 0 && got.down < 0) {
		t.Errorf("a value far above makes it %+v", got)
	}
	if _, _, err := f.Update(&forecast.Window{}, nil); !errors.Is(err, forecast.ErrEmpty) {
		t.Error(err)
	}
	// However many surprises come, the width has an end.
	var m forecast.Fitted = f
	for range 1000 {
		w.Recent.Start += 3600
		w.Long.Start += 3600
		m, _, _ = m.(forecast.Updater).Update(&w, []forecast.Actual{{Ahead: 300, Value: 1e12}})
	}
	if got := m.(*Fitted).at[0].adapt; got.up != maxAdapt || got.down != -maxAdapt {
		t.Errorf("at the end it is %+v", got)
	}
}

// TestUpdateOften: a model that is told of every cell follows as fast as one that
// is told now and then, not seven times as fast.
func TestUpdateOften(t *testing.T) {
	s := surprising()
	f, _ := fit(t, s.Slice(0, s.Len()/2), taskOf(300))
	follow := func(every int64) *Fitted {
		var m forecast.Fitted = f
		for at := int64(0); at < 2*86400; at += every {
			m = Follow(m, "", []Outcome{{Actual: forecast.Actual{Origin: s.Start + at, Ahead: 900, Value: 9}, Low: 1, High: 2}})
		}
		return m.(*Fitted)
	}
	seldom, often, late := follow(2100).at[1].adapt, follow(60).at[1].adapt, follow(7200).at[1].adapt
	if seldom.up < 1 || math.Abs(often.up-seldom.up) > 0.05*seldom.up || math.Abs(often.down-seldom.down) > 0.05*seldom.up {
		t.Errorf("told each 35 minutes %+v, each minute %+v", seldom, often)
	}
	if late.up > seldom.up/2 {
		t.Errorf("told each two hours %+v", late)
	}
	again, err := f.WithState(follow(60).AppendState(nil))
	if err != nil || again.(*Fitted).at[1].adapt != often {
		t.Errorf("the state is not all of it: %v", err)
	}
}

// TestIdleThenBusy: a container that never changed when the model was calibrated,
// or seldom, becomes busy. Its intervals had no width; they must get one, at once
// or as values are beyond them.
func TestIdleThenBusy(t *testing.T) {
	for what, idle := range map[string]func(i int) float64{
		"constant": func(int) float64 { return 5 },
		"one burst in fifty": func(i int) float64 {
			if i%50 == 7 {
				return 20
			}
			return 0
		},
	} {
		v := make([]float64, 30*288)
		rng := rand.New(rand.NewPCG(4, 4))
		for i := range v {
			v[i] = idle(i)
			if i >= len(v)/2 {
				v[i] = 5 + 20*rng.Float64()
			}
		}
		s := series.Series{Start: 1_700_000_100, Step: 300, Values: v}
		f, _ := fit(t, s.Slice(0, s.Len()/2), taskOf(300))
		_, covers := roll(t, f, s, 14, true)
		if covers < 0.65 {
			t.Errorf("%s: after a week the 80 %% intervals cover %.2f", what, covers)
		}
	}
}

// TestUpdateShared: an update is of the window's container alone, also of one
// that was not known.
func TestUpdateShared(t *testing.T) {
	s := bursty(300, 10, 3)
	f, _ := fit(t, s, taskOf(300))
	shared := NewShared(f, map[string]*Fitted{"web": f})
	frame := series.FrameOf("new", "cpu", s)
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	m, n, err := shared.Update(&w, []forecast.Actual{{Ahead: 300, Value: 1e9}})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	state := m.(forecast.Updater).AppendState(nil)
	again, err := shared.WithState(state)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := DecodeShared(m.AppendPayload(nil), decodeInner)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []forecast.Fitted{m, again, decoded} {
		got := got.(*Shared)
		own, known := got.Of("new")
		web, _ := got.Of("web")
		other, _ := got.Of("other")
		if !known || !own.updated() || web.updated() || other.updated() || !slices.Equal(got.Containers(), []string{"new", "web"}) {
			t.Errorf("containers %v, updated %v %v %v", got.Containers(), own.updated(), web.updated(), other.updated())
		}
	}
	if !slices.Equal(shared.Containers(), []string{"web"}) {
		t.Error("the model that was updated from has changed")
	}
}
