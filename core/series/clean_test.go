package series

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// raw returns samples of a metric.
func raw(metric string, times []int64, values ...float64) Samples {
	return Samples{Metric: metric, Len: len(values), At: func(i int) (int64, float64) { return times[i], values[i] }}
}

func total(metric string, times []int64, values ...float64) Samples {
	s := raw(metric, times, values...)
	s.Counter = true
	return s
}

func TestClean(t *testing.T) {
	inf := math.Inf(1)
	minutes := []int64{0, 60, 120, 180, 240}
	for _, c := range []struct {
		name       string
		in         []Samples
		step, keep int64
		start      int64
		want       map[string][]float64
		report     []Cleaned
	}{
		{"inferred step, out of order", []Samples{raw("cpu", []int64{190, 60, 61, 120}, 4, 1, 2, 3)}, 0, 0, 60,
			map[string][]float64{"cpu": {1.5, 3, 4}}, []Cleaned{{Used: 4, Unordered: 1}}},
		{"what is no value", []Samples{raw("cpu", minutes, nan, 1, inf, -2e150, 5), raw("memory", minutes, 7, nan, nan, nan, nan)}, 60, 0, 0,
			map[string][]float64{"cpu": {nan, 1, nan, nan, 5}, "memory": {7, nan, nan, nan, nan}},
			[]Cleaned{{Used: 2, Missing: 1, Refused: 2}, {Used: 1, Missing: 4}}},
		{"a metric without a value", []Samples{raw("cpu", minutes, 1, 2, 3, 4, 5), raw("memory", minutes, nan, nan, nan, nan, nan)}, 0, 0, 0,
			map[string][]float64{"cpu": {1, 2, 3, 4, 5}}, []Cleaned{{Used: 5}, {Missing: 5}}},
		{"nothing", []Samples{raw("cpu", minutes, nan), raw("memory", nil)}, 0, 0, 0,
			map[string][]float64{"cpu": nil, "memory": nil}, []Cleaned{{Missing: 1}, {}}},
		{"one sample", []Samples{raw("cpu", []int64{130}, 3)}, 0, 0, 120, map[string][]float64{"cpu": {3}}, []Cleaned{{Used: 1}}},
		{"the newest two minutes", []Samples{raw("cpu", minutes, 1, 2, 3, 4, 5)}, 60, 150, 180,
			map[string][]float64{"cpu": {4, 5}}, []Cleaned{{Used: 2, Old: 3}}},
		{"less than a cell", []Samples{raw("cpu", minutes, 1, 2, 3, 4, 5)}, 60, 1, 240, map[string][]float64{"cpu": {5}}, []Cleaned{{Used: 1, Old: 4}}},
		{"a counter with a reset", []Samples{total("net_rx", minutes, 600, 1200, 60, -1, 180)}, 60, 0, 60,
			map[string][]float64{"net_rx": {10, 1, 1, 1}}, []Cleaned{{Used: 4, Refused: 1, Resets: 1}}},
		{"the newest minute of a counter", []Samples{total("net_rx", minutes, 60, 120, 180, 300, 600)}, 60, 60, 240,
			map[string][]float64{"net_rx": {5}}, []Cleaned{{Used: 5}}},
		{"a counter's gap", []Samples{total("net_rx", []int64{0, 60, 120, 1200, 1260}, 0, 60, 120, 180, 240)}, 0, 0, 60,
			map[string][]float64{"net_rx": append(append([]float64{1, 1}, slices.Repeat([]float64{nan}, 18)...), 1)}, []Cleaned{{Used: 5}}},
		{"a counter with one sample", []Samples{total("net_rx", []int64{60}, 5)}, 60, 0, 0, map[string][]float64{"net_rx": nil}, []Cleaned{{Used: 1}}},
		{"metrics at their own times", []Samples{raw("cpu", minutes, 1, 2, 3, 4, 5), raw("memory", []int64{20, 80, 140}, 7, 8, 9)}, 0, 0, 0,
			map[string][]float64{"cpu": {1, 2, 3, 4, 5}, "memory": {7, 8, 9, nan, nan}}, []Cleaned{{Used: 5}, {Used: 3}}},
		{"doubled", []Samples{raw("cpu", []int64{-61, -61, -1, 59}, 1, 3, 5, 7)}, 60, 0, -120,
			map[string][]float64{"cpu": {2, 5, 7}}, []Cleaned{{Used: 4, Repeated: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, report, err := Clean("web", c.in, CleanOptions{Step: c.step, Keep: c.keep})
			if err != nil {
				t.Fatal(err)
			}
			if f.Container != "web" || f.Step != max(c.step, 60) || f.Start != c.start || len(f.Metrics) != len(c.want) {
				t.Errorf("got %+v", f)
			}
			for k, m := range f.Metrics {
				if !equal(f.Columns[k], c.want[m]) {
					t.Errorf("%s: got %v, want %v", m, f.Columns[k], c.want[m])
				}
			}
			if !slices.Equal(report, c.report) {
				t.Errorf("report: got %+v, want %+v", report, c.report)
			}
		})
	}
}

// TestCleanSpan: a wrong timestamp is an error that names both ends, and what is
// kept of very many samples is bounded.
func TestCleanSpan(t *testing.T) {
	far := []int64{0, 60, 120, 9_000_000_000}
	var span *SpanError
	if _, _, err := Clean("", []Samples{raw("cpu", far, 1, 2, 3, 4)}, CleanOptions{Keep: 3600}); !errors.As(err, &span) || span.First != 0 || span.Last != far[3] || span.Cells != 150_000_001 {
		t.Errorf("a wrong timestamp: %v", err)
	}
	long := []int64{0, 60 * (DefaultMaxCells - 1)}
	two := []Samples{raw("cpu", long, 1, 2), raw("memory", long, 1, 2)}
	if f, _, err := Clean("", two[:1], CleanOptions{Step: 60, MaxValues: DefaultMaxCells}); err != nil || f.Len() != DefaultMaxCells {
		t.Errorf("the longest grid: %d cells, %v", f.Len(), err)
	}
	if _, _, err := Clean("", two, CleanOptions{Step: 60, MaxValues: DefaultMaxCells}); !errors.As(err, &span) || span.Max != DefaultMaxCells/2 {
		t.Errorf("twice the longest grid: %v", err)
	}
	if f, _, err := Clean("", two, CleanOptions{Step: 60, Keep: 86400, MaxValues: DefaultMaxCells}); err != nil || f.Len() != 1 || len(f.Metrics) != 2 {
		t.Errorf("the last day of it: %d cells, %v", f.Len(), err)
	}
}

// TestCleanAsBuilder: Clean gives what a Builder and a Counter give.
func TestCleanAsBuilder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var times []int64
	var gauge, counter []float64
	sum := 0.0
	for at := int64(1_700_000_000); len(times) < 40_000; at += 55 + r.Int64N(10) {
		sum += r.Float64() * 100
		times, gauge, counter = append(times, at), append(gauge, r.NormFloat64()), append(counter, sum)
	}
	r.Shuffle(len(times), func(i, j int) {
		times[i], times[j] = times[j], times[i]
		gauge[i], gauge[j] = gauge[j], gauge[i]
		counter[i], counter[j] = counter[j], counter[i]
	})
	b := NewBuilder(60, []string{"cpu", "net_rx"})
	var c Counter
	for i, at := range times {
		b.Add(at, 0, gauge[i])
		c.Add(at, counter[i])
	}
	b.AddCounter(1, &c, 240)
	want, err := b.Frame("web")
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := Clean("web", []Samples{raw("cpu", times, gauge...), total("net_rx", times, counter...)}, CleanOptions{})
	if err != nil || got.Start != want.Start || !equal(got.Columns[0], want.Columns[0]) || !equal(got.Columns[1], want.Columns[1]) {
		t.Errorf("another frame: %v", err)
	}
	day, _, err := Clean("web", []Samples{raw("cpu", times, gauge...), total("net_rx", times, counter...)}, CleanOptions{Keep: 86400})
	last := want.Slice(want.Len()-1440, want.Len())
	if err != nil || day.Start != last.Start || !equal(day.Columns[0], last.Columns[0]) || !equal(day.Columns[1], last.Columns[1]) {
		t.Errorf("another last day: %v", err)
	}
}

func TestSortByTime(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 15, 16, 17, 100, 1000, 33_333} {
		for _, values := range []int64{1, 3, 1 << 40} {
			x, times := make([]sample, n), make([]int64, n)
			for i := range x {
				x[i] = sample{r.Int64N(values), float64(i)}
				times[i] = x[i].t
			}
			want := slices.Clone(x)
			slices.SortStableFunc(want, func(a, b sample) int { return cmp.Compare(a.t, b.t) })
			if sortByTime(x); !slices.Equal(x, want) {
				t.Errorf("%d of %d values: another order", n, values)
			}
			slices.Sort(times)
			var gaps []int64
			for i := 1; i < n; i++ {
				if d := times[i] - times[i-1]; d > 0 {
					gaps = append(gaps, d)
				}
			}
			slices.Sort(gaps)
			median := int64(0)
			if len(gaps) > 0 {
				median = gaps[len(gaps)/2]
			}
			r.Shuffle(n, func(i, j int) { times[i], times[j] = times[j], times[i] })
			if got := MedianInterval(times); got != median {
				t.Errorf("%d of %d values: MedianInterval is %d, not %d", n, values, got, median)
			}
		}
	}
}
