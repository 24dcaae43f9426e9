// Package terminal draws a forecast in a terminal: the recent past as a line of
// Braille dots, the interval ahead as shades, a mark for the median and, where
// it is known, for what came.
//
// # Progress
//
// A Meter tells how far long work is: a bar with the time left on a
// terminal, a line now and then where there is none, or objects for programs.
//
// With ProgressJSON, every line is an object. What is counted, and how far it is, half a
// second apart and once at the end ("finished" is true then):
//
//	{"stage":"training","done":3,"total":12,"elapsed_s":1.5,"left_s":4.5}
//
// the end of an epoch of a model that is trained by epochs:
//
//	{"stage":"training cpu of 9 containers","epoch":2,"epochs":16,"loss":0.41,"windows_per_s":9000,"left_s":31}
//
// and remarks:
//
//	{"stage":"exporting","note":"waiting: the server answers 503"}
package terminal

import (
	"math"
	"strconv"
	"strings"
)

// A Chart is a forecast and the past before it.
type Chart struct {
	Past  []float64 // the newest last, at equal steps; NaN where missing
	Step  int64     // seconds between them
	Ahead []Point   // ascending; counted from the newest value
	// Width and Height are in characters, the labels not counted in Height.
	Width, Height int
	// Label writes a value beside the axis; nil for four significant digits.
	Label func(float64) string
	// Now and Begin name the newest moment and the first one below the axis.
	Begin, Now, End string
}

// A Point is the forecast for one time ahead. Came is NaN where it is not known.
type Point struct {
	Ahead                          int64 // seconds
	Lo80, Lo50, Median, Hi50, Hi80 float64
	Came                           float64
}

// The marks of a chart.
const (
	wide   = '░' // inside the 80 % interval
	narrow = '▒' // inside the 50 % interval
	median = '●'
	came   = '×'
	both   = '◉' // median and what came in one place
)

// Legend says what the marks are.
func (c *Chart) Legend() string {
	s := "── past   " + string(median) + " forecast   " + string(narrow) + " 50 %   " + string(wide) + " 80 %"
	for _, p := range c.Ahead {
		if !math.IsNaN(p.Came) {
			return s + "   " + string(came) + " what came"
		}
	}
	return s
}

// String draws the chart, a line for each row and one for the times below.
// Nothing is drawn where there is no number.
func (c *Chart) String() string {
	g := c.grid()
	if g == nil {
		return ""
	}
	g.past(c.Past)
	g.ahead(c.Ahead)
	return g.text()
}

// A grid is a chart being drawn. Rows count from the top.
type grid struct {
	c            *Chart
	lo, hi       float64
	left         int // width of the labels
	columns      int
	now          int // the first column of the time ahead
	dots         [][]rune
	marks        [][]rune
	labels       []string
	begin, total int64 // seconds: of the past, and all
}

func (c *Chart) grid() *grid {
	g := &grid{c: c, lo: math.Inf(1), hi: math.Inf(-1)}
	see := func(v float64) {
		if v-v == 0 {
			g.lo, g.hi = min(g.lo, v), max(g.hi, v)
		}
	}
	for _, v := range c.Past {
		see(v)
	}
	for _, p := range c.Ahead {
		for _, v := range []float64{p.Lo80, p.Median, p.Hi80, p.Came} {
			see(v)
		}
	}
	if g.lo > g.hi || c.Height < 1 {
		return nil
	}
	if g.lo == g.hi {
		room := max(math.Abs(g.lo), 1) / 2
		g.lo, g.hi = g.lo-room, g.hi+room
	}
	label := c.Label
	if label == nil {
		label = func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	}
	for r := range c.Height {
		text := ""
		if r == 0 || r == c.Height-1 || r == c.Height/2 {
			text = label(g.value(r))
		}
		g.labels = append(g.labels, text)
		g.left = max(g.left, len([]rune(text)))
	}
	g.columns = max(c.Width-g.left-2, 16)
	g.begin = int64(max(len(c.Past)-1, 0)) * c.Step
	g.total = g.begin
	if n := len(c.Ahead); n > 0 {
		g.total += c.Ahead[n-1].Ahead
	}
	if g.total <= 0 {
		return nil
	}
	g.now = g.column(0)
	for range c.Height {
		g.dots = append(g.dots, make([]rune, g.columns))
		g.marks = append(g.marks, make([]rune, g.columns))
	}
	return g
}

// value is the value in the middle of a row.
func (g *grid) value(row int) float64 {
	return g.hi - (float64(row)+0.5)/float64(g.c.Height)*(g.hi-g.lo)
}

// row is the row of a value, bounded.
func (g *grid) row(v float64) int {
	return min(max(int((g.hi-v)/(g.hi-g.lo)*float64(g.c.Height)), 0), g.c.Height-1)
}

// column is the column of a time in seconds after the newest value.
func (g *grid) column(t int64) int {
	return min(int(float64(t+g.begin)/float64(g.total)*float64(g.columns-1)), g.columns-1)
}

// brailleDots are the bits of the eight dots of a Braille character, by column
// and row.
var brailleDots = [2][4]rune{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}

// past draws the values as a line: of the values that share a column of dots,
// all between the lowest and the highest.
func (g *grid) past(v []float64) {
	if len(v) == 0 {
		return
	}
	last := -1
	lastY := 0
	width := 2*g.now + 1
	for i, x := range v {
		if x-x != 0 {
			last = -1
			continue
		}
		col := 0
		if len(v) > 1 {
			col = i * width / (len(v) - 1)
		}
		y := min(max(int((g.hi-x)/(g.hi-g.lo)*float64(4*g.c.Height)), 0), 4*g.c.Height-1)
		if last < 0 {
			last, lastY = col, y
		}
		g.stroke(last, lastY, col, y)
		last, lastY = col, y
	}
}

// stroke sets the dots between two.
func (g *grid) stroke(x0, y0, x1, y1 int) {
	n := max(abs(x1-x0), abs(y1-y0), 1)
	for k := 0; k <= n; k++ {
		x, y := x0+(x1-x0)*k/n, y0+(y1-y0)*k/n
		if x/2 < g.columns {
			g.dots[y/4][x/2] |= brailleDots[x%2][y%4]
		}
	}
}

func abs(n int) int { return max(n, -n) }

// ahead shades the intervals between the points, and marks the points.
func (g *grid) ahead(points []Point) {
	if len(points) == 0 {
		return
	}
	start := math.NaN()
	for _, v := range g.c.Past {
		if v-v == 0 {
			start = v
		}
	}
	if math.IsNaN(start) {
		start = points[0].Median
	}
	before := Point{Lo80: start, Lo50: start, Median: start, Hi50: start, Hi80: start}
	for _, p := range points {
		from, to := g.column(before.Ahead), g.column(p.Ahead)
		for x := from + 1; x <= to; x++ {
			t := float64(x-from) / float64(to-from)
			g.shade(x, mix(before.Lo80, p.Lo80, t), mix(before.Hi80, p.Hi80, t), wide)
			g.shade(x, mix(before.Lo50, p.Lo50, t), mix(before.Hi50, p.Hi50, t), narrow)
		}
		before = p
	}
	for _, p := range points {
		x := g.column(p.Ahead)
		if p.Median-p.Median == 0 {
			g.marks[g.row(p.Median)][x] = median
		}
		if p.Came-p.Came == 0 {
			mark := came
			if g.marks[g.row(p.Came)][x] == median {
				mark = both
			}
			g.marks[g.row(p.Came)][x] = mark
		}
	}
}

func mix(a, b, t float64) float64 { return a + t*(b-a) }

func (g *grid) shade(x int, lo, hi float64, mark rune) {
	if lo-lo != 0 || hi-hi != 0 {
		return
	}
	for r := g.row(hi); r <= g.row(lo); r++ {
		g.marks[r][x] = mark
	}
}

func (g *grid) text() string {
	var b strings.Builder
	line := func(label, tick string, cells string) {
		b.WriteString(strings.Repeat(" ", g.left-len([]rune(label))))
		b.WriteString(strings.TrimRight(label+tick+cells, " "))
		b.WriteByte('\n')
	}
	for r := range g.c.Height {
		cells := make([]rune, g.columns)
		for x := range cells {
			switch {
			case g.marks[r][x] != 0:
				cells[x] = g.marks[r][x]
			case g.dots[r][x] != 0:
				cells[x] = 0x2800 | g.dots[r][x]
			default:
				cells[x] = ' '
			}
		}
		tick := " │"
		if g.labels[r] != "" {
			tick = " ┤"
		}
		line(g.labels[r], tick, string(cells))
	}
	axis := []rune(strings.Repeat("─", g.columns))
	axis[g.now] = '┴'
	line("", " └", string(axis))
	line("", "  ", g.times())
	return b.String()
}

// times places the names of the moments below the axis.
func (g *grid) times() string {
	row := []rune(strings.Repeat(" ", g.columns))
	put := func(at int, text string) {
		r := []rune(text)
		at = min(max(at, 0), max(g.columns-len(r), 0))
		copy(row[at:], r)
	}
	begin, now, end := len([]rune(g.c.Begin)), len([]rune(g.c.Now)), g.columns-len([]rune(g.c.End))
	put(0, g.c.Begin)
	put(end, g.c.End)
	if at := min(g.now-now/2, end-now-1); at > begin {
		put(at, g.c.Now)
	}
	return string(row)
}
