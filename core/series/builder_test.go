package series

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

var nan = math.NaN()

// equal reports whether a and b hold the same values, NaN equal to NaN.
func equal(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

func TestBuilderGrid(t *testing.T) {
	type sample struct {
		t int64
		v float64
	}
	for _, c := range []struct {
		name  string
		step  int64
		in    []sample
		start int64
		want  []float64
	}{
		{"one", 60, []sample{{119, 3}}, 60, []float64{3}},
		{"mean per cell", 60, []sample{{60, 1}, {90, 2}, {119, 6}, {120, 7}}, 60, []float64{3, 7}},
		{"duplicate time", 60, []sample{{60, 1}, {60, 3}}, 60, []float64{2}},
		{"any order", 60, []sample{{200, 7}, {60, 1}, {119, 3}}, 60, []float64{2, nan, 7}},
		{"299 and 301 s", 300, []sample{{600, 1}, {901, 2}, {1200, 3}, {1501, 4}}, 600, []float64{1, 2, 3, 4}},
		{"two in one cell, none in the next", 300, []sample{{601, 1}, {899, 3}, {1200, 5}}, 600, []float64{2, nan, 5}},
		{"missing values do not reach", 60, []sample{{0, nan}, {60, 1}, {120, math.Inf(1)}, {180, 2}, {240, math.Inf(-1)}, {300, 1e200}}, 60, []float64{1, nan, 2}},
		{"before 1970", 60, []sample{{-1, 4}, {0, 6}}, -60, []float64{4, 6}},
		{"largest values", 60, []sample{{0, 1e150}, {1, 1e150}}, 0, []float64{1e150}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBuilder(c.step, []string{"cpu", "memory"})
			for _, s := range c.in {
				b.Add(s.t, 1, s.v)
			}
			f, err := b.Frame("web")
			if err != nil {
				t.Fatal(err)
			}
			if f.Container != "web" || f.Start != c.start || f.Step != c.step || !equal(f.Columns[1], c.want) {
				t.Errorf("got %+v, want start %d %v", f, c.start, c.want)
			}
			for _, v := range f.Columns[0] {
				if !math.IsNaN(v) {
					t.Errorf("metric without samples: got %v, want NaN throughout", f.Columns[0])
				}
			}
		})
	}
}

// TestBuilderOrder: whole numbers sum exactly, so that any order gives the
// same frame, bit by bit, as a plain map of cells does.
func TestBuilderOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n, step = 5000, 15
	times, values := make([]int64, n), make([]float64, n)
	sum, count := map[int64]float64{}, map[int64]float64{}
	for i := range times {
		times[i], values[i] = 1_700_000_000+r.Int64N(200_000), float64(r.IntN(1000))
		sum[times[i]/step] += values[i]
		count[times[i]/step]++
	}
	b := NewBuilder(step, []string{"cpu"})
	for _, i := range r.Perm(n) {
		b.Add(times[i], 0, values[i])
	}
	f, err := b.Frame("")
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range f.Columns[0] {
		want := nan
		if c := f.Time(i) / step; count[c] > 0 {
			want = sum[c] / count[c]
		}
		if !equal([]float64{v}, []float64{want}) {
			t.Fatalf("cell %d: got %v, want %v", i, v, want)
		}
	}
}

func TestBuilderAddsAfterFrame(t *testing.T) {
	b := NewBuilder(60, []string{"cpu"})
	b.Add(60, 0, 1)
	b.Frame("")
	b.Add(0, 0, 5)
	b.Add(60, 0, 3)
	f, _ := b.Frame("")
	if f.Start != 0 || !equal(f.Columns[0], []float64{5, 2}) {
		t.Errorf("got %+v", f)
	}
	if b.Cells() != 2 || NewBuilder(60, nil).Cells() != 0 {
		t.Errorf("Cells: got %d, want 2", b.Cells())
	}
}

func TestBuilderEmpty(t *testing.T) {
	b := NewBuilder(60, []string{"cpu"})
	b.Add(0, 0, nan)
	if _, err := b.Frame("web"); err != ErrNoSamples {
		t.Errorf("got %v, want ErrNoSamples", err)
	}
}

// TestBuilderSpan: a stray time is an error that names both ends, and takes
// the storage of neither the gap nor of what follows.
func TestBuilderSpan(t *testing.T) {
	b := NewBuilder(15, []string{"cpu"})
	b.Add(5, 0, 1)
	for i := int64(0); i < 100_000; i++ {
		b.Add(1_700_000_000+i*1_000_000, 0, 1)
	}
	_, err := b.Frame("web")
	var span *SpanError
	if !errors.As(err, &span) || span.First != 5 || span.Last != 1_700_000_000+99_999*1_000_000 {
		t.Fatalf("got %v", err)
	}
	const want = "series: samples from 5 to 101699000000 (Unix seconds) need 6779933334 cells of 15 s, more than 4194304"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if b.Stored() > chunkCells+10 {
		t.Errorf("room for %d values, want hardly more than %d", b.Stored(), chunkCells)
	}

	b = NewBuilder(15, []string{"cpu"})
	b.Add(math.MinInt64, 0, 1)
	b.Add(math.MaxInt64, 0, 1)
	if _, err := b.Frame(""); !errors.As(err, &span) {
		t.Errorf("ends of int64: got %v, want a SpanError", err)
	}
	b = NewBuilder(15, []string{"cpu"})
	b.MaxCells = 3
	b.Add(0, 0, 1)
	b.Add(44, 0, 1)
	if _, err := b.Frame(""); err != nil {
		t.Errorf("three cells of three: %v", err)
	}
	b.Add(45, 0, 1)
	if _, err := b.Frame(""); err == nil {
		t.Error("four cells of three: no error")
	}
}

func TestInferStep(t *testing.T) {
	every := func(d int64, n int) []int64 {
		out := make([]int64, n)
		for i := range out {
			out[i] = 1_700_000_000 + int64(i)*d
		}
		return out
	}
	for _, c := range []struct {
		name  string
		times []int64
		want  int64
	}{
		{"none", nil, 0},
		{"one", every(60, 1), 0},
		{"one time twice", []int64{60, 60}, 0},
		{"1 s", every(1, 5), 15}, {"15 s", every(15, 5), 15}, {"29 s", every(29, 5), 15},
		{"30 s", every(30, 5), 60}, {"60 s", every(60, 5), 60}, {"293 s", every(293, 5), 60},
		{"294 s", every(294, 5), 300}, {"300 s", every(300, 5), 300}, {"599 s", every(599, 5), 300},
		{"600 s", every(600, 5), 600}, {"899 s", every(899, 5), 900}, {"an hour", every(3600, 5), 3600},
		{"299 and 301 s", []int64{0, 299, 600, 899, 1200, 1499, 1800, 2099}, 300},
		{"a gap of days", append(every(60, 10), 1_800_000_000), 60},
		{"out of order with duplicates", []int64{240, 60, 120, 60, 180, 0, 240, 0}, 60},
		{"most of a changing step", append(every(15, 100), every(300, 20)[1:]...), 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := InferStep(c.times); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
	times := []int64{120, 0, 60}
	if InferStep(times); times[0] != 120 {
		t.Error("InferStep changed its argument")
	}
}

// BenchmarkBuilder grids a day of 15 s samples of six metrics, a new builder
// each time.
func BenchmarkBuilder(b *testing.B) {
	b.ReportAllocs()
	const rows = 5760
	for b.Loop() {
		bu := NewBuilder(15, Metrics[:6])
		for i := int64(0); i < rows; i++ {
			for k := range 6 {
				bu.Add(1_700_000_000+i*15, k, float64(i))
			}
		}
		if _, err := bu.Frame("web"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*6), "ns/value")
}
