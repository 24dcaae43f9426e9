package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

type versionsFlags struct {
	store string
	json  bool
	to    string
}

func (a *app) versionsCommand() *cobra.Command {
	var f versionsFlags
	cmd := &cobra.Command{
		Use:   "versions [METRIC/CONTAINER...]",
		Short: "List the versions that a store keeps of its checkpoints",
		Long: `Versions lists the versions of each checkpoint, or of the named ones, newest first.
The current one serves. A folder keeps the last ` + strconv.Itoa(loader.KeepVersions) + ` earlier files of each checkpoint,
in its hidden folder .versions. A bucket keeps versions if versioning is enabled
for it; its lifecycle rules say how long.`,
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
		Long: `Rollback copies an earlier version of a checkpoint over the current one: the
newest that differs from it, or the one that --to names. A version that would not
serve does not become current. The replaced version stays: a second rollback
returns to it.`,
		Example: `  foretide checkpoint rollback cpu/webapp
  foretide checkpoint rollback cpu/webapp --to 20261201T120000.000000000Z`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.rollback(cmd, args, &f) },
	}
	cmd.Flags().StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints")
	cmd.Flags().StringVar(&f.to, "to", "", "ID of the version, as \"foretide checkpoint versions\" lists it (default: the newest that differs from the current one)")
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
	t := terminal.NewTable("checkpoint", "version", "written", "bytes", "")
	t.Right(3)
	for _, name := range names {
		list, err := s.Versions(cmd.Context(), name)
		if err != nil {
			return err
		}
		for _, v := range list {
			rows = append(rows, versionJSON{name, v.ID, v.Modified, v.Size, v.Current})
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
func storedNames(cmd *cobra.Command, b store.Bucket, address string) ([]string, error) {
	list, err := store.All(cmd.Context(), b, "")
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
		return nil, noCheckpoint(address)
	}
	return names, nil
}

type versionJSON struct {
	Checkpoint string    `json:"checkpoint"`
	Version    string    `json:"version"`
	Time       time.Time `json:"written"`
	Bytes      int64     `json:"bytes"`
	Current    bool      `json:"current"`
}

func versionCells(name string, v store.Version) []string {
	current := ""
	if v.Current {
		current = "current"
	}
	return []string{name, v.ID, terminal.Stamp(v.Modified.Unix()), strconv.FormatInt(v.Size, 10), current}
}

func (a *app) rollback(cmd *cobra.Command, args []string, f *versionsFlags) error {
	if len(args) == 0 {
		return usagef(cmd, "name the checkpoint: METRIC/CONTAINER, such as cpu/webapp")
	}
	b, err := storeOf(cmd.Context(), f.store)
	if err != nil {
		return err
	}
	for _, arg := range args {
		name, err := checkpointName(cmd, arg)
		if err != nil {
			return err
		}
		key, _ := loader.ParseName(name)
		v, err := loader.Rollback(cmd.Context(), b, key, f.to)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is version %s of %s again (%d bytes)\n", name, v.ID, terminal.Stamp(v.Modified.Unix()), v.Size)
	}
	return nil
}
