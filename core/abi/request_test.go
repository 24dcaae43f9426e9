package abi

import (
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// wave returns a frame of two metrics.
func wave(step int64, cells int) series.Frame {
	f := series.Frame{Container: "x", Start: 1700000100 / step * step, Step: step, Metrics: []string{series.Memory, series.CPU}}
	for k := range f.Metrics {
		column := make([]float64, cells)
		for i := range column {
			column[i] = 5 + math.Sin(float64(i*(k+1))/9) + math.Sin(float64(i)*0.7)
		}
		f.Columns = append(f.Columns, column)
	}
	return f
}

func answer(t *testing.T, s *Server, handle int32, w Window) []byte {
	t.Helper()
	if got := s.Forecast(handle, (&Request{Windows: []Window{w}}).Append(nil)); got != 0 {
		t.Fatalf("handle %d: %d %s", handle, got, s.Result())
	}
	return slices.Clone(s.Result())
}

// TestTails: what a window has beyond what its model makes use of changes
// nothing, and is not even read.
func TestTails(t *testing.T) {
	s := loaded(t)
	for i := range checkpoints {
		handle := int32(i + 1)
		spec := s.models[i].fitted.Spec()
		for _, step := range []int64{100, 300} {
			all := wave(step, 30000)
			all.Start += 40000 * step // so that the ends are not those of days
			for _, cut := range []int{0, 1, 2} {
				f := all.Slice(0, all.Len()-cut)
				need := &spec.Needs
				span := max(int64(need.Recent+2)*spec.Step, int64(need.Long+2)*need.LongStep) // a cell more than it takes
				short := f.Slice(f.Len()-int(span/step)-1, f.Len())
				if !slices.Equal(answer(t, s, handle, Window{Window: forecast.Window{Recent: f}, Frame: true}),
					answer(t, s, handle, Window{Window: forecast.Window{Recent: short}, Frame: true})) {
					t.Errorf("%s: another forecast from a longer frame, step %d", checkpoints[i], step)
				}
				if want := 2 * (int(span/step) + 2); len(s.windows.values) > want {
					t.Errorf("%s: reads %d values, more than %d", checkpoints[i], len(s.windows.values), want)
				}
			}
			if step != spec.Step {
				continue
			}
			exact := forecast.WindowOf(&all, spec.Needs)
			longer := forecast.WindowOf(&all, forecast.Needs{Recent: 20000, Long: 20000, LongStep: max(spec.Needs.LongStep, step)})
			if !slices.Equal(answer(t, s, handle, Window{Window: longer}), answer(t, s, handle, Window{Window: exact})) {
				t.Errorf("%s: another forecast from a longer window", checkpoints[i])
			}
		}
	}
}

// TestImpossibleWindows: windows beyond the limits, or off their grid, and models
// that want too much of the past are refused.
func TestImpossibleWindows(t *testing.T) {
	s := loaded(t)
	forecastOf := func(f series.Frame) int32 {
		if got := s.Forecast(1, (&Request{Windows: []Window{{Window: forecast.Window{Recent: f}, Frame: true}}}).Append(nil)); got != 1 {
			return got
		}
		r, err := ParseResult(s.Result())
		if err != nil {
			t.Fatal(err)
		}
		return int32(StatusOf(r.Windows[0].Err, Internal))
	}
	small := wave(300, 10)
	for what, c := range map[string]struct {
		change func(f *series.Frame)
		want   Status
	}{
		"as it is":          {func(*series.Frame) {}, success},
		"before 1970":       {func(f *series.Frame) { f.Start = -3000 }, success},
		"off the grid":      {func(f *series.Frame) { f.Start++ }, badRequest},
		"off it, negative":  {func(f *series.Frame) { f.Start = -1 }, badRequest},
		"far in the future": {func(f *series.Frame) { f.Start = (maxTime/300 + 1) * 300 }, badRequest},
		"no step":           {func(f *series.Frame) { f.Step = 0 }, badStep},
		"a huge step":       {func(f *series.Frame) { f.Start, f.Step = 0, maxStep+1 }, badStep},
		"too many values":   {func(f *series.Frame) { *f = wave(300, MaxCells/2+1) }, TooLarge},
		"no metric":         {func(f *series.Frame) { f.Metrics, f.Columns = nil, nil }, noData},
	} {
		f := small
		c.change(&f)
		if got := forecastOf(f); got != int32(c.want) {
			t.Errorf("%s: %v, not %v: %s", what, Status(got), c.want, s.Result())
		}
	}
	spec := s.models[0].fitted.Spec()
	more := *spec
	more.Needs.Recent = maxNeeds + 1
	if !greedy(&more) || greedy(spec) {
		t.Errorf("a model that wants %d cells is not refused, or one of %d is", more.Needs.Recent, spec.Needs.Recent)
	}
}
