package forecast

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/series"
)

func testTask() Task {
	return Task{Metric: "cpu", Step: 60, Horizons: []int64{300, 900}, Levels: []float64{0.1, 0.5, 0.9},
		Bounds: series.DefaultBounds("cpu")}
}

func TestTaskCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Task)
		want   error
	}{
		"fine":              {func(*Task) {}, nil},
		"no step":           {func(t *Task) { t.Step = 0 }, ErrStep},
		"no horizon":        {func(t *Task) { t.Horizons = nil }, ErrHorizon},
		"uneven horizon":    {func(t *Task) { t.Horizons = []int64{90} }, ErrHorizon},
		"horizons descend":  {func(t *Task) { t.Horizons = []int64{900, 300} }, ErrHorizon},
		"now":               {func(t *Task) { t.Horizons = []int64{0} }, ErrHorizon},
		"no median":         {func(t *Task) { t.Levels = []float64{0.1, 0.9} }, ErrLevels},
		"levels descend":    {func(t *Task) { t.Levels = []float64{0.5, 0.1} }, ErrLevels},
		"a level is NaN":    {func(t *Task) { t.Levels = []float64{0.5, math.NaN()} }, ErrLevels},
		"a level is 1":      {func(t *Task) { t.Levels = []float64{0.5, 1} }, ErrLevels},
		"bounds leave none": {func(t *Task) { t.Bounds = series.Bounds{Lower: 2, Upper: 1} }, ErrPayload},
	} {
		task := testTask()
		c.change(&task)
		if err := task.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestQuantile is linear between levels and constant beyond them.
func TestQuantile(t *testing.T) {
	f := Forecast{Levels: []float64{0.1, 0.5, 0.9}, At: []Horizon{{Ahead: 300, Quantiles: []float64{1, 2, 6}}}}
	h := &f.At[0]
	for p, want := range map[float64]float64{0: 1, 0.1: 1, 0.3: 1.5, 0.5: 2, 0.7: 4, 0.9: 6, 1: 6} {
		if got := f.Quantile(h, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("quantile %v is %v, want %v", p, got, want)
		}
	}
	if lo, hi := f.Interval(h, 0.8); lo != 1 || hi != 6 || f.Median(h) != 2 { // exactly
		t.Errorf("80 %% interval %v to %v, median %v", lo, hi, f.Median(h))
	}
	// A level that is there is taken as it is: (1-0.95)/2 is a little above 0.025.
	g := Forecast{Levels: []float64{0.025, 0.5, 0.975}, At: []Horizon{{Quantiles: []float64{0, 1e9, 2e9}}}}
	if lo, hi := g.Interval(&g.At[0], 0.95); lo != 0 || hi != 2e9 {
		t.Errorf("95 %% interval %v to %v", lo, hi)
	}
	if f.Find(300) != h || f.Find(900) != nil {
		t.Error("Find")
	}
}

// TestReasons: names are part of every output, in this order and these bits.
func TestReasons(t *testing.T) {
	want := []string{"short_history", "short_window", "no_long", "all_missing", "constant", "stale", "not_better",
		"shrunk", "not_finite", "fit_failed", "no_checkpoint", "shared_model", "uncalibrated", "interpolated_horizon"}
	if got := (Interpolated<<1 - 1).Names(); !slices.Equal(got, want) {
		t.Errorf("names %q", got)
	}
	if s := (Stale | NoLong).String(); s != "no_long,stale" || Reasons(0).String() != "" || Reasons(0).Names() != nil {
		t.Errorf("%q", s)
	}
	if r := Stale | NoLong; !r.Has(Stale) || r.Has(Stale|Constant) || !r.Has(0) {
		t.Error("Has")
	}
}

// ramp is a frame of n minutes from 0 on whose cell i holds i.
func ramp(n int) series.Frame {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i)
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 0, Step: 60, Values: v})
}

// TestWindows: a window holds nothing later than its origin, not even in a
// coarse cell that the origin is within, and is what the end of a shorter frame
// gives.
func TestWindows(t *testing.T) {
	frame := ramp(60)
	needs := Needs{Recent: 12, Long: 4, LongStep: 300}
	ws := NewWindows(&frame, needs)
	var w Window
	for i := range 60 {
		ws.At(&w, i)
		if w.Origin() != int64(i)*60 {
			t.Fatalf("origin %d of cell %d", w.Origin(), i)
		}
		recent := w.Recent.Columns[0]
		if len(recent) != min(12, i+1) || recent[len(recent)-1] != float64(i) {
			t.Fatalf("cell %d: recent %v", i, recent)
		}
		if long := w.Long.Columns[0]; len(long) != min(4, (i+1)/5) || len(long) > 0 && long[len(long)-1] != float64((i+1)/5*5-3) {
			t.Fatalf("cell %d: long %v", i, long)
		}
		short := frame.Slice(0, i+1)
		if o := WindowOf(&short, needs); !slices.Equal(o.Recent.Columns[0], recent) || !slices.Equal(o.Long.Columns[0], w.Long.Columns[0]) {
			t.Fatalf("cell %d: %v at the end of a frame, %v within", i, o, w)
		}
	}
	if n := testing.AllocsPerRun(10, func() { ws.At(&w, 40) }); n != 0 {
		t.Errorf("%v allocations for a window", n)
	}
}

func TestWindowReasons(t *testing.T) {
	spec := &Spec{Task: testTask(), Needs: Needs{Recent: 12, Long: 4, LongStep: 300}}
	nan := math.NaN()
	for name, c := range map[string]struct {
		change func(values []float64) []float64
		want   Reasons
	}{
		"fine":      {func(v []float64) []float64 { return v }, 0},
		"short":     {func(v []float64) []float64 { return v[:8] }, ShortWindow | NoLong},
		"long part": {func(v []float64) []float64 { return v[:15] }, NoLong},
		"missing": {func(v []float64) []float64 {
			for i := range v {
				v[i] = nan
			}
			return v
		}, AllMissing},
		"constant": {func(v []float64) []float64 {
			for i := range v {
				v[i] = 3
			}
			v[7] = nan
			return v
		}, Constant},
		"five minutes old": {func(v []float64) []float64 { return append(v[:55], nan, nan, nan, nan, nan) }, 0},
		"stale":            {func(v []float64) []float64 { return append(v[:54], nan, nan, nan, nan, nan, nan) }, Stale},
	} {
		frame := ramp(60)
		frame.Columns[0] = c.change(frame.Columns[0])
		w := WindowOf(&frame, spec.Needs)
		recent, long, err := w.Check(spec)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := w.Reasons(spec, recent, long); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWindowCheck(t *testing.T) {
	spec := &Spec{Task: testTask(), Needs: Needs{Recent: 12, Long: 4, LongStep: 300}}
	frame := ramp(60)
	other, coarse := frame, frame
	other.Metrics, coarse.Step = []string{"memory"}, 300
	for name, c := range map[string]struct {
		w    Window
		want error
	}{
		"fine":              {WindowOf(&frame, spec.Needs), nil},
		"empty":             {Window{}, ErrEmpty},
		"another metric":    {WindowOf(&other, spec.Needs), ErrMetric},
		"another step":      {Window{Recent: coarse}, ErrStep},
		"another long step": {Window{Recent: frame, Long: frame}, ErrStep},
		"no long part":      {Window{Recent: frame}, nil},
	} {
		if _, _, err := c.w.Check(spec); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestScratch: slices do not overlap until they are given back.
func TestScratch(t *testing.T) {
	var s Scratch
	a := s.Floats(100)
	mark := s.Mark()
	b := s.Floats(200)
	clear(a)
	for i := range b {
		b[i] = 1
	}
	if slices.Max(a) != 0 || cap(a) != 100 {
		t.Error("slices overlap")
	}
	s.Release(mark)
	if n := testing.AllocsPerRun(10, func() { s.Release(mark); s.Floats(200); s.Floats(100) }); n != 0 {
		t.Errorf("%v allocations in a scratch that is large enough", n)
	}
}
