package record

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

// ErrRun is what an error about runs that are not there wraps.
var ErrRun = errors.New("run")

// A missingError says which run there is not.
type missingError string

func (e missingError) Error() string        { return string(e) }
func (e missingError) Is(target error) bool { return target == ErrRun }

func missing(format string, args ...any) error { return missingError(fmt.Sprintf(format, args...)) }

// Find returns the run that a user names.
func Find(all []*runs.Run, name string) (*runs.Run, error) {
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
		return nil, missing("there is no run %q: name one by four or more digits of its ID, by its name, or as latest; %q shows them", name, "foretide runs list")
	}
	return nil, missing("%q begins the IDs of %d runs, %s and %s among them: give more of it", name, len(found), found[0].ID, found[1].ID)
}

// Parts returns the runs that are parts of one, oldest first.
func Parts(all []*runs.Run, id string) []*runs.Run {
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

// ShortID is enough of an ID to find a run by.
func ShortID(id string) string { return id[:min(8, len(id))] }

// ValueOf is the last value of a metric, NaN for none.
func ValueOf(r *runs.Run, metric string) float64 {
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

// section prints a table below what is already there.
func section(w io.Writer, t *terminal.Table) {
	fmt.Fprintln(w)
	t.Write(w)
}

// Choose returns the parts of a run or, for "", the runs that are no part of
// another one; with parts all of them.
func Choose(all []*runs.Run, of string, parts bool) ([]*runs.Run, error) {
	if of != "" {
		r, err := Find(all, of)
		if err != nil {
			return nil, err
		}
		out := Parts(all, r.ID)
		if len(out) == 0 {
			return nil, missing("run %s has no parts", ShortID(r.ID))
		}
		return out, nil
	}
	have := map[string]bool{}
	for _, r := range all {
		have[r.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(r *runs.Run) bool {
		return !parts && have[r.Parent()]
	}), nil
}

// Best returns the runs that have a metric, the best first.
func Best(all []*runs.Run, metric string) ([]*runs.Run, error) {
	var names []string
	for _, r := range all {
		for _, n := range r.Names() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	out := slices.DeleteFunc(all, func(r *runs.Run) bool { return math.IsNaN(ValueOf(r, metric)) })
	if len(out) == 0 {
		return nil, missing("no run has a metric %q%s (there are %s)", metric, near.Hint(metric, names), terminal.List(names))
	}
	slices.SortStableFunc(out, func(x, y *runs.Run) int {
		a, b := goodness(metric, ValueOf(x, metric)), goodness(metric, ValueOf(y, metric))
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

// Unsent returns the runs to send, the oldest first: those that are named, or all
// that have ended and that the server lacks something of.
func Unsent(sent func(*runs.Run) bool, all []*runs.Run, names []string) ([]*runs.Run, error) {
	var pending []*runs.Run
	for _, name := range names {
		r, err := Find(all, name)
		if err != nil {
			return nil, err
		}
		pending = append(pending, r)
		pending = append(pending, Parts(all, r.ID)...)
	}
	if len(names) > 0 {
		return pending, nil
	}
	for i := len(all) - 1; i >= 0; i-- {
		if r := all[i]; !r.End.IsZero() && !sent(r) {
			pending = append(pending, r)
		}
	}
	return pending, nil
}
