package fit

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// stationaryGolden is testdata/stationary/golden.json, made by golden.R beside it with R 4.2.2,
// forecast 8.20 and urca 1.3.3. A nil result is one that R does not give.
type stationaryGolden struct {
	Cases []struct {
		Name      string
		Y         []*float64 // nil: missing
		Period    int
		KPSSLevel *float64 `json:"kpss_level"`
		NDiffs    int
		NDiffs10  int `json:"ndiffs_10"` // alpha = 0.1, at most 3
		NSDiffs   int
		NSDiffs2  int `json:"nsdiffs_2"` // at most 2
		Strength  *float64
	}
}

func values(y []*float64) []float64 {
	out := make([]float64, len(y))
	for i, v := range y {
		if out[i] = math.NaN(); v != nil {
			out[i] = *v
		}
	}
	return out
}

func TestEqualsR(t *testing.T) {
	data, err := os.ReadFile("testdata/stationary/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g stationaryGolden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			y := values(c.Y)
			kept := slices.Clone(y)
			near := func(what string, got float64, want *float64) {
				t.Helper()
				if want != nil && !(math.Abs(got-*want) <= 1e-10*max(1, math.Abs(*want))) {
					t.Errorf("%s = %.15g, want %.15g", what, got, *want)
				}
			}
			same := func(what string, got, want int) {
				t.Helper()
				if got != want {
					t.Errorf("%s = %d, want %d", what, got, want)
				}
			}
			lags := kpssLags(len(observed(y)))
			level, _ := kpss(observed(y), lags)
			near("KPSS around a level", level, c.KPSSLevel)
			same("differences", differences(y, kpssAlpha, 2), c.NDiffs)
			same("differences at 10 %", differences(y, 0.1, 3), c.NDiffs10)
			same("seasonalDifferences", seasonalDifferences(y, c.Period, 1), c.NSDiffs)
			same("seasonalDifferences up to 2", seasonalDifferences(y, c.Period, 2), c.NSDiffs2)
			if !isConstant(y) { // of rounding errors R makes a strength
				near("seasonalStrength", seasonalStrength(y, c.Period), c.Strength)
			}
			for i, v := range y {
				if v != kept[i] && !math.IsNaN(v) {
					t.Fatal("the input was changed")
				}
			}
		})
	}
}

// R's approx(c(.347, .463, .574, .739), c(.1, .05, .025, .01), rule = 2).
func TestKPSSPValue(t *testing.T) {
	for _, c := range []struct {
		statistic, want float64
	}{
		{0.1, 0.1}, {0.347, 0.1}, {0.405, 0.075}, {0.463, 0.05},
		{0.6565, 0.0175}, {0.739, 0.01}, {5, 0.01},
	} {
		if got := kpssP(c.statistic); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("p(%g) = %g, want %g", c.statistic, got, c.want)
		}
	}
}

func TestKPSSWithoutVariation(t *testing.T) {
	for _, y := range [][]float64{nil, {1}, {2, 2, 2}, {math.NaN(), 3}} {
		if s, p := kpss(observed(y), 0); !math.IsNaN(s) || !math.IsNaN(p) {
			t.Errorf("kpss(%v) = %g, %g, want NaN", y, s, p)
		}
	}
}

// At 5 % the test rejects about one stationary series in twenty and nearly
// every long random walk.
func TestKPSSSizeAndPower(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const runs = 1000
	wrong, right := 0, 0
	noise, walk := make([]float64, 200), make([]float64, 200)
	for range runs {
		for i := range noise {
			noise[i] = rng.NormFloat64()
			walk[i] = noise[i]
			if i > 0 {
				walk[i] += walk[i-1]
			}
		}
		if differences(noise, 0.05, 1) == 1 {
			wrong++
		}
		if differences(walk, 0.05, 1) == 1 {
			right++
		}
	}
	if wrong < runs*2/100 || wrong > runs*8/100 {
		t.Errorf("%d of %d stationary series differenced", wrong, runs)
	}
	if right < runs*95/100 {
		t.Errorf("%d of %d random walks differenced", right, runs)
	}
}

func TestStrengthGrowsWithTheSeason(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	noise := make([]float64, 480)
	for i := range noise {
		noise[i] = rng.NormFloat64()
	}
	y, before := make([]float64, len(noise)), 0.0
	for _, size := range []float64{0.5, 1, 2, 4} {
		for i := range y {
			y[i] = size*math.Sin(2*math.Pi*float64(i)/24) + noise[i]
		}
		f := seasonalStrength(y, 24)
		if f <= before || f >= 1 {
			t.Errorf("strength %g at size %g, after %g", f, size, before)
		}
		before = f
		for i := range y {
			y[i] = 7 - 3*y[i]
		}
		if g := seasonalStrength(y, 24); math.Abs(f-g) > 1e-10 {
			t.Errorf("strength %g becomes %g by shift and scale", f, g)
		}
	}
}

// A tenth of the values missing changes the strength little.
func TestStrengthWithMissingValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	y := make([]float64, 480)
	for i := range y {
		y[i] = 2*math.Sin(2*math.Pi*float64(i)/24) + rng.NormFloat64()
	}
	whole := seasonalStrength(y, 24)
	for i := range y {
		if rng.IntN(10) == 0 {
			y[i] = math.NaN()
		}
	}
	if holed := seasonalStrength(y, 24); math.Abs(holed-whole) > 0.05 {
		t.Errorf("strength %g without, %g with missing values", whole, holed)
	}
	if seasonalDifferences(y, 24, 1) != 1 {
		t.Error("no seasonal difference")
	}
}

func TestUntestable(t *testing.T) {
	nan := math.NaN()
	for _, y := range [][]float64{nil, {nan, nan, nan}, {4}, {4, nan, 4}, {1, 2}} {
		if d := differences(y, 0.05, 2); d > 1 {
			t.Errorf("differences(%v) = %d", y, d)
		}
		if d := seasonalDifferences(y, 2, 1); d != 0 {
			t.Errorf("seasonalDifferences(%v) = %d", y, d)
		}
	}
	if f := seasonalStrength([]float64{1, 2, 3, 4}, 2); !math.IsNaN(f) {
		t.Errorf("strength %g of two periods", f)
	}
	if d := seasonalDifferences([]float64{1, 2, 3, 4, 5}, 1, 1); d != 0 {
		t.Errorf("%d differences at a season of one point", d)
	}
}

// A pattern of a billionth of the level is no variation, as for R.
func TestNearlyConstant(t *testing.T) {
	y := make([]float64, 48)
	for i := range y {
		y[i] = 1e9 + float64(i%12)
	}
	if f := seasonalStrength(y, 12); f < 0.9 {
		t.Errorf("strength %g", f)
	}
	if d := seasonalDifferences(y, 12, 1); d != 0 {
		t.Errorf("%d seasonal differences", d)
	}
}

func TestConstant(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		y    []float64
		want bool
	}{
		{nil, true}, {[]float64{nan}, true}, {[]float64{nan, 5, nan, 5}, true},
		{[]float64{5, 5 + 1e-8}, true}, {[]float64{5, 5 + 1e-6}, false},
		{[]float64{0, 1e-9}, true}, {[]float64{0, 0, 1}, false}, {[]float64{1, -1}, false},
	} {
		if got := isConstant(c.y); got != c.want {
			t.Errorf("isConstant(%v) = %t", c.y, got)
		}
	}
}

func BenchmarkDifferences(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	y := make([]float64, 2000)
	for i := 1; i < len(y); i++ {
		y[i] = y[i-1] + rng.NormFloat64()
	}
	b.ReportAllocs()
	for b.Loop() {
		differences(y, kpssAlpha, 2)
	}
}
