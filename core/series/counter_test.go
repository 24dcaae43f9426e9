package series

import (
	"math"
	"math/rand/v2"
	"testing"
)

// counterOf returns a counter of the samples.
func counterOf(samples []sample) *Counter {
	c := new(Counter)
	for _, s := range samples {
		c.Add(s.t, s.v)
	}
	return c
}

func TestCounterRates(t *testing.T) {
	type rate struct {
		from, to int64
		rate     float64
	}
	for _, c := range []struct {
		name string
		in   []sample
		want []rate
	}{
		{"none", nil, nil},
		{"one", []sample{{60, 5}}, nil},
		{"steady", []sample{{0, 0}, {60, 120}, {120, 180}}, []rate{{0, 60, 2}, {60, 120, 1}}},
		{"standing still", []sample{{0, 7}, {60, 7}}, []rate{{0, 60, 0}}},
		{"irregular", []sample{{0, 0}, {10, 20}, {100, 200}}, []rate{{0, 10, 2}, {10, 100, 2}}},
		{"a reset", []sample{{0, 900}, {60, 960}, {120, 30}, {180, 90}}, []rate{{0, 60, 1}, {60, 120, 0.5}, {120, 180, 1}}},
		{"a reset to zero", []sample{{0, 900}, {60, 0}, {120, 60}}, []rate{{0, 60, 0}, {60, 120, 1}}},
		{"two resets", []sample{{0, 9}, {1, 3}, {2, 1}}, []rate{{0, 1, 3}, {1, 2, 1}}},
		{"the longest gap", []sample{{0, 0}, {300, 300}, {601, 900}, {661, 960}}, []rate{{0, 300, 1}, {601, 661, 1}}},
		{"a reset in a gap", []sample{{0, 500}, {9000, 10}, {9060, 70}}, []rate{{9000, 9060, 1}}},
		{"out of order", []sample{{120, 180}, {0, 0}, {60, 120}}, []rate{{0, 60, 2}, {60, 120, 1}}},
		{"the last of a time counts", []sample{{0, 0}, {60, 1}, {60, 120}, {0, 60}}, []rate{{0, 60, 1}}},
		{"missing values are passed over", []sample{{0, 0}, {60, nan}, {70, -1}, {80, math.Inf(1)}, {90, 1e200}, {120, 240}}, []rate{{0, 120, 2}}},
		{"before 1970", []sample{{-60, 0}, {0, 60}}, []rate{{-60, 0, 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []rate
			counterOf(c.in).rates(300, func(from, to int64, r float64) { got = append(got, rate{from, to, r}) })
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("rate %d: got %v, want %v", i, got[i], c.want[i])
				}
			}
		})
	}
}

func TestAddCounter(t *testing.T) {
	for _, c := range []struct {
		name   string
		step   int64
		in     []sample
		start  int64
		want   []float64
		maxGap int64
	}{
		{"on the grid", 60, []sample{{60, 0}, {120, 60}, {180, 180}}, 120, []float64{1, 2}, 240},
		{"off the grid", 60, []sample{{67, 0}, {127, 60}, {187, 180}}, 120, []float64{1, 2}, 240},
		{"several in a cell", 60, []sample{{60, 0}, {75, 15}, {90, 45}, {105, 45}, {120, 60}}, 60, []float64{1, 1}, 240},
		{"weighted by their seconds", 60, []sample{{60, 0}, {70, 100}, {110, 150}}, 60, []float64{3}, 240},
		{"299 and 301 s", 300, []sample{{600, 0}, {901, 301}, {1199, 599}, {1501, 901}, {1800, 1200}}, 900, []float64{1, 1, 1, 1}, 1200},
		{"a missed sample", 60, []sample{{60, 0}, {120, 60}, {300, 240}}, 120, []float64{1, 1, 1, 1}, 240},
		{"a long gap", 60, []sample{{60, 0}, {120, 60}, {420, 1000}, {480, 1060}}, 120, []float64{1, nan, nan, nan, nan, nan, 1}, 240},
		{"a reset", 60, []sample{{60, 100}, {120, 160}, {180, 30}, {240, 90}}, 120, []float64{1, 0.5, 1}, 240},
		{"beyond any grid", 60, []sample{{0, 0}, {60, 60}, {1 << 40, 1e9}}, 60, []float64{1}, 240},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBuilder(c.step, []string{"cpu", "net_rx"})
			b.AddCounter(1, counterOf(c.in), c.maxGap)
			f, err := b.Frame("web")
			if err != nil {
				t.Fatal(err)
			}
			if f.Start != c.start || !equal(f.Columns[1], c.want) {
				t.Errorf("got %+v, want start %d %v", f, c.start, c.want)
			}
		})
	}
	b := NewBuilder(60, []string{"net_rx"})
	b.AddCounter(0, counterOf([]sample{{60, 1}}), 240)
	if _, err := b.Frame(""); err != ErrNoSamples {
		t.Errorf("one sample: got %v, want ErrNoSamples", err)
	}
	b.MaxCells = 10 // a gap of any length takes no longer than the grid
	b.AddCounter(0, counterOf([]sample{{0, 0}, {1 << 50, 1}}), 1<<60)
	if _, err := b.Frame(""); err != ErrNoSamples {
		t.Errorf("an endless gap: got %v, want ErrNoSamples", err)
	}
}

// TestAddCounterKeepsTotal: whatever the sampling, every cell is filled and the
// sum over the grid is the total increase, resets and all, but for what the
// edges of the cells cut off.
func TestAddCounterKeepsTotal(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, every := range []int64{7, 15, 59, 61, 299, 301} {
		const step = 60
		var samples []sample
		total, v := 0.0, 1e6
		for at := int64(1_700_000_000); len(samples) < 5000; at += every + r.Int64N(3) - 1 {
			if r.IntN(100) == 0 {
				v = 0
			}
			samples = append(samples, sample{at, v})
			d := 100 * r.Float64() * float64(every)
			v, total = v+d, total+d
		}
		shuffled := make([]sample, 0, len(samples))
		for _, i := range r.Perm(len(samples)) {
			shuffled = append(shuffled, samples[i])
		}
		b, other := NewBuilder(step, []string{"net_rx"}), NewBuilder(step, []string{"net_rx"})
		b.AddCounter(0, counterOf(samples), 4*every)
		other.AddCounter(0, counterOf(shuffled), 4*every)
		f, err := b.Frame("")
		if err != nil {
			t.Fatal(err)
		}
		g, _ := other.Frame("")
		if !equal(f.Columns[0], g.Columns[0]) {
			t.Errorf("every %d s: another order of the samples gives another frame", every)
		}
		sum := 0.0
		for i, x := range f.Columns[0] {
			if math.IsNaN(x) {
				t.Fatalf("every %d s: cell %d of %d is missing", every, i, f.Len())
			}
			sum += x * step
		}
		// What is lost before the samples that come after a reset is in total
		// but not in the samples.
		if math.Abs(sum-total) > 0.015*total {
			t.Errorf("every %d s: the rates sum to %.6g, the increases to %.6g", every, sum, total)
		}
	}
}

func TestCounterResets(t *testing.T) {
	c := counterOf([]sample{{180, 5}, {0, 9}, {60, 3}, {120, 3}, {240, 1}, {240, 2}})
	if resets, intervals := c.Resets(); resets != 2 || intervals != 4 {
		t.Errorf("got %d resets of %d, want 2 of 4", resets, intervals)
	}
	if c.Interval() != 60 {
		t.Errorf("Interval %d, want 60", c.Interval())
	}
	c = new(Counter)
	for i := range 1000 {
		c.Add(int64(i)*15, float64(i))
	}
	if resets, intervals := c.Resets(); resets != 0 || intervals != 999 || c.Interval() != 15 {
		t.Errorf("1000 samples: %d resets of %d, Interval %d", resets, intervals, c.Interval())
	}
	var none Counter
	if resets, intervals := none.Resets(); resets != 0 || intervals != 0 || none.Interval() != 0 {
		t.Errorf("empty: %d of %d", resets, intervals)
	}
}
