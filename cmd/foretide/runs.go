package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
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

// find returns the run that a user names.
func find(all []*runs.Run, name string) (*runs.Run, error) {
	if name == "latest" {
		for _, r := range all {
			if r.Parent() == "" {
				return r, nil
			}
		}
		return all[0], nil
	}
	var found []*runs.Run
	for _, r := range all {
		if len(name) >= 4 && strings.HasPrefix(r.ID, name) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		for _, r := range all { // the newest of that name
			if r.Name == name {
				return r, nil
			}
		}
		return nil, dataf("there is no run %q: name one by four or more digits of its ID, by its name, or as latest; %q shows them", name, "foretide runs list")
	}
	return nil, dataf("%q begins the IDs of %d runs, %s and %s among them: give more of it", name, len(found), found[0].ID, found[1].ID)
}

// partsOf returns the runs that are parts of one, oldest first.
func partsOf(all []*runs.Run, id string) []*runs.Run {
	var out []*runs.Run
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Parent() == id {
			out = append(out, all[i])
		}
	}
	return out
}

// took is how long a run was, or has been, going on.
func took(r *runs.Run) time.Duration {
	if r.End.IsZero() {
		return time.Since(r.Start)
	}
	return r.End.Sub(r.Start)
}

// state is how a run stands, for people.
func state(r *runs.Run) string {
	if r.Status == runs.Running {
		return "running"
	}
	return strings.ToLower(r.Status.String())
}

// lasting is a duration for people: "0.4 s", "90 s", "1h5m0s".
func lasting(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 5*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// shortID is enough of an ID to find a run by.
func shortID(id string) string { return id[:min(8, len(id))] }

// section prints a table after an empty line.
func (a *app) section(t *terminal.Table) {
	fmt.Fprintln(a.out)
	t.Write(a.out)
}

// valueOf is the last value of a metric, NaN for none.
func valueOf(r *runs.Run, metric string) float64 {
	if v, ok := r.Last(metric); ok {
		return v
	}
	return math.NaN()
}

// valueText is a metric for people: "3", "0.6536", "-" for none.
func valueText(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e4 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return terminal.Number(v)
}

// goodness is the number by which a metric is judged: less is better. Of a
// coverage of 80 % that is how far it is from it.
func goodness(metric string, v float64) float64 {
	name := metric[strings.LastIndexByte(metric, '/')+1:]
	switch {
	case strings.HasPrefix(name, "coverage80"):
		return math.Abs(v - 0.8)
	case strings.HasPrefix(name, "r2"), name == "better", name == "trained", name == "points", name == "series":
		return -v
	}
	return v
}

// isJudged reports whether more or less of a metric is better at all.
func isJudged(metric string) bool {
	name := metric[strings.LastIndexByte(metric, '/')+1:]
	for _, p := range []string{"points", "series", "trained", "weight", "persistence"} {
		if strings.HasPrefix(name, p) {
			return false
		}
	}
	return true
}

// load reads the rest of runs that are listed; one that cannot be read is told
// and left out.
func (a *app) load(dir runs.Dir, all []*runs.Run) []*runs.Run {
	var out []*runs.Run
	for _, r := range all {
		if err := dir.Load(r); err != nil && !errors.Is(err, runs.ErrNotFound) {
			a.notice("foretide: %s is left out: %v", shortID(r.ID), err)
			continue
		}
		out = append(out, r)
	}
	return out
}
