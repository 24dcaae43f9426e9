package main

import (
	"math"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

type runsListFlags struct {
	runsFlags
	best    string
	metrics []string
	of      string
	parts   bool
	most    int
}

func (a *app) runsListCommand() *cobra.Command {
	var f runsListFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest or the best first",
		Long: `List prints a line for each run. --best METRIC puts the best first: the lowest
error, the highest R², the coverage that is nearest to 80 %. Runs without the
metric are left out then.`,
		Example: `  foretide runs list
  foretide runs list --best ratio --show ratio,coverage80,cpu/mae_5min
  foretide runs list --of latest --best ratio      # the containers of the last training`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runsList(cmd, &f) },
	}
	f.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.best, "best", "", "metric by which the best is first (default: the newest first)")
	fs.StringSliceVar(&f.metrics, "show", []string{"ratio", "coverage80"}, "metrics of the runs to show"+several)
	fs.StringVar(&f.of, "of", "", "run whose parts are listed")
	fs.BoolVar(&f.parts, "parts", false, "list the parts of runs, too")
	fs.IntVar(&f.most, "limit", 20, "how many runs at most; 0 for all")
	return cmd
}

func (a *app) runsList(cmd *cobra.Command, f *runsListFlags) error {
	if f.most < 0 {
		return usagef(cmd, "--limit is %d; it is at least 1, or 0 for all", f.most)
	}
	dir, all, err := f.open(cmd, a)
	if err != nil {
		return err
	}
	shown, err := f.choose(all)
	if err != nil {
		return err
	}
	if f.best == "" {
		shown = cutTo(shown, f.most)
	}
	shown = a.load(dir, shown)
	if f.best != "" {
		if shown, err = best(shown, f.best); err != nil {
			return err
		}
		if !slices.Contains(f.metrics, f.best) {
			f.metrics = append([]string{f.best}, f.metrics...)
		}
		shown = cutTo(shown, f.most)
	}
	if f.json {
		out := make([]runJSON, 0, len(shown))
		for _, r := range shown {
			out = append(out, describe(r))
		}
		return terminal.WriteJSON(a.out, out)
	}
	f.write(a, all, shown)
	return nil
}

// choose returns the runs that the flags ask for.
func (f *runsListFlags) choose(all []*runs.Run) ([]*runs.Run, error) {
	if f.of != "" {
		r, err := find(all, f.of)
		if err != nil {
			return nil, err
		}
		out := partsOf(all, r.ID)
		if len(out) == 0 {
			return nil, dataf("run %s has no parts", shortID(r.ID))
		}
		return out, nil
	}
	have := map[string]bool{}
	for _, r := range all {
		have[r.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(r *runs.Run) bool {
		return !f.parts && have[r.Parent()]
	}), nil
}

func cutTo(all []*runs.Run, most int) []*runs.Run {
	if most > 0 && len(all) > most {
		return all[:most]
	}
	return all
}

// best returns the runs that have a metric, the best first.
func best(all []*runs.Run, metric string) ([]*runs.Run, error) {
	var names []string
	for _, r := range all {
		for _, n := range r.Names() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	out := slices.DeleteFunc(all, func(r *runs.Run) bool { return math.IsNaN(valueOf(r, metric)) })
	if len(out) == 0 {
		return nil, dataf("no run has a metric %q%s (there are %s)", metric, near.Hint(metric, names), terminal.List(names))
	}
	slices.SortStableFunc(out, func(x, y *runs.Run) int {
		a, b := goodness(metric, valueOf(x, metric)), goodness(metric, valueOf(y, metric))
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	return out, nil
}

// write prints a line for each run.
func (f *runsListFlags) write(a *app, all, shown []*runs.Run) {
	several := slices.ContainsFunc(shown, func(r *runs.Run) bool { return r.Experiment != shown[0].Experiment })
	head := []string{"run", "name", "state", "began", "took", "parts"}
	if several {
		head = append(head, "experiment")
	}
	t := terminal.NewTable(append(head, f.metrics...)...)
	t.Right(4, 5)
	for i := range f.metrics {
		t.Right(len(head) + i)
	}
	count := map[string]int{}
	for _, r := range all {
		count[r.Parent()]++
	}
	for _, r := range shown {
		n := ""
		if c := count[r.ID]; c > 0 {
			n = strconv.Itoa(c)
		}
		row := []string{shortID(r.ID), terminal.Clean(r.Name), state(r), terminal.Stamp(r.Start.Unix()), lasting(took(r)), n}
		if several {
			row = append(row, terminal.Clean(r.Experiment))
		}
		for _, m := range f.metrics {
			row = append(row, valueText(valueOf(r, m)))
		}
		t.Row(row...)
	}
	t.Write(a.out)
}
