package record

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

// A comparison is what is shown of runs beside each other.
type comparison struct {
	metrics []string // beginnings of names; none for all
	all     bool     // parameters that are the same, too
}

// heads are the columns of the runs: their names where they differ and are
// short, else their IDs.
func heads(first string, chosen []*runs.Run) []string {
	out := []string{first}
	seen := map[string]bool{}
	named := true
	for _, r := range chosen {
		named = named && r.Name != "" && len(r.Name) <= 20 && !seen[r.Name]
		seen[r.Name] = true
	}
	for _, r := range chosen {
		if named {
			out = append(out, terminal.Clean(r.Name))
		} else {
			out = append(out, ShortID(r.ID))
		}
	}
	return out
}

// params prints the parameters that differ.
func (f *comparison) params(w io.Writer, chosen []*runs.Run) {
	names := map[string]bool{}
	for _, r := range chosen {
		for k := range r.Params {
			names[k] = true
		}
	}
	t := terminal.NewTable(heads("parameter", chosen)...)
	n := 0
	for _, k := range slices.Sorted(maps.Keys(names)) {
		row, differ := []string{terminal.Clean(k)}, f.all
		for _, r := range chosen {
			v, ok := r.Params[k]
			w, there := chosen[0].Params[k]
			differ = differ || v != w || ok != there
			if !ok {
				v = "-"
			}
			row = append(row, terminal.Clean(v))
		}
		if differ {
			t.Row(row...)
			n++
		}
	}
	if n == 0 {
		fmt.Fprintln(w, "\nThe parameters are the same.")
		return
	}
	section(w, t)
}

// values prints the last values of the metrics.
func (f *comparison) values(w io.Writer, chosen []*runs.Run) {
	t := terminal.NewTable(heads("metric", chosen)...)
	for i := range chosen {
		t.Right(i + 1)
	}
	n := 0
	for _, k := range f.names(chosen) {
		best := math.Inf(1)
		have := 0
		for _, r := range chosen {
			if v := ValueOf(r, k); !math.IsNaN(v) {
				best = min(best, goodness(k, v))
				have++
			}
		}
		row := []string{terminal.Clean(k)}
		for _, r := range chosen {
			v := ValueOf(r, k)
			mark := " "
			if have > 1 && isJudged(k) && goodness(k, v) == best {
				mark = "*"
			}
			row = append(row, valueText(v)+mark)
		}
		t.Row(row...)
		n++
	}
	if n > 0 {
		section(w, t)
	} else {
		fmt.Fprintln(w, "\nThere are no such metrics.")
	}
}

// names returns the metrics that are compared.
func (f *comparison) names(chosen []*runs.Run) []string {
	names := map[string]bool{}
	for _, r := range chosen {
		for k := range r.Metrics {
			wanted := len(f.metrics) == 0
			for _, m := range f.metrics {
				wanted = wanted || strings.HasPrefix(k, m)
			}
			if wanted {
				names[k] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// curves prints the metrics that have several values, under each other.
func (f *comparison) curves(w io.Writer, chosen []*runs.Run) {
	names := heads("", chosen)[1:]
	t := terminal.NewTable("curve", "run", "")
	n := 0
	for _, k := range f.names(chosen) {
		label := terminal.Clean(k)
		for i, r := range chosen {
			if text := curveText(r.Metrics[k]); text != "" {
				t.Row(label, names[i], text)
				label = ""
				n++
			}
		}
	}
	if n > 0 {
		section(w, t)
	}
}

// WriteCompared prints where runs differ: parameters, with all those that are the
// same, too, and the metrics and curves whose names begin with one of show; none
// for all.
func WriteCompared(w io.Writer, chosen []*runs.Run, show []string, all bool) {
	f := &comparison{show, all}
	t := terminal.NewTable("run", "name", "began", "took")
	for _, r := range chosen {
		t.Row(ShortID(r.ID), terminal.Clean(r.Name), terminal.Stamp(r.Start.Unix()), lasting(took(r)))
	}
	t.Write(w)
	f.params(w, chosen)
	f.values(w, chosen)
	f.curves(w, chosen)
}
