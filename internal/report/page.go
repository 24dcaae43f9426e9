package report

import (
	"bytes"
	_ "embed" // the page's parts
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed style.css
var styleCSS string

//go:embed chart.js
var chartModule string

// chartJS is the module as a script.
var chartJS = strings.ReplaceAll(chartModule, "\nexport ", "\n")

//go:embed page.js
var pageJS string

var functions = template.FuncMap{
	"value": value, "ratio": ratio, "share": share, "change": change, "day": day, "stamp": stamp, "ahead": ahead,
	"span": span, "grouped": func(n any) string { return grouped(toInt(n)) }, "title": capitalised,
	"better":  func(v float64) bool { return v < 0.98 },
	"worse":   func(v float64) bool { return v > 1.02 },
	"finite":  finite,
	"reason":  func(name string) string { return reasonText[name] },
	"horizon": func(h float64) string { return ahead(int64(h)) },
	"score":   scoreAt,
	"judged":  judged,
	"at":      groupFor,
	"first":   func(n int, v []string) []string { return v[:min(n, len(v))] },
	"rest":    func(n int, v []string) int { return max(0, len(v)-n) },
	"fixed":   fixed,
	"plus1":   func(n int) int { return n + 1 },
	"coverTime": func(c Cover, t int64) string {
		if c.Relative {
			return span(-t) + " before the end"
		}
		return stamp(t)
	},
}

var page = template.Must(template.New("page").Funcs(functions).Parse(pageHTML))

func toInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	panic(fmt.Sprintf("page: %T is no whole number", n))
}

// A view is what the template is given.
type view struct {
	*Report
	Listed        []Series // the worst, as many as a page can have
	ByName        []Group
	Problems      []Problem
	Warnings      []string
	Curves        []Curve
	Style, Script template.HTML
	Data          template.HTML
	Horizons      []int64
	Judged        int // series
	Seen          int
	Reasons       []string // that occur, in their order
	Worst         []Series
	Explained     int // series with components
}

// Limit is the most bytes that a page has.
const Limit = 3_000_000

// What is listed of a large fleet: the worst.
const (
	mostListed     = 800
	mostContainers = 400
	mostProblems   = 400
	mostWarnings   = 200
	mostCurves     = 24
)

// RenderPage writes the page, of at most Limit bytes: where there are many series,
// the charts of each have fewer points, and the best have none.
func RenderPage(w io.Writer, r *Report) error {
	v := newView(r)
	var b bytes.Buffer
	for room := drawn; ; room = room * 3 / 4 {
		d, err := dataOf(r, v.Listed, room)
		if err != nil {
			return err
		}
		v.Data = template.HTML("<script type=\"application/json\" id=\"data\">" + d + "</script>")
		b.Reset()
		if err := page.Execute(&b, v); err != nil {
			return err
		}
		if b.Len() <= Limit || room < leastDrawn {
			break
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func newView(r *Report) *view {
	v := &view{
		Report:   r,
		Listed:   r.Series[:min(len(r.Series), mostListed)],
		ByName:   r.ByName[:min(len(r.ByName), mostContainers)],
		Problems: r.Problems[:min(len(r.Problems), mostProblems)],
		Warnings: r.Warnings[:min(len(r.Warnings), mostWarnings)],
		Curves:   r.Curves[:min(len(r.Curves), mostCurves)],
		Style:    template.HTML("<style>\n" + styleCSS + "</style>"),
		Script:   template.HTML("<script>\n\"use strict\";\n" + chartJS + pageJS + "</script>"),
	}
	seen := map[string]bool{}
	for i := range r.Series {
		s := &r.Series[i]
		if len(s.Scores) > 0 {
			v.Judged++
			if s.Seen {
				v.Seen++
			}
		}
		if len(s.Terms) > 0 {
			v.Explained++
		}
		for _, h := range s.Scores {
			if !slices.Contains(v.Horizons, h.Horizon) {
				v.Horizons = append(v.Horizons, h.Horizon)
			}
		}
		for _, n := range s.Serving.Reasons.Names() {
			if !seen[n] {
				seen[n] = true
				v.Reasons = append(v.Reasons, n)
			}
		}
		if len(v.Worst) < 6 && finite(s.Ratio) {
			v.Worst = append(v.Worst, *s)
		}
	}
	slices.Sort(v.Horizons)
	return v
}

// scoreAt returns the score of a horizon; nil where there is none.
func scoreAt(s Series, h int64) *Score {
	for i := range s.Scores {
		if s.Scores[i].Horizon == h {
			return &s.Scores[i]
		}
	}
	return nil
}

// groupFor returns a group's medians at a horizon; nil where there are none.
func groupFor(g Group, h int64) *GroupAt {
	for i := range g.At {
		if g.At[i].Horizon == h && g.At[i].Series > 0 {
			return &g.At[i]
		}
	}
	return nil
}
