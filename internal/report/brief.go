package report

import (
	"fmt"
	"io"

	"github.com/foretide/foretide/internal/terminal"
)

// WriteBrief prints the report's first lines for people.
func WriteBrief(w io.Writer, r *Report, path string, size int) {
	t := terminal.NewTable("metric", "series", "ratio", "last week", "80 % covers", "worst")
	t.Right(1, 2, 3, 4)
	for i := range r.ByMetric {
		g := &r.ByMetric[i]
		worst := ""
		for k := range r.Series {
			if s := &r.Series[k]; s.Metric == g.Name && s.Ratio == s.Ratio {
				worst = s.Container + " " + terminal.Ratio(s.Ratio)
				break
			}
		}
		t.Row(g.Name, fmt.Sprint(g.Series), terminal.Ratio(g.Ratio), terminal.Ratio(g.Week), terminal.Share(g.Coverage), worst)
	}
	t.Write(w)
	fmt.Fprintf(w, "\nThe report is in %s (%d kB). First of what to do:\n", path, (size+500)/1000)
	fmt.Fprintf(w, "  %s\n", r.Advice[0].Text)
	if r.Advice[0].Command != "" {
		fmt.Fprintf(w, "  %s\n", r.Advice[0].Command)
	}
}
