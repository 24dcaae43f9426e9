package terminal

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

var nan = math.NaN()

// stairs is a chart whose every mark can be told by hand: the values 0 to 7, and
// a forecast that stays at 7 while its interval opens downwards.
func stairs() Chart {
	return Chart{
		Past: []float64{0, 1, 2, 3, 4, 5, 6, 7}, Step: 60, Width: 24, Height: 4,
		Ahead: []Point{
			{Ahead: 60, Lo80: 5, Lo50: 6, Median: 7, Hi50: 7.5, Hi80: 8, Came: nan},
			{Ahead: 240, Lo80: 3, Lo50: 5, Median: 7, Hi50: 7.5, Hi80: 8, Came: 3},
		},
		Begin: "10:00", Now: "10:07", End: "10:11",
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	c := stairs()
	want := `
7 ┤           ⢀⡠▒●▒▒▒▒▒●
  │        ⡠⠔⠊⠁ ░▒▒▒▒▒▒▒
3 ┤    ⢀⠤⠒⠉         ░░░×
1 ┤⣀⡠⠔⠊⠁
  └────────────┴────────
   10:00     10:07 10:11
`
	if got := "\n" + c.String(); got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
	if !strings.Contains(c.Legend(), "× what came") {
		t.Errorf("legend %q", c.Legend())
	}
	c.Ahead[1].Came = nan
	if strings.Contains(c.Legend(), "×") || strings.Contains(c.String(), "×") {
		t.Error("what came is marked, and is not known")
	}
	c.Ahead[1].Came = 7
	if !strings.Contains(c.String(), "◉") {
		t.Errorf("what came as forecast is not told apart:\n%s", c.String())
	}
}

// TestFits: whatever the numbers are, no line is wider than asked for, and the
// rows are as many.
func TestFits(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Chart){
		"as it is":       func(*Chart) {},
		"gaps":           func(c *Chart) { c.Past[3], c.Past[7] = nan, nan },
		"no past":        func(c *Chart) { c.Past = nil },
		"one value":      func(c *Chart) { c.Past = c.Past[:1] },
		"no forecast":    func(c *Chart) { c.Ahead = nil },
		"constant":       func(c *Chart) { c.Past = []float64{2, 2, 2, 2}; c.Ahead = c.Ahead[:0] },
		"zero":           func(c *Chart) { c.Past = []float64{0, 0}; c.Ahead = []Point{{Ahead: 60, Came: nan}} },
		"huge":           func(c *Chart) { c.Past[2] = 1e300 },
		"infinite":       func(c *Chart) { c.Ahead[0].Hi80 = math.Inf(1) },
		"long labels":    func(c *Chart) { c.Label = func(float64) string { return "a long label" } },
		"crowded":        func(c *Chart) { c.Past = make([]float64, 5000) },
		"missing median": func(c *Chart) { c.Ahead[0].Median = nan },
	} {
		c := stairs()
		c.Width = 40
		change(&c)
		got := c.String()
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if len(lines) != c.Height+2 {
			t.Errorf("%s: %d lines\n%s", name, len(lines), got)
		}
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); n > c.Width {
				t.Errorf("%s: a line of %d characters:\n%s", name, n, got)
			}
		}
	}
	for name, c := range map[string]Chart{
		"nothing": {Width: 40, Height: 4, Step: 60}, "all missing": {Past: []float64{nan, nan}, Step: 60, Width: 40, Height: 4},
		"no room": {Past: []float64{1, 2}, Step: 60, Width: 40},
	} {
		if got := c.String(); got != "" {
			t.Errorf("%s draws\n%s", name, got)
		}
	}
}
