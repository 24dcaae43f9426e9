package decompose

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// wave is n points of a daily pattern on a slope, with noise of the given size.
func wave(n, period int, noise float64) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, n)
	for i := range y {
		y[i] = 10 + 0.01*float64(i) + 3*math.Sin(2*math.Pi*float64(i)/float64(period)) + noise*rng.NormFloat64()
	}
	return y
}

// robust is the setting advised for series with outliers.
func robust(period, window int) Config {
	c := Defaults(period, window)
	c.Inner, c.Outer = 1, 15
	return c
}

func decomposed(t *testing.T, y []float64, period int, c Config) *Result {
	t.Helper()
	r := new(Result)
	if err := STL(r, y, period, c); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSTLAddsUp(t *testing.T) {
	y := wave(500, 24, 1)
	for _, c := range []Config{Defaults(24, 7), Periodic(24), robust(24, 11)} {
		r := decomposed(t, y, 24, c)
		for i, v := range y {
			if sum := r.Seasonal[i] + r.Trend[i] + r.Remainder[i]; math.Abs(sum-v) > 1e-12 {
				t.Fatalf("parts at %d add up to %g, want %g", i, sum, v)
			}
		}
	}
}

func TestSTLRecoversLineAndPattern(t *testing.T) {
	r := decomposed(t, wave(600, 24, 0), 24, Periodic(24))
	for i := range 600 {
		season := 3 * math.Sin(2*math.Pi*float64(i)/24)
		if math.Abs(r.Seasonal[i]-season) > 0.01 || math.Abs(r.Remainder[i]) > 0.01 {
			t.Fatalf("at %d: seasonal %g, remainder %g, want %g and 0", i, r.Seasonal[i], r.Remainder[i], season)
		}
		if i >= 24 && math.Abs(r.Seasonal[i]-r.Seasonal[i-24]) > 1e-14 {
			t.Fatalf("the pattern changes at %d", i)
		}
	}
}

// Without robustness STL is linear: decompose(a·y + b) has a·S and a·T + b.
func TestSTLFollowsScaleAndShift(t *testing.T) {
	y := wave(300, 12, 1)
	scaled := make([]float64, len(y))
	for i, v := range y {
		scaled[i] = -5*v + 100
	}
	for _, c := range []Config{Defaults(12, 13), robust(12, 13)} {
		r, s := decomposed(t, y, 12, c), decomposed(t, scaled, 12, c)
		for i := range y {
			if math.Abs(s.Seasonal[i]+5*r.Seasonal[i]) > 1e-9 || math.Abs(s.Trend[i]+5*r.Trend[i]-100) > 1e-9 {
				t.Fatalf("at %d: seasonal %g of %g, trend %g of %g", i, s.Seasonal[i], r.Seasonal[i], s.Trend[i], r.Trend[i])
			}
		}
	}
}

func TestRobustSTLIgnoresOutliers(t *testing.T) {
	y := wave(480, 24, 0.1)
	spiked := slices.Clone(y)
	for _, i := range []int{100, 101, 250, 400} {
		spiked[i] += 50
	}
	clean := decomposed(t, y, 24, Defaults(24, 15))
	worst := func(r *Result) (off float64) {
		for i := range y {
			off = max(off, math.Abs(r.Seasonal[i]+r.Trend[i]-clean.Seasonal[i]-clean.Trend[i]))
		}
		return off
	}
	resistant := decomposed(t, spiked, 24, robust(24, 15))
	if off := worst(resistant); off > 0.5 {
		t.Errorf("robust fit is off by %g", off)
	}
	if off := worst(decomposed(t, spiked, 24, Defaults(24, 15))); off < 5 {
		t.Errorf("the plain fit, which outliers pull, is off by %g only", off)
	}
	if w := resistant.Weights[250]; w != 0 {
		t.Errorf("an outlier's weight is %g", w)
	}
}

func TestSTLConstantSeries(t *testing.T) {
	y := slices.Repeat([]float64{4.2}, 60)
	for _, c := range []Config{Defaults(12, 7), robust(12, 7), Periodic(12)} {
		r := decomposed(t, y, 12, c)
		for i := range y {
			if math.Abs(r.Trend[i]-4.2) > 1e-12 || math.Abs(r.Seasonal[i]) > 1e-12 {
				t.Fatalf("trend %g, seasonal %g at %d", r.Trend[i], r.Seasonal[i], i)
			}
		}
	}
}

func TestSTLReusesItsResult(t *testing.T) {
	y := wave(2016, 288, 1)
	c := robust(288, 11)
	fresh := decomposed(t, y, 288, c)
	used := decomposed(t, wave(3000, 144, 2), 144, c)
	if err := STL(used, y, 288, c); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(used.Trend, fresh.Trend) || !slices.Equal(used.Seasonal, fresh.Seasonal) {
		t.Error("a used result gives another decomposition")
	}
	n := testing.AllocsPerRun(3, func() { _ = STL(used, y, 288, c) })
	if n > 1 {
		t.Errorf("%g allocations", n)
	}
}

func TestSTLErrors(t *testing.T) {
	good := Defaults(12, 7)
	even, degree, jump, passes := good, good, good, good
	even.Trend.Window = 8
	degree.LowPass.Degree = 2
	jump.Seasonal.Jump = 0
	passes.Inner = 0
	hole, infinite := wave(60, 12, 1), wave(60, 12, 1)
	hole[30] = math.NaN()
	infinite[59] = math.Inf(-1)
	for _, c := range []struct {
		name   string
		y      []float64
		period int
		config Config
		want   error
	}{
		{"two periods", wave(24, 12, 1), 12, good, ErrShort},
		{"empty", nil, 12, good, ErrShort},
		{"period 1", wave(60, 12, 1), 1, good, ErrPeriod},
		{"even window", wave(60, 12, 1), 12, even, ErrConfig},
		{"degree 2", wave(60, 12, 1), 12, degree, ErrConfig},
		{"no jump", wave(60, 12, 1), 12, jump, ErrConfig},
		{"no pass", wave(60, 12, 1), 12, passes, ErrConfig},
		{"missing", hole, 12, good, ErrMissing},
		{"infinite", infinite, 12, good, ErrMissing},
		{"just enough", wave(25, 12, 1), 12, good, nil},
	} {
		if err := STL(new(Result), c.y, c.period, c.config); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name    string
		y, want []float64
		period  int
	}{
		{"line", []float64{1, nan, nan, 4}, []float64{1, 2, 3, 4}, 1},
		{"ends are level", []float64{nan, nan, 5, 7, nan}, []float64{5, 5, 5, 7, 7}, 1},
		{"nothing missing", []float64{3, 1, 2}, []float64{3, 1, 2}, 1},
		{"season", []float64{0, 9, 0, 9, nan, nan, 0, 9, 0, nan}, []float64{0, 9, 0, 9, 0, 9, 0, 9, 0, 9}, 2},
		{"phase never seen", []float64{4, nan, 4, nan, 4, nan}, []float64{4, 4, 4, 4, 4, 4}, 2},
	} {
		got := make([]float64, len(c.y))
		if !Fill(got, c.y, c.period) {
			t.Errorf("%s: nothing observed", c.name)
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-12 {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
	if all := []float64{nan, nan}; Fill(all, all, 1) || !math.IsNaN(all[0]) {
		t.Error("a series with no value was filled")
	}
}

func BenchmarkSTLWeekOfFiveMinutes(b *testing.B) {
	y := wave(2016, 288, 1)
	var r Result
	b.ReportAllocs()
	for b.Loop() {
		if err := STL(&r, y, 288, Defaults(288, 11)); err != nil {
			b.Fatal(err)
		}
	}
}
