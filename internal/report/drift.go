package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/foretide/foretide/internal/drift"
	"github.com/foretide/foretide/internal/terminal"
)

// WriteDrift prints a line for each model and horizon that was judged.
func WriteDrift(w io.Writer, rows []drift.Row) {
	t := terminal.NewTable("container", "metric", "model", "ahead", "forecasts", "ratio", "when trained", "80 % covers", "")
	t.Right(3, 4, 5, 6, 7)
	for _, r := range rows {
		if r.Skipped != "" {
			t.Row(r.Container, r.Metric, r.Model, "", "", "", "", "", "not judged: "+r.Skipped)
			continue
		}
		container, metric, model := r.Container, r.Metric, r.Model
		for _, h := range r.Horizons {
			t.Row(container, metric, model, terminal.Minutes(h.Seconds), fmt.Sprint(h.Rows), fmt.Sprintf("%.3f", h.Ratio), fmt.Sprintf("%.3f", h.Was),
				fmt.Sprintf("%.0f %%", 100*h.Coverage80), verdict(&h))
			container, metric, model = "", "", ""
		}
	}
	t.Write(w)
}

// verdict says what has drifted.
func verdict(h *drift.Horizon) string {
	var says []string
	if h.Worse {
		says = append(says, "worse than it was")
	}
	if h.Missing {
		says = append(says, "intervals miss")
	}
	return strings.Join(says, ", ")
}
