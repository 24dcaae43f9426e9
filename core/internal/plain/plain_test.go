package plain

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func TestTwo(t *testing.T) {
	for _, x := range []float64{0, 1, 0.005, 0.004, 0.125, 0.375, 0.995, 0.999, 1.0 / 3, 2.0 / 3, 1.0 / 12, 0.25, 123456.789, 1e14 + 0.5, math.Copysign(0, -1)} {
		for _, y := range []float64{x, -x} {
			if got, want := Two(y), strconv.FormatFloat(y, 'f', 2, 64); got != want && math.Abs(math.Abs(math.Mod(y*100, 1))-0.5) > 1e-9 {
				t.Errorf("%v: %s, not %s", y, got, want)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100000 {
		y := r.NormFloat64() * 10
		if got, want := Two(y), strconv.FormatFloat(y, 'f', 2, 64); got != want {
			t.Fatalf("%v: %s, not %s", y, got, want)
		}
	}
	for x, want := range map[float64]string{1e15: ">1e15", -1e300: "<-1e15", math.Inf(1): ">1e15"} {
		if got := Two(x); got != want {
			t.Errorf("%v: %s, not %s", x, got, want)
		}
	}
	if got := Two(math.NaN()); got != "NaN" {
		t.Error(got)
	}
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{"": `""`, `a"b\`: `"a\"b\\"`, "x\n\x00é": `"x\x0a\x00é"`} {
		if got := Quote(s); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestList(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a, b, c": {"a", "b", "c"}} {
		if got := List(words); got != want {
			t.Errorf("%q of %q", got, words)
		}
	}
}

func TestSortStable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 40 {
		x := make([][2]int, n)
		for i := range x {
			x[i] = [2]int{r.IntN(5), i}
		}
		want := slices.Clone(x)
		slices.SortStableFunc(want, func(a, b [2]int) int { return a[0] - b[0] })
		SortStable(x, func(a, b [2]int) bool { return a[0] < b[0] })
		if !slices.Equal(x, want) {
			t.Fatalf("%v, not %v", x, want)
		}
	}
}
