package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/terminal"
)

const (
	chartRows  = 9
	chartWidth = 78  // where the output is no terminal
	mostCharts = 12  // that are printed after a table
	pastSpans  = 4   // how many times the longest horizon the past is
	mostWidth  = 110 // a wider terminal makes no better chart
)

// width is how wide a chart is to be.
func (a *app) width() int {
	o, ok := a.out.(*output)
	if !ok {
		return chartWidth
	}
	f, ok := o.w.(*os.File)
	if !ok {
		return chartWidth
	}
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
		return min(w-1, mostWidth)
	}
	return chartWidth
}

// writeCharts prints a chart for each forecast, from what the frames have of
// the time before it and, where they have it, of the time after.
func (a *app) writeCharts(frames []series.Frame, forecasts []*serve.Answer) {
	byName := map[string]*series.Frame{}
	for i := range frames {
		byName[frames[i].Container] = &frames[i]
	}
	for n, f := range forecasts {
		if n == mostCharts {
			a.notice("foretide: charts of the first %d of %d forecasts; --container and --metric choose others", mostCharts, len(forecasts))
			return
		}
		frame := byName[f.Container]
		if s, ok := frame.Series(f.Metric); ok {
			writeChart(a.out, s, f, a.width())
		}
	}
}

// writeChart prints one forecast under its name.
func writeChart(w io.Writer, s series.Series, f *serve.Answer, width int) {
	if len(f.At) == 0 {
		return
	}
	longest := f.At[len(f.At)-1].Ahead
	from := max(s.Index(f.Origin-pastSpans*longest), 0)
	now := min(s.Index(f.Origin), s.Len()-1)
	c := terminal.Chart{
		Past: s.Values[from : now+1], Step: s.Step, Width: width, Height: chartRows, Label: terminal.Number,
		Begin: clock(s.Time(from)), Now: clock(f.Origin), End: clock(f.Origin + longest),
	}
	for i := range f.At {
		h := &f.At[i]
		p := terminal.Point{Ahead: h.Ahead, Median: f.Median(h), Came: math.NaN()}
		p.Lo50, p.Hi50 = f.Interval(h, 0.5)
		p.Lo80, p.Hi80 = f.Interval(h, 0.8)
		if f.Origin+h.Ahead < s.End() {
			p.Came = s.At(f.Origin + h.Ahead)
		}
		c.Ahead = append(c.Ahead, p)
	}
	picture := c.String()
	if picture == "" {
		return
	}
	fmt.Fprintf(w, "\n%s %s\n%s%s%s\n", f.Container, f.Metric, picture, strings.Repeat(" ", 2), c.Legend())
}

func clock(unix int64) string { return time.Unix(unix, 0).UTC().Format("15:04") }
