package main

import (
	"github.com/foretide/foretide/core/models"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/terminal"
)

// choices are the values of flags that have few, by the flag's name, whatever
// command has it.
func choices() map[string][]string {
	return map[string][]string{
		"metric": series.Metrics, "counter": series.Metrics,
		"model":    models.Names(),
		"group-by": {string(backtest.ByMetric), string(backtest.BySource), string(backtest.BySeries)},
		"progress": terminal.ProgressWays,
		"preset":   presetNames,
		"kind":     append(kindNames(), "all"),
	}
}

// complete makes the shells complete the values of the command's flags, and of
// its subcommands'.
func complete(cmd *cobra.Command) {
	by := choices()
	if cmd.Name() == "export" || cmd.Name() == "serve" {
		by["by"] = []string{"container", "pod", "workload"}
	}
	for name, values := range by {
		if cmd.LocalFlags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, completeFrom(values)) // the flag is there
		}
	}
	for name, extensions := range map[string][]string{"data": {"csv", "gz"}, "config": {"yaml", "yml"}} {
		if cmd.Flags().Lookup(name) != nil && cmd.Flag(name).Value.Type() == "string" {
			_ = cmd.MarkFlagFilename(name, extensions...)
		}
	}
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}

// completeFrom completes a value, or the last one of a list with commas.
func completeFrom(values []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		var out []cobra.Completion
		for _, v := range values {
			if strings.HasPrefix(v, typed[len(before):]) {
				out = append(out, before+v)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
