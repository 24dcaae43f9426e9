// Package trial is for programs that choose a model's settings: on data before
// the test part, judged as a backtest judges.
package trial

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// TestShare is the share, at the end of what Cut leaves, that judges.
const TestShare = 0.25

// Cut cuts the test part off the frames: it stays unseen.
func Cut(frames []series.Frame) {
	for i := range frames {
		frames[i] = frames[i].Slice(0, backtest.TestStart(frames[i].Len(), backtest.Defaults().TestShare))
	}
}

// ReadList returns the series of a list, "container metric" in a line each; nil
// without a path.
func ReadList(path string) (map[string]bool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		out[strings.Join(strings.Fields(line), " ")] = true
	}
	return out, nil
}

// Print prints the outcome by groups, and overall with the settings that it is
// of.
func Print(all []backtest.Series, settings string, took time.Duration, by ...backtest.By) {
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

// Source returns the source of a container: what its name has before the slash.
func Source(container string) string {
	s, _, _ := strings.Cut(container, "/")
	return s
}

// Histories returns the history of each metric of a frame, cut to what is
// observed and then by a share at its end.
func Histories(f *series.Frame, share float64) []forecast.History {
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
