package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
)

func (a *app) checkpointCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "checkpoint",
		Short: "Inspect, verify, roll back, import, export and pack checkpoints",
	}
	var asJSON, withConfig bool
	inspect := &cobra.Command{
		Use:   "inspect FILE|FOLDER|s3://...",
		Short: "Print what a checkpoint forecasts, where it comes from and how good it was",
		Example: `  foretide checkpoint inspect checkpoints/cpu/webapp.ckpt
  foretide checkpoint inspect checkpoints --json`,
		Args: needFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inspect(cmd.Context(), args, asJSON, withConfig)
		},
	}
	inspect.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	inspect.Flags().BoolVar(&withConfig, "with-config", false, "print the configuration that it was trained with, too")
	verify := &cobra.Command{
		Use:   "verify FILE|FOLDER|s3://...",
		Short: "Check that checkpoints are whole and can be served; exit code 4 where one is not",
		Args:  needFiles,
		RunE:  func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), args) },
	}
	cmd.AddCommand(inspect, verify, a.versionsCommand(), a.rollbackCommand(), a.importCommand(), a.exportModelCommand(), a.packCommand())
	return cmd
}

func needFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef(cmd, "name checkpoints, or folders of them")
	}
	return nil
}

// checkpointFiles returns the files among the paths and the checkpoints in
// the folders among them, sorted.
func checkpointFiles(ctx context.Context, paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		if s3.Is(path) {
			objects, err := objectsOf(ctx, path)
			if err != nil {
				return nil, err
			}
			files = append(files, objects...)
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(p, ".ckpt") && !strings.HasPrefix(d.Name(), ".") {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: there is no checkpoint (METRIC/CONTAINER.ckpt) in it", path)
		}
		sort.Strings(files[before:])
	}
	return files, nil
}

func (a *app) inspect(ctx context.Context, paths []string, asJSON, withConfig bool) error {
	files, err := checkpointFiles(ctx, paths)
	if err != nil {
		return err
	}
	rows := []checkpointJSON{}
	for i, file := range files {
		c, size, err := readCheckpoint(ctx, file)
		if err != nil {
			return err
		}
		if asJSON {
			rows = append(rows, newCheckpointJSON(file, size, c))
			continue
		}
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		writeCheckpoint(a.out, file, size, c)
		if withConfig {
			fmt.Fprintf(a.out, "configuration\n%s", indent(c.Provenance.Config))
		}
	}
	if asJSON {
		return terminal.WriteJSON(a.out, rows)
	}
	return nil
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

func writeCheckpoint(w io.Writer, file string, size int64, c *codec.Checkpoint) {
	p := &c.Provenance
	serves := c.Container
	if serves == "" {
		serves = "every container"
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("file", "%s (%d bytes, model %d)", file, size, len(c.Payload))
	line("forecasts", "%s of %s at steps of %s", c.Metric, serves, time.Duration(c.Step)*time.Second)
	line("model", "%s: %s (%s)", p.Model, orDefault(p.Summary, c.Kind), p.Status)
	line("history", "%s to %s, %d observed values", terminal.Stamp(p.DataStart), terminal.Stamp(p.DataEnd), p.Points)
	line("data", "%s", p.DataDigest)
	line("written by", "foretide %s, seed %d, kind %s", p.Version, p.Seed, c.Kind)
	for _, n := range p.Notes {
		line("note", "%s", n)
	}
	t := terminal.NewTable("horizon", "forecasts", "MAE", "ratio", "covers 80 %")
	t.Right(1, 2, 3, 4)
	for _, s := range p.Scores {
		t.Row(terminal.Minutes(s.Ahead), fmt.Sprint(s.Count), terminal.Number(s.MAE), terminal.Ratio(s.Ratio), terminal.Share(s.Coverage))
	}
	t.Write(w)
}

type checkpointJSON struct {
	File      string      `json:"file"`
	Bytes     int64       `json:"bytes"`
	Kind      string      `json:"kind"`
	Metric    string      `json:"metric"`
	Container string      `json:"container"`
	Step      int64       `json:"step_s"`
	Horizons  []int64     `json:"horizons_s"`
	Levels    []float64   `json:"quantiles"`
	Version   string      `json:"version"`
	Model     string      `json:"model"`
	Summary   string      `json:"summary"`
	Status    string      `json:"status"`
	Seed      uint64      `json:"seed"`
	From      time.Time   `json:"history_from"`
	To        time.Time   `json:"history_to"`
	Points    int64       `json:"points"`
	Digest    string      `json:"data_digest"`
	Trained   []string    `json:"trained_on"`
	Notes     []string    `json:"notes,omitempty"`
	Scores    []scoreJSON `json:"validation"`
	Config    string      `json:"config"`
}

type scoreJSON struct {
	Ahead    int64         `json:"horizon_s"`
	Count    int64         `json:"rows"`
	MAE      terminal.Real `json:"mae"`
	Ratio    terminal.Real `json:"ratio"`
	Coverage terminal.Real `json:"coverage80"`
}

func newCheckpointJSON(file string, size int64, c *codec.Checkpoint) checkpointJSON {
	p := &c.Provenance
	j := checkpointJSON{
		File: file, Bytes: size, Kind: c.Kind, Metric: c.Metric, Container: c.Container, Step: c.Step,
		Horizons: c.Horizons, Levels: c.Levels, Version: p.Version, Model: p.Model, Summary: p.Summary, Status: p.Status,
		Seed: p.Seed, From: time.Unix(p.DataStart, 0).UTC(), To: time.Unix(p.DataEnd, 0).UTC(), Points: p.Points,
		Digest: p.DataDigest, Trained: p.Containers, Notes: p.Notes, Scores: []scoreJSON{}, Config: p.Config,
	}
	for _, s := range p.Scores {
		j.Scores = append(j.Scores, scoreJSON{s.Ahead, s.Count, terminal.Real(s.MAE), terminal.Real(s.Ratio), terminal.Real(s.Coverage)})
	}
	return j
}

// verify decodes every checkpoint down to its model.
func (a *app) verify(ctx context.Context, paths []string) error {
	files, err := checkpointFiles(ctx, paths)
	if err != nil {
		return err
	}
	var bad []error
	for _, file := range files {
		c, _, err := readCheckpoint(ctx, file)
		if err == nil {
			_, err = loader.Model(c)
		}
		if err != nil {
			if !strings.Contains(err.Error(), file) {
				err = fmt.Errorf("%s: %w", file, err)
			}
			bad = append(bad, err)
			continue
		}
		fmt.Fprintf(a.out, "ok  %s  %s, %s\n", file, loader.KeyOf(c), c.Provenance.Summary)
	}
	return errors.Join(bad...)
}
