package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// heldShare is the share, at the end of what cut leaves, that judges.
const heldShare = 0.25

// cut cuts the test part off the frames: it stays unseen.
func cut(frames []series.Frame) {
	for i := range frames {
		frames[i] = frames[i].Slice(0, backtest.TestStart(frames[i].Len(), backtest.Defaults().TestShare))
	}
}

// show prints the outcome by groups, and overall with the settings that it is
// of.
func show(all []backtest.Series, settings string, took time.Duration, by ...backtest.By) {
	for _, b := range by {
		for _, g := range backtest.Summarise(all, b) {
			fmt.Printf("%-12s %3d series ", g.Name, g.Series)
			for _, at := range g.At {
				fmt.Printf(" %.3f", at.Ratio)
			}
			fmt.Printf("  covers %.2f better %.2f p95 %.2f\n", g.At[len(g.At)-1].Coverage, g.Better, g.P95)
		}
	}
	for _, o := range backtest.Overalls(all, backtest.BySource) {
		fmt.Printf("overall %.4f better %.2f p95 %.3f   %s   %.0f s\n", o.Ratio, o.Better, o.P95, settings, took.Seconds())
	}
}

// sourceOf returns the source of a container: what its name has before the slash.
func sourceOf(container string) string {
	s, _, _ := strings.Cut(container, "/")
	return s
}

// historiesOf returns the history of each metric of a frame, cut to what is
// observed and then by a share at its end.
func historiesOf(f *series.Frame, share float64) []forecast.History {
	var out []forecast.History
	for k, m := range f.Metrics {
		s := series.Series{Start: f.Start, Step: f.Step, Values: f.Columns[k]}
		t := s.Trim()
		if t.Len() == 0 {
			continue
		}
		from := s.Index(t.Start)
		out = append(out, forecast.History{Frame: f.Slice(from, from+backtest.TestStart(t.Len(), share)), Metric: m})
	}
	return out
}
