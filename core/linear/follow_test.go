package linear

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
)

// learner is a model whose steps have a size.
func learner(t testing.TB, step int64) *Fitted {
	t.Helper()
	e := example(t, step).Equations()
	for h := range e {
		e[h].Usual = 2
	}
	f, err := New(task(step), 3, e)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// update tells a model of a value at each horizon, so many scales from the last.
func observe(t testing.TB, f *Fitted, w *forecast.Window, scales float64) *Fitted {
	t.Helper()
	recent, long, err := w.Check(f.Spec())
	if err != nil {
		t.Fatal(err)
	}
	var d feature.Direct
	var scratch forecast.Scratch
	d.Reset(recent, long, &scratch)
	var actuals []forecast.Actual
	for _, ahead := range f.Spec().Horizons {
		actuals = append(actuals, forecast.Actual{Ahead: ahead, Value: d.Last() + scales*d.Scale()})
	}
	g, _, err := f.Update(w, actuals)
	if err != nil {
		t.Fatal(err)
	}
	return g.(*Fitted)
}

func medians(t testing.TB, f *Fitted, w *forecast.Window) (out []float64) {
	t.Helper()
	var dst forecast.Forecast
	if err := f.Forecast(&dst, w); err != nil {
		t.Fatal(err)
	}
	for i := range dst.At {
		out = append(out, dst.At[i].Mean)
	}
	return out
}

// TestUpdate: values that came true draw the forecast towards them, a bounded way
// whatever they are, and less and less is left of it as others come.
func TestUpdate(t *testing.T) {
	f := learner(t, 60)
	h := wavy(60, 9)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	payload := f.AppendPayload(nil)
	before := medians(t, f, &w)
	g := observe(t, f, &w, 1e6)
	once := medians(t, g, &w)
	for range 300 {
		g = observe(t, g, &w, 1e6)
	}
	often := medians(t, g, &w)
	for i := range before {
		if !(once[i] > before[i] && often[i] > once[i]) {
			t.Errorf("horizon %d: %v, then %v, then %v: it does not follow", i, before[i], once[i], often[i])
		}
		if norm := length(&g.learnt[i]); norm > 0.12*2 {
			t.Errorf("horizon %d: the weights went %v far", i, norm)
		}
	}
	for range 300 {
		g = observe(t, g, &w, -1e6)
	}
	for i, x := range medians(t, g, &w) {
		if x >= before[i] {
			t.Errorf("horizon %d: %v and not below %v", i, x, before[i])
		}
	}
	if !bytes.Equal(f.AppendPayload(nil), payload) || !slices.Equal(medians(t, f, &w), before) {
		t.Error("the model that was updated has changed")
	}
}

func length(s *shift) float64 {
	sum := 0.0
	for _, x := range s {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// TestUpdateLearns: a habit that the weights do not know, told of cell by cell,
// makes errors smaller.
func TestUpdateLearns(t *testing.T) {
	e := make([]Equation, 3)
	for h := range e {
		e[h] = Equation{Spread: make([]float64, 9), Usual: 2}
	}
	f, err := New(task(300), 3, e)
	if err != nil {
		t.Fatal(err)
	}
	h := wavy(300, 16)
	values := h.Columns[0]
	windows := forecast.NewWindows(&h, f.Spec().Needs)
	var w forecast.Window
	var first, followed float64
	g := f
	for i := 8 * 288; i+6 < len(values); i++ {
		windows.At(&w, i)
		if i > 12*288 {
			first += math.Abs(values[i+6] - medians(t, f, &w)[2])
			followed += math.Abs(values[i+6] - medians(t, g, &w)[2])
		}
		windows.At(&w, i-6)
		m, _, err := g.Update(&w, []forecast.Actual{{Ahead: 1800, Value: values[i]}})
		if err != nil {
			t.Fatal(err)
		}
		g = m.(*Fitted)
	}
	if followed > 0.92*first {
		t.Errorf("errors of %v where the last value has %v", followed, first)
	}
}

// TestUpdateState: the state, and the payload, give the same model again, and the
// state of another fit is left out.
func TestUpdateState(t *testing.T) {
	f := learner(t, 60)
	h := wavy(60, 9)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	if state := f.AppendState(nil); len(state) > 0 {
		t.Errorf("nothing was learnt, and the state has %d bytes", len(state))
	}
	g := observe(t, observe(t, f, &w, 5), &w, 3)
	state := g.AppendState(nil)
	if len(state) > 450 {
		t.Errorf("the state has %d bytes", len(state))
	}
	want := medians(t, g, &w)
	restored, err := f.WithState(state)
	if err != nil || !slices.Equal(medians(t, restored.(*Fitted), &w), want) {
		t.Errorf("restored it is another model: %v", err)
	}
	again, err := Decode(g.AppendPayload(nil))
	if err != nil || !slices.Equal(medians(t, again, &w), want) || !bytes.Equal(again.AppendPayload(nil), g.AppendPayload(nil)) {
		t.Errorf("decoded it is another model: %v", err)
	}
	e := f.Equations()
	e[0].Weights[3] += 0.01
	other, _ := New(task(60), 3, e)
	if o, err := other.WithState(state); err != nil || !slices.Equal(medians(t, o.(*Fitted), &w), medians(t, other, &w)) {
		t.Errorf("what another fit learnt is taken: %v", err)
	}
	g.learnt[0][0] = 1e9
	if _, err := f.WithState(g.AppendState(nil)); !errors.Is(err, forecast.ErrPayload) {
		t.Errorf("a state that no update leads to: %v", err)
	}
	if _, err := f.WithState(state[:len(state)-1]); err == nil {
		t.Error("a cut state is taken")
	}
}

// TestUpdatePoor: what is not known or not its own is passed over, and a window
// without a value teaches nothing.
func TestUpdatePoor(t *testing.T) {
	f := learner(t, 60)
	h := wavy(60, 9)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	want := medians(t, f, &w)
	g, _, err := f.Update(&w, []forecast.Actual{{Ahead: 300, Value: nan}, {Ahead: 600, Value: 5}, {Ahead: 900, Value: math.Inf(1)}})
	if err != nil || !slices.Equal(medians(t, g.(*Fitted), &w), want) {
		t.Error(err)
	}
	empty := frame(60, []float64{nan, nan, nan})
	none := forecast.WindowOf(&empty, f.Spec().Needs)
	if g, _, err = f.Update(&none, []forecast.Actual{{Ahead: 300, Value: 1}}); err != nil || !slices.Equal(medians(t, g.(*Fitted), &w), want) {
		t.Error(err)
	}
	if g, n, err := f.Update(nil, []forecast.Actual{{Ahead: 300, Value: 1}}); g != forecast.Fitted(f) || n != 0 || err != nil {
		t.Errorf("without a window: got %v, %d, %v, want the model as it is", g, n, err)
	}
	huge := frame(60, []float64{math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64})
	wild := forecast.WindowOf(&huge, f.Spec().Needs)
	if g, _, err = f.Update(&wild, []forecast.Actual{{Ahead: 300, Value: -math.MaxFloat64}}); err != nil {
		t.Error(err)
	}
	for _, x := range medians(t, g.(*Fitted), &w) {
		if !finite(x) {
			t.Error(x)
		}
	}
	if _, _, err := f.Update(&forecast.Window{}, nil); !errors.Is(err, forecast.ErrEmpty) {
		t.Error(err)
	}
	old := example(t, 60) // of a checkpoint that does not know what is usual
	if g := observe(t, old, &w, 9); !slices.Equal(medians(t, g, &w), medians(t, old, &w)) {
		t.Error("it learns without a measure of a step")
	}
}
