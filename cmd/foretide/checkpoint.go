package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/report"
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
	rows := []report.CheckpointJSON{}
	for i, file := range files {
		c, size, err := readCheckpoint(ctx, file)
		if err != nil {
			return err
		}
		if asJSON {
			rows = append(rows, report.DescribeCheckpoint(file, size, c))
			continue
		}
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		report.WriteCheckpoint(a.out, file, size, c)
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
			_, err = models.DecodeCheckpoint(c, c.Payload)
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
