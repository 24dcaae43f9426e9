package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

type runsCompareFlags struct {
	runsFlags
	metrics []string
	all     bool
}

func (a *app) runsCompareCommand() *cobra.Command {
	var f runsCompareFlags
	cmd := &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Print where runs differ: parameters, metrics with the best marked, curves",
		Long: `Compare prints what runs were given differently and what came of it, a column
for each; * marks the best. One run is compared by its parts: the models of a
backtest, the containers of a training.`,
		Example: `  foretide runs compare 4c30d5c7 cc475a5c
  foretide runs compare latest                   # the models of the last backtest
  foretide runs compare latest --show ratio,coverage80`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runsCompare(cmd, &f, args) },
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&f.metrics, "show", nil, "metrics of the runs to compare, or beginnings of their names"+several+" (default: all)")
	cmd.Flags().BoolVar(&f.all, "all", false, "print the parameters that are the same, too")
	return cmd
}

func (a *app) runsCompare(cmd *cobra.Command, f *runsCompareFlags, names []string) error {
	if len(names) == 0 {
		return usagef(cmd, "name the runs to compare, or one that has parts; %q shows them", "foretide runs list")
	}
	dir, all, err := f.open(cmd, a)
	if err != nil {
		return err
	}
	var chosen []*runs.Run
	for _, name := range names {
		r, err := find(all, name)
		if err != nil {
			return err
		}
		if !slices.Contains(chosen, r) {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 1 {
		if chosen = partsOf(all, chosen[0].ID); len(chosen) < 2 {
			return dataf("run %s has no parts to compare: name another run beside it", names[0])
		}
	}
	if chosen = a.load(dir, chosen); len(chosen) < 2 {
		return dataf("fewer than two of the runs can be read")
	}
	if f.json {
		out := make([]runJSON, 0, len(chosen))
		for _, r := range chosen {
			j := describe(r)
			j.Curves = curvesOf(r)
			out = append(out, j)
		}
		return terminal.WriteJSON(a.out, out)
	}
	f.print(a, chosen)
	return nil
}

// print prints the tables.
func (f *runsCompareFlags) print(a *app, chosen []*runs.Run) {
	t := terminal.NewTable("run", "name", "began", "took")
	for _, r := range chosen {
		t.Row(shortID(r.ID), terminal.Clean(r.Name), terminal.Stamp(r.Start.Unix()), lasting(took(r)))
	}
	t.Write(a.out)
	f.params(a, chosen)
	f.values(a, chosen)
	f.curves(a, chosen)
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
			out = append(out, shortID(r.ID))
		}
	}
	return out
}

// params prints the parameters that differ.
func (f *runsCompareFlags) params(a *app, chosen []*runs.Run) {
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
		fmt.Fprintln(a.out, "\nThe parameters are the same.")
		return
	}
	a.section(t)
}

// values prints the last values of the metrics.
func (f *runsCompareFlags) values(a *app, chosen []*runs.Run) {
	t := terminal.NewTable(heads("metric", chosen)...)
	for i := range chosen {
		t.Right(i + 1)
	}
	n := 0
	for _, k := range f.names(chosen) {
		best := math.Inf(1)
		have := 0
		for _, r := range chosen {
			if v := valueOf(r, k); !math.IsNaN(v) {
				best = min(best, goodness(k, v))
				have++
			}
		}
		row := []string{terminal.Clean(k)}
		for _, r := range chosen {
			v := valueOf(r, k)
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
		a.section(t)
	} else {
		fmt.Fprintln(a.out, "\nThere are no such metrics.")
	}
}

// names returns the metrics that are compared.
func (f *runsCompareFlags) names(chosen []*runs.Run) []string {
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
func (f *runsCompareFlags) curves(a *app, chosen []*runs.Run) {
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
		a.section(t)
	}
}
