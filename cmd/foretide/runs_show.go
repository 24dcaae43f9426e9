package main

import (
	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/record"
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
	r, err := record.Find(all, name)
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
	of := a.load(dir, record.Parts(all, r.ID))
	if f.json {
		j := record.Describe(r, true)
		for _, file := range files {
			j.Artifacts = append(j.Artifacts, record.ArtifactJSON{Name: file.Name, Bytes: file.Size, Path: file.Path})
		}
		for _, p := range of {
			j.Parts = append(j.Parts, p.ID)
		}
		return terminal.WriteJSON(a.out, j)
	}
	record.WriteRun(a.out, dir, r, of, files)
	return nil
}
