package report

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/terminal"
)

// WriteTrained prints a line for each checkpoint.
func WriteTrained(w io.Writer, out []fleet.Result) {
	t := terminal.NewTable("container", "metric", "horizon", "by", "MAE", "ratio", "covers 80 %", "note")
	t.Right(4, 5, 6)
	for i := range out {
		r := &out[i]
		if r.Err != nil {
			t.Row(r.Container, r.Metric, "", "", "", "", "", firstLine(r.Err.Error()))
			continue
		}
		for k, h := range r.Report.Horizons {
			container, metric := r.Container, r.Metric
			if k > 0 {
				container, metric = "", ""
			}
			mae, covers := terminal.Number(h.MAE), terminal.Share(h.Coverage80)
			if h.Rows == 0 { // nothing to validate on
				mae = "-"
			}
			if h.Reasons.Has(forecast.Uncalibrated) {
				covers = "-"
			}
			t.Row(container, metric, terminal.Minutes(h.Ahead), servedBy(r.Report.Model, &h), mae, terminal.Ratio(h.Ratio), covers, h.Reasons.String())
		}
	}
	t.Write(w)
}

// servedBy says which forecast serves a horizon.
func servedBy(model string, h *calibrate.HorizonReport) string {
	by, named := map[string]string{"model": model, "fallback": naive.Name, "both": model + " + " + naive.Name}[h.Source]
	if !named {
		by = h.Source
	}
	if h.Weight > 0 && h.Weight < 1 {
		by += fmt.Sprintf(" × %.2f", h.Weight)
	}
	return by
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

type trainedJSON struct {
	Container  string         `json:"container"`
	Metric     string         `json:"metric"`
	Model      string         `json:"model"`
	Summary    string         `json:"summary,omitempty"`
	Status     string         `json:"status,omitempty"`
	Checkpoint string         `json:"checkpoint,omitempty"`
	Bytes      int            `json:"bytes,omitempty"`
	Points     int            `json:"points"`
	From       *time.Time     `json:"from,omitempty"`
	To         *time.Time     `json:"to,omitempty"`
	Horizons   []horizonScore `json:"horizons"`
	Reasons    []string       `json:"reasons,omitempty"`
	Notes      []string       `json:"notes,omitempty"`
	Error      string         `json:"error,omitempty"`
}

type horizonScore struct {
	Seconds    int64         `json:"horizon_s"`
	By         string        `json:"by"`
	Weight     float64       `json:"weight"`
	Rows       int           `json:"rows"`
	MAE        terminal.Real `json:"mae"` // null where nothing was there to validate on
	Ratio      terminal.Real `json:"ratio"`
	Coverage80 terminal.Real `json:"coverage80"`
	Reasons    []string      `json:"reasons,omitempty"`
}

// WriteTrainedJSON prints what was trained as JSON; store is where the
// checkpoints are.
func WriteTrainedJSON(w io.Writer, store string, out []fleet.Result) error {
	rows := make([]trainedJSON, 0, len(out))
	for i := range out {
		t := &out[i]
		r := &t.Report
		j := trainedJSON{
			Container: t.Container, Metric: t.Metric, Model: r.Model, Summary: r.Fit.Summary, Points: r.Points,
			Horizons: []horizonScore{}, Reasons: r.Reasons.Names(), Notes: r.Notes,
		}
		if t.Err != nil {
			j.Error = t.Err.Error()
			rows = append(rows, j)
			continue
		}
		from, to := time.Unix(r.From, 0).UTC(), time.Unix(r.To, 0).UTC()
		j.From, j.To, j.Status = &from, &to, r.Fit.Status.String()
		j.Checkpoint, j.Bytes = filepath.Join(store, filepath.FromSlash(t.Name)), t.Bytes
		for _, h := range r.Horizons {
			score := horizonScore{h.Ahead, h.Source, h.Weight, h.Rows, terminal.Real(h.MAE), terminal.Real(h.Ratio), terminal.Real(h.Coverage80), h.Reasons.Names()}
			if h.Rows == 0 {
				score.MAE, score.Ratio = terminal.Real(math.NaN()), terminal.Real(math.NaN())
			}
			if h.Reasons.Has(forecast.Uncalibrated) {
				score.Coverage80 = terminal.Real(math.NaN())
			}
			j.Horizons = append(j.Horizons, score)
		}
		rows = append(rows, j)
	}
	return terminal.WriteJSON(w, rows)
}
