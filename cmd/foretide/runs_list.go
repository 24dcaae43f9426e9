package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/record"
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
	shown, err := record.Choose(all, f.of, f.parts)
	if err != nil {
		return err
	}
	if f.best == "" {
		shown = cutTo(shown, f.most)
	}
	shown = a.load(dir, shown)
	if f.best != "" {
		if shown, err = record.Best(shown, f.best); err != nil {
			return err
		}
		if !slices.Contains(f.metrics, f.best) {
			f.metrics = append([]string{f.best}, f.metrics...)
		}
		shown = cutTo(shown, f.most)
	}
	if f.json {
		out := make([]record.RunJSON, 0, len(shown))
		for _, r := range shown {
			out = append(out, record.Describe(r, false))
		}
		return terminal.WriteJSON(a.out, out)
	}
	record.WriteList(a.out, all, shown, f.metrics)
	return nil
}

func cutTo(all []*runs.Run, most int) []*runs.Run {
	if most > 0 && len(all) > most {
		return all[:most]
	}
	return all
}
