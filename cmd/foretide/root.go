package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
)

// An app is one run of the program: its streams and what all commands share.
type app struct {
	in       io.Reader
	out, err io.Writer
	quiet    bool     // no progress, no notices
	progress string   // one of terminal.ProgressWays
	args     []string // of the command line
}

// An output passes on what is written to it and keeps the first error: most
// printing looks at none.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// run runs the program with the arguments after its name and returns its exit
// code. It is all of main but the process.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	results := &output{w: out}
	a := &app{in: in, out: results, err: errOut, progress: terminal.ProgressAuto, args: args}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil && results.err != nil {
		err = fmt.Errorf("the results could not be written: %w", results.err)
	}
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
  foretide predict --data m.csv.gz --metric cpu   forecasts with intervals
  foretide backtest --data m.csv.gz               how good they would have been
  foretide runs list                              what was trained and judged
  foretide report --data m.csv.gz                 a page about the fleet and its models
  foretide serve --url http://localhost:9090      forecasts over HTTP and for Prometheus`

const rootExit = `
Exit codes:
  0    done
  1    something failed (a file, the network, a bug)
  2    the command line or the configuration is wrong
  3    the input data are wrong, or there are none
  4    a checkpoint is damaged, does not fit the data, or is missing (--strict)
  5    drift: a model has become worse than it was
  130  interrupted (Ctrl-C): nothing is half-written
`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "foretide",
		Short:         "Forecasts of container metrics, with intervals, minutes ahead",
		Long:          rootLong,
		Version:       loader.BuildVersion(),
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
	root.SetIn(a.in)
	root.SetOut(a.out) // before the completion command, which keeps it
	root.SetErr(a.err)
	root.SetVersionTemplate("foretide {{.Version}}\n")
	root.SetHelpTemplate(root.HelpTemplate() + rootExit)
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print results and errors only; progress where --progress asks for it")
	root.PersistentFlags().StringVar(&a.progress, "progress", "auto",
		"how long work tells how far it is: auto (a bar on a terminal, nothing elsewhere), plain, json, none")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(terminal.ProgressWays, a.progress) {
			return usagef(cmd, "--progress is %q; it can be auto, plain, json or none", a.progress)
		}
		return nil
	}
	root.AddCommand(a.demoCommand(), a.exportCommand(), a.trainCommand(), a.predictCommand(), a.backtestCommand(),
		a.driftCommand(), a.reportCommand(), a.plotCommand(), a.serveCommand(), a.runsCommand(), a.checkpointCommand(), a.windowsCommand(), a.configCommand(), a.versionCommand())
	acceptOldNames(root)
	complete(root)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.RunE, cmd.Run = a.help, nil
		} else if cmd.HasSubCommands() {
			a.group(cmd)
		}
		extra := ""
		switch cmd.Name() {
		case "export", "serve":
			extra = exportEnv
		case "runs":
			extra = runsEnv
		}
		cmd.SetHelpTemplate(root.HelpTemplate() + extra)
	}
	return root
}

// group makes cmd a command that only has others: it prints its help, and knows
// no argument.
func (a *app) group(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return a.unknownCommand(cmd, args[0])
	}
}

// help prints the help of the command that the arguments name.
func (a *app) help(cmd *cobra.Command, args []string) error {
	of, rest, err := cmd.Root().Find(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return a.unknownCommand(of, rest[0])
	}
	of.InitDefaultHelpFlag()
	of.InitDefaultVersionFlag()
	return of.Help()
}

func (a *app) unknownCommand(cmd *cobra.Command, name string) error {
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	return usagef(cmd, "there is no command %q%s", name, near.Hint(name, known))
}

// kinds says what the value of a flag is, by its type's name.
var kinds = map[string]string{
	"int": "a whole number", "int64": "a whole number", "float64": "a number", "bool": "true or false",
	"duration": "a time with a unit, such as 90s, 35m or 24h",
}

// flagError adds the nearest flag to an error about an unknown one, and what
// it can be to one about a value.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		if kind := kinds[invalid.GetFlag().Value.Type()]; kind != "" {
			return usagef(cmd, "--%s is %q; it is %s", invalid.GetFlag().Name, invalid.GetValue(), kind)
		}
	}
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
