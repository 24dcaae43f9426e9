package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/record"
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
		r, err := record.Find(all, name)
		if err != nil {
			return err
		}
		if !slices.Contains(chosen, r) {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 1 {
		if chosen = record.Parts(all, chosen[0].ID); len(chosen) < 2 {
			return dataf("run %s has no parts to compare: name another run beside it", names[0])
		}
	}
	if chosen = a.load(dir, chosen); len(chosen) < 2 {
		return dataf("fewer than two of the runs can be read")
	}
	if f.json {
		out := make([]record.RunJSON, 0, len(chosen))
		for _, r := range chosen {
			out = append(out, record.Describe(r, true))
		}
		return terminal.WriteJSON(a.out, out)
	}
	record.WriteCompared(a.out, chosen, f.metrics, f.all)
	return nil
}
