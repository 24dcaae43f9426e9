package decompose

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// golden is testdata/golden.json, made by golden.R beside it with R 4.2.2 and
// forecast 8.20. Of each component it has every Stride-th value.
type golden struct {
	STL []struct {
		Name                                string
		N                                   int
		Y                                   []float64 // empty: M4 H1
		Period, Stride, Window              int       // Window 0: periodic
		TrendWindow                         int       `json:"trend_window"`
		Robust                              bool
		Seasonal, Trend, Remainder, Weights []float64
	}
}

func readGolden(t testing.TB) golden {
	var g golden
	data, err := os.ReadFile("testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// h1 returns the first M4 Hourly series.
func h1(t testing.TB) []float64 {
	all, err := testkit.M4Hourly(testkit.Folder(t, testkit.Bench))
	if err != nil {
		t.Fatal(err)
	}
	return all[0].Train
}

// near reports every stride-th value of got that is off want by more than tol.
func near(t *testing.T, what string, got, want []float64, stride int, tol float64) {
	t.Helper()
	if len(want) != (len(got)+stride-1)/stride {
		t.Fatalf("%s: %d values, want every %dth of %d", what, len(got), stride, len(want))
	}
	for i, w := range want {
		if g := got[i*stride]; !(math.Abs(g-w) <= tol) {
			t.Fatalf("%s[%d] = %.15g, want %.15g", what, i*stride, g, w)
		}
	}
}

// The tolerance is relative to the size of the series: R gives 15 digits.
func tolerance(y []float64) float64 {
	size := 0.0
	for _, v := range y {
		size = max(size, math.Abs(v))
	}
	return 1e-11 * size
}

func TestSTLEqualsR(t *testing.T) {
	for _, c := range readGolden(t).STL {
		t.Run(c.Name, func(t *testing.T) {
			y := c.Y
			if len(y) == 0 {
				y = h1(t)[:c.N]
			}
			config := Periodic(c.Period)
			if c.Window > 0 {
				config = Defaults(c.Period, c.Window)
			}
			if config.Trend.Window != c.TrendWindow {
				t.Errorf("trend window %d, want %d", config.Trend.Window, c.TrendWindow)
			}
			if c.Robust {
				config.Inner, config.Outer = 1, 15
			}
			var r Result
			if err := STL(&r, y, c.Period, config); err != nil {
				t.Fatal(err)
			}
			tol := tolerance(y)
			near(t, "seasonal", r.Seasonal, c.Seasonal, c.Stride, tol)
			near(t, "trend", r.Trend, c.Trend, c.Stride, tol)
			near(t, "remainder", r.Remainder, c.Remainder, c.Stride, tol)
			near(t, "weights", r.Weights, c.Weights, c.Stride, 1e-8)
		})
	}
}
