package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/internal/version"
)

// An app is one run of the program: its streams and what all commands share.
type app struct {
	in       io.Reader
	out, err io.Writer
	quiet    bool   // no progress, no notices
	progress string // "auto", "plain", "json" or "none"
}

// run runs the program with the arguments after its name and returns its exit
// code. It is all of main but the process.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut, progress: "auto"}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil {
		if err == nil {
			return exitOK // it was done before the signal came
		}
		fmt.Fprintln(errOut, "foretide: interrupted; what was finished is kept, nothing is half-written")
		return exitInterrupted
	}
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	for _, line := range strings.Split(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintln(errOut, "foretide:", line)
	}
	var usage *usageError
	if errors.As(err, &usage) && usage.command != "" {
		fmt.Fprintf(errOut, "Run %q for what there is.\n", usage.command+" --help")
	}
	return code
}

const rootLong = `Foretide forecasts what containers will use (CPU, memory, disk, network) 5, 15
and 30 minutes ahead, with intervals, from their recent metrics.

  foretide demo                                   see it work on embedded data
  foretide export --seconds 604800 --out m.csv.gz a week of metrics from Prometheus
  foretide train --data m.csv.gz --metric cpu     a checkpoint for each container
  foretide predict --data m.csv.gz --metrics cpu  forecasts with intervals
  foretide backtest --data m.csv.gz               how good they would have been`

const rootExit = `
Exit codes:
  0    done
  1    something failed (a file, the network, a bug)
  2    the command line or the configuration is wrong
  3    the input data are wrong, or there are none
  4    a checkpoint is damaged or does not fit the data
  130  interrupted (Ctrl-C): nothing is half-written
`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "foretide",
		Short:         "Forecasts of container metrics, with intervals, minutes ahead",
		Long:          rootLong,
		Version:       version.String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return a.unknownCommand(cmd, args[0])
		},
	}
	root.SetVersionTemplate("foretide {{.Version}}\n")
	root.SetHelpTemplate(root.HelpTemplate() + rootExit)
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print results and errors only")
	root.PersistentFlags().StringVar(&a.progress, "progress", "auto",
		"how long work tells how far it is: auto (a bar on a terminal, else plain lines), plain, json, none")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		switch a.progress {
		case "auto", "plain", "json", "none":
			return nil
		}
		return usagef(cmd, "--progress is %q; it can be auto, plain, json or none", a.progress)
	}
	root.AddCommand(a.demoCommand(), a.exportCommand(), a.trainCommand(), a.predictCommand(), a.backtestCommand(),
		a.checkpointCommand(), a.configCommand(), a.versionCommand())
	for _, cmd := range root.Commands() {
		extra := ""
		if cmd.Name() == "export" {
			extra = exportEnv
		}
		cmd.SetHelpTemplate(root.HelpTemplate() + extra)
	}
	return root
}

func (a *app) unknownCommand(cmd *cobra.Command, name string) error {
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	return usagef(cmd, "there is no command %q%s", name, near.Hint(name, known))
}

// flagError adds the nearest flag to an error about an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		name, _, _ = strings.Cut(name, "=")
		names := flagNames(cmd)
		for i := range names {
			names[i] = "--" + names[i]
		}
		text += near.Hint("--"+name, names)
	}
	return usagef(cmd, "%s", text)
}
