package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/runs"
)

// runsFlags are what all commands about runs have.
type runsFlags struct {
	dir        string
	experiment string
	json       bool
}

func (a *app) runsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List, show and compare runs, and send them to a tracking server",
		Long: `Train and backtest keep what they were given and what came of it as runs, in
experiments/runs, in the layout of MLflow's file store. A run is named by the
beginning of its ID, by its name, or as "latest".`,
	}
	cmd.AddCommand(a.runsListCommand(), a.runsShowCommand(), a.runsCompareCommand(), a.runsSyncCommand())
	return cmd
}

func (f *runsFlags) add(cmd *cobra.Command) {
	addRuns(cmd, &f.dir)
	cmd.Flags().StringVar(&f.experiment, "experiment", "", "the only experiment to look at (default: all)")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

// open returns the folder and the runs in it, newest first.
func (f *runsFlags) open(cmd *cobra.Command, a *app) (runs.Dir, []*runs.Run, error) {
	dir, _ := a.tracking(cmd, f.dir)
	l, err := dir.List(f.experiment)
	if err != nil {
		return dir, nil, err
	}
	for i, err := range l.Damaged {
		if i == 5 {
			a.notice("foretide: … and %d more", len(l.Damaged)-i)
			break
		}
		a.notice("foretide: left out: %v", err)
	}
	if len(l.Runs) == 0 {
		if f.experiment != "" {
			return dir, nil, dataf("%s has no run of experiment %q", string(dir), f.experiment)
		}
		return dir, nil, dataf("%s has no run: train and backtest write them there", string(dir))
	}
	return dir, l.Runs, nil
}

// load reads the rest of runs that are listed; one that cannot be read is told
// and left out.
func (a *app) load(dir runs.Dir, all []*runs.Run) []*runs.Run {
	var out []*runs.Run
	for _, r := range all {
		if err := dir.Load(r); err != nil && !errors.Is(err, runs.ErrNotFound) {
			a.notice("foretide: %s is left out: %v", record.ShortID(r.ID), err)
			continue
		}
		out = append(out, r)
	}
	return out
}
