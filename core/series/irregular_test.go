package series

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBuilderIrregular builds frames from what real sources send, a week and
// more of it: intervals of 299 to 301 s, late and doubled samples, rows out of
// order, holes of hours and days. The frame is what a plain map of cells gives,
// the step is what the source meant, and a hole takes no memory.
func TestBuilderIrregular(t *testing.T) {
	for _, c := range []struct {
		name          string
		every, jitter int64 // seconds, and how far from them each interval is
		step          int64
	}{
		{"15 s", 15, 0, 15}, {"15 s, late", 15, 6, 15}, {"60 s", 60, 1, 60}, {"299 and 301 s", 300, 1, 300},
		{"299 s", 299, 0, 300}, {"301 s", 301, 0, 300}, {"ten minutes", 612, 12, 600}, {"an hour", 3600, 60, 3600},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(9, 10))
			var times []int64
			holes := int64(0)
			at := int64(1_700_000_007)
			for at < 1_700_000_000+12*86400 {
				times = append(times, at)
				if r.IntN(50) == 0 {
					times = append(times, at) // sent twice
				}
				at += c.every + r.Int64N(2*c.jitter+1) - c.jitter
				if len(times) == 700 || len(times) == 900 {
					at += 2 * 86400
					holes += 2 * 86400
				}
			}
			r.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
			if got := InferStep(times); got != c.step {
				t.Fatalf("InferStep: got %d, want %d", got, c.step)
			}
			b := NewBuilder(c.step, []string{"cpu", "memory"})
			sum, count := map[int64]float64{}, map[int64]float64{}
			for i, at := range times {
				v := float64(i % 1000)
				b.Add(at, 1, v)
				sum[at/c.step] += v
				count[at/c.step]++
			}
			f, err := b.Frame("web")
			if err != nil {
				t.Fatal(err)
			}
			first, last := slices.Min(times), slices.Max(times)
			if f.Start != first/c.step*c.step || f.Time(f.Len()-1) != last/c.step*c.step || int64(f.Len()) != b.Cells() {
				t.Fatalf("cells from %d to %d for samples from %d to %d", f.Start, f.Time(f.Len()-1), first, last)
			}
			for i, v := range f.Columns[1] {
				cell := f.Time(i) / c.step
				if want := sum[cell] / count[cell]; !equal([]float64{v}, []float64{want}) {
					t.Fatalf("cell %d: got %v, want %v", i, v, want)
				}
			}
			if all := int64(f.Len()); holes > 0 && int64(b.Stored()) > (all-holes/c.step)*103/100+1280 {
				t.Errorf("room for %d values of %d cells, of which %d are in holes", b.Stored(), all, holes/c.step)
			}
		})
	}
}

// TestInferStepFewSamples: the median of few intervals, as it changes with each
// that is added.
func TestInferStepFewSamples(t *testing.T) {
	times := []int64{1_700_000_000, 1_700_000_299, 1_700_000_600, 1_700_086_999, 1_700_087_300}
	for n, want := range []int64{0, 0, 300, 300, 300, 300} {
		if got := InferStep(times[:n]); got != want {
			t.Errorf("%d samples: got %d, want %d", n, got, want)
		}
	}
	for d, want := range map[int64]int64{-60: 0, 0: 0, 1: 15, 30: 60, 294: 300, 630: 660} {
		if got := StepFor(d); got != want {
			t.Errorf("StepFor(%d): got %d, want %d", d, got, want)
		}
	}
}

func TestCoarsen(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    Series
		step  int64
		start int64
		want  []float64
	}{
		{"means", Series{0, 60, []float64{1, 2, 3, 4, 5, 10, 10, 10, 10, 10}}, 300, 0, []float64{3, 10}},
		{"missing", Series{0, 60, []float64{nan, 2, nan, 4, nan, nan, nan, nan, nan, nan}}, 300, 0, []float64{3, nan}},
		{"begins within a cell", Series{180, 60, []float64{1, 3, 5, 5, 5, 5, 5}}, 300, 0, []float64{2, 5}},
		{"ends within a cell", Series{0, 60, []float64{1, 1, 1, 1, 1, 9, 9, 9, 9}}, 300, 0, []float64{1}},
		{"its own step", Series{60, 60, []float64{1, nan}}, 60, 60, []float64{1, nan}},
		{"shorter than a cell", Series{0, 60, []float64{1, 1}}, 300, 0, nil},
		{"empty", Series{600, 60, nil}, 300, 600, nil},
		{"before 1970", Series{-60, 60, []float64{4, 1, 1, 1, 1, 1}}, 300, -300, []float64{4, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Coarsen(c.in, c.step)
			if got.Step != c.step || got.Start != c.start || !equal(got.Values, c.want) {
				t.Errorf("got %+v, want start %d %v", got, c.start, c.want)
			}
			f := FrameOf("web", "cpu", c.in)
			if g := CoarsenFrame(&f, c.step); g.Start != c.start || g.Step != c.step || !equal(g.Columns[0], c.want) || g.Container != "web" {
				t.Errorf("CoarsenFrame: got %+v", g)
			}
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("a step that is no multiple does not panic")
		}
	}()
	Coarsen(Series{0, 60, []float64{1}}, 90)
}

func TestSeries(t *testing.T) {
	s := Series{Start: 600, Step: 60, Values: []float64{nan, 1, nan, 3, nan}}
	if s.Len() != 5 || s.End() != 900 || s.Last() != 3 || s.Count() != 2 {
		t.Errorf("Len %d, End %d, Last %d, Count %d", s.Len(), s.End(), s.Last(), s.Count())
	}
	for at, want := range map[int64]int{599: -1, 600: 0, 659: 0, 660: 1, 899: 4, 900: 5, 0: -10} {
		if got := s.Index(at); got != want {
			t.Errorf("Index(%d): got %d, want %d", at, got, want)
		}
	}
	for at, want := range map[int64]float64{599: nan, 660: 1, 719: 1, 720: nan, 780: 3, 900: nan} {
		if got := s.At(at); !equal([]float64{got}, []float64{want}) {
			t.Errorf("At(%d): got %v, want %v", at, got, want)
		}
	}
	if got := s.Trim(); got.Start != 660 || !equal(got.Values, []float64{1, nan, 3}) {
		t.Errorf("Trim: got %+v", got)
	}
	missing := Series{Start: 60, Step: 60, Values: []float64{nan, nan}}
	if got := missing.Trim(); got.Len() != 0 || missing.Last() != -1 || missing.Count() != 0 {
		t.Errorf("all missing: %+v", got)
	}
}

func TestFrame(t *testing.T) {
	f := Frame{Container: "web", Start: 600, Step: 60, Metrics: []string{"cpu", "memory"}, Columns: [][]float64{{1, 2, 3}, {4, 5, 6}}}
	if s, ok := f.Series("memory"); !ok || s.Start != 600 || !equal(s.Values, []float64{4, 5, 6}) {
		t.Errorf("Series: got %+v, %v", s, ok)
	}
	if s, ok := f.Series("disk"); ok || s.Len() != 0 || s.Step != 60 {
		t.Errorf("a metric that is not there: got %+v, %v", s, ok)
	}
	if got := f.Slice(1, 3); got.Start != 660 || got.Container != "web" || !equal(got.Columns[1], []float64{5, 6}) || cap(got.Columns[0]) != 2 {
		t.Errorf("Slice: got %+v", got)
	}
	var dst Frame
	f.SliceInto(&dst, 0, 2)
	if n := testing.AllocsPerRun(10, func() { f.SliceInto(&dst, 1, 2) }); n != 0 || dst.Len() != 1 {
		t.Errorf("SliceInto: %v allocations, %+v", n, dst)
	}
	if (&Frame{}).Len() != 0 || f.Column("memory") != 1 || f.Column("disk") != -1 {
		t.Error("Len or Column")
	}
}

func TestBounds(t *testing.T) {
	for _, m := range Metrics {
		if b := DefaultBounds(m); b.Clamp(-1) != 0 || b.Clamp(1e300) != 1e300 {
			t.Errorf("%s: %+v", m, b)
		}
	}
	if b := DefaultBounds("temperature"); b.Clamp(-1) != -1 || !math.IsInf(b.Lower, -1) {
		t.Errorf("another metric: %+v", b)
	}
}
