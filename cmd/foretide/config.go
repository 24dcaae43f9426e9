package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/goccy/go-json"
	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show and check the configuration of a metric",
	}
	var file, metric string
	var asJSON, template bool
	show := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Print the effective configuration, and where each value came from",
		Example: `  foretide config show configs/cpu.yaml
  foretide config show --metric memory
  foretide config show --metric cpu --template > cpu.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(cmd, "unexpected argument %q: it shows one file", args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				file = args[0]
			}
			if template {
				_, err := fmt.Fprint(a.out, config.Template(orDefault(metric, series.CPU)))
				return err
			}
			c, err := fleet.LoadConfig(file, metric, os.Environ())
			if err != nil {
				return err
			}
			for _, key := range c.Unused() {
				a.notice("foretide: %s is set and model type %s does not use it", key, c.Model.ModelType)
			}
			if asJSON {
				e := json.NewEncoder(a.out)
				e.SetIndent("", "  ")
				return e.Encode(c)
			}
			_, err = fmt.Fprint(a.out, c.Show())
			return err
		},
	}
	show.Flags().StringVar(&file, "config", "", "configuration file (default: built in)")
	show.Flags().StringVar(&metric, "metric", "", "metric whose defaults are shown (default: the file's, else cpu)")
	show.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the source of each value")
	show.Flags().BoolVar(&template, "template", false, "print the defaults as a commented file to edit")
	cmd.AddCommand(show)
	return cmd
}

func orDefault(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// checkMetric returns the error for a metric that the data do not have.
func checkMetric(metric string, have []string) error {
	if slices.Contains(have, metric) {
		return nil
	}
	return dataf("no metric %q in the data%s (there are %s)", metric, near.Hint(metric, have), terminal.List(have))
}
