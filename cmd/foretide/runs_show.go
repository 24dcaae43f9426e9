package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

func (a *app) runsShowCommand() *cobra.Command {
	var f runsFlags
	cmd := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Print a run: parameters, metrics with small curves, parts and files",
		Example: `  foretide runs show            # the latest
  foretide runs show 4c30d5c7
  foretide runs show nightly --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(cmd, "unexpected argument %q: it shows one run; %q compares several", args[1], "foretide runs compare")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runsShow(cmd, &f, append(args, "latest")[0])
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) runsShow(cmd *cobra.Command, f *runsFlags, name string) error {
	dir, all, err := f.open(cmd, a)
	if err != nil {
		return err
	}
	r, err := find(all, name)
	if err != nil {
		return err
	}
	if err := dir.Load(r); err != nil {
		return err
	}
	files, err := dir.Artifacts(r.ID)
	if err != nil {
		return err
	}
	of := a.load(dir, partsOf(all, r.ID))
	if f.json {
		j := describe(r)
		j.Curves = curvesOf(r)
		for _, file := range files {
			j.Artifacts = append(j.Artifacts, artifactJSON{file.Name, file.Size, file.Path})
		}
		for _, p := range of {
			j.Parts = append(j.Parts, p.ID)
		}
		return terminal.WriteJSON(a.out, j)
	}
	a.printRun(dir, r, of, files)
	return nil
}

// printRun prints a run for people.
func (a *app) printRun(dir runs.Dir, r *runs.Run, of []*runs.Run, files []runs.Artifact) {
	fmt.Fprintf(a.out, "%s  %s\n%s, %s, took %s, experiment %s\n", r.ID, terminal.Clean(r.Name), state(r), terminal.Stamp(r.Start.Unix()), lasting(took(r)), terminal.Clean(r.Experiment))
	if p := r.Parent(); p != "" {
		fmt.Fprintf(a.out, "part of %s\n", terminal.Clean(p))
	}
	for _, in := range r.Inputs {
		fmt.Fprintf(a.out, "read %s, digest %s\n", terminal.Clean(in.Source), terminal.Clean(in.Digest))
	}
	if text := r.Tags[record.TagError]; text != "" {
		fmt.Fprintf(a.out, "failed: %s\n", terminal.Clean(text))
	}
	t := terminal.NewTable("parameter", "")
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		t.Row(terminal.Clean(k), terminal.Clean(r.Params[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(r.Tags)) {
		if strings.HasPrefix(k, "foretide.") && k != record.TagError {
			t.Row(terminal.Clean(k), terminal.Clean(r.Tags[k]))
		}
	}
	a.section(t)
	if len(r.Metrics) > 0 {
		t := terminal.NewTable("metric", "value", "curve")
		t.Right(1)
		for _, k := range r.Names() {
			t.Row(terminal.Clean(k), valueText(valueOf(r, k)), curveText(r.Metrics[k]))
		}
		a.section(t)
	}
	if len(of) > 0 {
		t := terminal.NewTable("part", "name", "state", "model", "ratio", "coverage80")
		t.Right(4, 5)
		for _, p := range of {
			t.Row(shortID(p.ID), terminal.Clean(p.Name), state(p), terminal.Clean(p.Tags[record.TagModel]), valueText(valueOf(p, "ratio")), valueText(valueOf(p, "coverage80")))
		}
		a.section(t)
	}
	if len(files) > 0 {
		t := terminal.NewTable("file", "bytes")
		t.Right(1)
		for _, file := range files {
			t.Row(terminal.Clean(file.Name), fmt.Sprint(file.Size))
		}
		a.section(t)
		if folder, err := dir.Folder(r.ID); err == nil {
			fmt.Fprintf(a.out, "\nThe files are in %s/artifacts.\n", folder)
		}
	}
}

// curveText is a small curve and what it goes from and to; "" for one value.
func curveText(points []runs.Point) string {
	if len(points) < 2 {
		return ""
	}
	v := make([]float64, len(points))
	for i, p := range points {
		v[i] = p.Value
	}
	first, last := points[0], points[len(points)-1]
	return fmt.Sprintf("%s  %s to %s in steps %d to %d", terminal.Spark(v, 32), terminal.Number(first.Value), terminal.Number(last.Value), first.Step, last.Step)
}
