package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/foretide/foretide/core/forecast"
	lstmfit "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/infra/promcsv"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/infra/prophetjson"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/infra/torch"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// The exit codes; the root command's help documents them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitData        = 3
	exitCheckpoint  = 4
	exitDrift       = 5
	exitInterrupted = 130
)

// A usageError is a command line that cannot be carried out.
type usageError struct {
	command string // whose help tells what can be
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{command: cmd.CommandPath(), err: fmt.Errorf(format, args...)}
}

// errData marks data in which a command finds nothing to work on.
var errData = errors.New("data")

// A dataError is data that are well-formed and not what the command needs.
type dataError struct{ text string }

func (e *dataError) Error() string        { return e.text }
func (e *dataError) Is(target error) bool { return target == errData }

func dataf(format string, args ...any) error { return &dataError{text: fmt.Sprintf(format, args...)} }

// exitCode says with which code the program ends for an error.
func exitCode(err error) int {
	var (
		usage   *usageError
		unknown *fleet.UnknownError
		conf    config.Errors
		csv     *csvfile.Error
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, forecast.ErrInterrupted):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &unknown), errors.As(err, &conf),
		errors.Is(err, prometheus.ErrOptions), errors.Is(err, prometheus.ErrPromQL), errors.Is(err, fleet.ErrWindows), errors.Is(err, s3.ErrAddress):
		return exitUsage
	case errors.Is(err, errDrift):
		return exitDrift
	case loader.IsCheckpointError(err):
		return exitCheckpoint
	case errors.As(err, &csv), errors.Is(err, errData), errors.Is(err, record.ErrRun), errors.Is(err, forecast.ErrHorizon),
		errors.Is(err, forecast.ErrMetric), errors.Is(err, forecast.ErrEmpty), errors.Is(err, forecast.ErrStep),
		errors.Is(err, prometheus.ErrNoData), errors.Is(err, promcsv.ErrFile), errors.Is(err, csvfile.ErrForecasts),
		errors.Is(err, prophetjson.ErrModel), errors.Is(err, torch.ErrModel), errors.Is(err, torch.ErrFormat),
		errors.Is(err, lstmfit.ErrNoWindows):
		return exitData
	}
	return exitFailure
}

// noArgs refuses arguments that are not flags.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "unexpected argument %q: %s takes flags only", args[0], cmd.CommandPath())
	}
	return nil
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}
