// Command foretide-sagemaker is what Amazon SageMaker runs in Foretide's image:
// "train" for a training job and "serve" for an endpoint or a batch transform. It
// finds everything below /opt/ml, or below --prefix for trying it out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // the image has no time zones of its own

	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/loader"
)

// The exit codes. SageMaker takes any but 0 for a failure, unless it has itself
// asked the container to stop; exitStopped is that of a program which SIGTERM
// ends, so that a training that was interrupted is never taken for a whole one.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitStopped = 128 + int(syscall.SIGTERM)
)

const usage = `usage: foretide-sagemaker train|serve|metrics|version [--prefix /opt/ml]

  train    train on the channel train, or training, into PREFIX/model
  serve    answer /ping and /invocations on port 8080 from PREFIX/model
  metrics  print MetricDefinitions for a training job

infra/sagemaker/README.md has hyperparameters, formats and settings.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is all of main but the process.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	fs := flag.NewFlagSet("foretide-sagemaker", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	prefix := fs.String("prefix", sagemaker.DefaultPrefix, "")
	var words []string
	for rest := args; ; {
		if err := fs.Parse(rest); err != nil {
			return misused(errOut, err)
		}
		if rest = fs.Args(); len(rest) == 0 {
			break
		}
		words, rest = append(words, rest[0]), rest[1:]
	}
	if len(words) != 1 {
		return misused(errOut, fmt.Errorf("name one command, not %d", len(words)))
	}
	layout := sagemaker.Layout(*prefix)
	switch words[0] {
	case "train":
		return trainAll(ctx, layout, out, errOut)
	case "serve":
		if err := serve(ctx, layout, errOut); err != nil {
			fmt.Fprintln(errOut, "foretide-sagemaker:", err)
			return exitFailure
		}
		return exitOK
	case "metrics":
		fmt.Fprint(out, string(sagemaker.MetricDefinitions))
		return exitOK
	case "version":
		fmt.Fprintln(out, "foretide", loader.BuildVersion())
		return exitOK
	}
	return misused(errOut, fmt.Errorf("there is no command %q", words[0]))
}

func misused(errOut io.Writer, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(errOut, usage)
		return exitOK
	}
	fmt.Fprintf(errOut, "foretide-sagemaker: %v\n%s", err, usage)
	return exitUsage
}

// trainAll trains and says how that went in the ways that SageMaker looks at: the
// exit code, and the file with the reason of a failure.
func trainAll(ctx context.Context, layout sagemaker.Layout, out, errOut io.Writer) (code int) {
	fail := func(err error) int {
		fmt.Fprintln(errOut, "foretide-sagemaker:", strings.ReplaceAll(err.Error(), "\n", "\nforetide-sagemaker: "))
		if err := layout.Fail(err); err != nil {
			fmt.Fprintln(errOut, "foretide-sagemaker:", err)
		}
		return exitFailure
	}
	defer func() {
		if p := recover(); p != nil {
			code = fail(fmt.Errorf("internal error: %v", p))
		}
	}()
	err := train(ctx, layout, out)
	switch {
	case errors.Is(err, errStopped):
		fmt.Fprintln(errOut, "foretide-sagemaker:", err)
		return exitStopped
	case err != nil:
		return fail(err)
	}
	return exitOK
}
