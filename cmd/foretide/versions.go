package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
)

type versionsFlags struct {
	store string
	json  bool
	to    int64
}

func (a *app) versionsCommand() *cobra.Command {
	var f versionsFlags
	cmd := &cobra.Command{
		Use:   "versions [METRIC/CONTAINER...]",
		Short: "List the versions that a store keeps of its checkpoints",
		Long: `Versions lists what a store has kept of each checkpoint, or of the ones that are
named, the newest first: a folder the last ` + strconv.Itoa(loader.DefaultKeep) + `, a bucket as many as its address says
(s3://bucket/prefix?keep=10), ` + strconv.Itoa(loader.DefaultKeep) + ` by default. The current one is what serves.`,
		Example: `  foretide checkpoint versions
  foretide checkpoint versions cpu/webapp --store s3://bucket/prefix --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.versions(cmd, args, &f) },
	}
	cmd.Flags().StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (a *app) rollbackCommand() *cobra.Command {
	var f versionsFlags
	cmd := &cobra.Command{
		Use:   "rollback METRIC/CONTAINER...",
		Short: "Make a checkpoint's earlier version the current one",
		Long: `Rollback makes the version before the current one current again, or the one that
--to names. It reads it first: one that is damaged does not become current. The
version that it went back from stays, and --to returns to it.`,
		Example: `  foretide checkpoint rollback cpu/webapp
  foretide checkpoint rollback cpu/webapp --to 17 --store s3://bucket/prefix`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.rollback(cmd, args, &f) },
	}
	cmd.Flags().StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints")
	cmd.Flags().Int64Var(&f.to, "to", 0, "number of the version (default: the one before the current)")
	return cmd
}

// checkpointName reads a checkpoint's name in a store, with or without its end.
func checkpointName(cmd *cobra.Command, arg string) (string, error) {
	for _, name := range []string{arg, arg + ".ckpt"} {
		if _, ok := loader.ParseName(name); ok {
			return name, nil
		}
	}
	// A container's name as people write it.
	if metric, container, ok := strings.Cut(arg, "/"); ok && metric != "" && container != "" && !strings.HasSuffix(arg, ".ckpt") {
		return loader.Key{Metric: metric, Container: container}.Name(), nil
	}
	return "", usagef(cmd, "%q is no checkpoint's name in a store; cpu/webapp is one, or cpu/_shared", arg)
}

func (a *app) versions(cmd *cobra.Command, args []string, f *versionsFlags) error {
	var names []string
	for _, arg := range args {
		name, err := checkpointName(cmd, arg)
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	s, err := storeOf(cmd.Context(), f.store)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if names, err = storedNames(cmd, s, f.store); err != nil {
			return err
		}
	}
	rows := []versionJSON{}
	t := terminal.NewTable("checkpoint", "version", "written", "bytes", "SHA-256", "")
	t.Right(1, 3)
	for _, name := range names {
		list, err := s.Versions(cmd.Context(), name)
		if err != nil {
			return err
		}
		for _, v := range list {
			rows = append(rows, versionJSON{name, v.Number, v.Time, v.Size, v.Digest, v.Current})
			t.Row(versionCells(name, v)...)
		}
	}
	if f.json {
		return terminal.WriteJSON(a.out, rows)
	}
	t.Write(a.out)
	return nil
}

// storedNames returns the names of a store's checkpoints, at least one.
func storedNames(cmd *cobra.Command, s loader.Store, store string) ([]string, error) {
	list, err := s.List(cmd.Context())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range list {
		if _, ok := loader.ParseName(o.Name); ok {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return nil, noCheckpoint(store)
	}
	return names, nil
}

type versionJSON struct {
	Checkpoint string    `json:"checkpoint"`
	Version    int64     `json:"version"` // 0: not numbered, since the store has kept none before
	Time       time.Time `json:"written,omitzero"`
	Bytes      int64     `json:"bytes"`
	Digest     string    `json:"sha256"`
	Current    bool      `json:"current"`
}

func versionCells(name string, v loader.Version) []string {
	number, at, current := strconv.FormatInt(v.Number, 10), "", ""
	if v.Number == 0 {
		number = "-"
	}
	if !v.Time.IsZero() {
		at = terminal.Stamp(v.Time.Unix())
	}
	if v.Current {
		current = "current"
	}
	return []string{name, number, at, strconv.FormatInt(v.Size, 10), v.Digest[:12], current}
}

func (a *app) rollback(cmd *cobra.Command, args []string, f *versionsFlags) error {
	switch {
	case len(args) == 0:
		return usagef(cmd, "name the checkpoint: METRIC/CONTAINER, such as cpu/webapp")
	case f.to < 0 || f.to == 0 && cmd.Flags().Changed("to"):
		return usagef(cmd, "--to is %d; versions count from 1, and \"foretide checkpoint versions\" lists them", f.to)
	}
	s, err := storeOf(cmd.Context(), f.store)
	if err != nil {
		return err
	}
	for _, arg := range args {
		name, err := checkpointName(cmd, arg)
		if err != nil {
			return err
		}
		v, err := s.Rollback(cmd.Context(), name, f.to)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is version %d again (%d bytes, SHA-256 %.12s)\n", name, v.Number, v.Size, v.Digest)
	}
	return nil
}
