// Package runtime runs a step as a Lambda function: logs as lines of JSON, metrics
// in CloudWatch's embedded format, deadlines, and errors that tell a caller no more
// than it may know.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
)

// Settings are those of every function.
type Settings struct {
	Function string
	Stack    string        // of the metrics: the deployment; "" for none
	Out      io.Writer     // logs and metrics; the runtime's standard output
	Level    slog.Level    // of the logs
	Margin   time.Duration // how long before the deadline work is to stop; at most half of the time there is
}

// reserve is kept free before the deadline to answer in.
const reserve = 500 * time.Millisecond

// Lambda returns the handler for the runtime.
func (s Settings) Lambda(h steps.Handler) lambda.Handler {
	return &function{Settings: s, handler: h, cold: true}
}

// Run serves invocations until the runtime ends the process. Standard output, the
// level of the logs, the deployment's name and the margin are the environment's.
func Run(name string, prepare func() (steps.Handler, error)) {
	s := Settings{Function: name, Stack: os.Getenv(steps.StackVariable), Out: os.Stdout, Margin: margin()}
	if text := os.Getenv("LOG_LEVEL"); text != "" {
		if err := s.Level.UnmarshalText([]byte(text)); err != nil {
			fmt.Fprintf(os.Stderr, "LOG_LEVEL is %q; it is DEBUG, INFO, WARN or ERROR\n", text)
			os.Exit(1)
		}
	}
	limitMemory(os.Getenv)
	h, err := prepare()
	if err != nil {
		// The runtime reports that the function does not start; the log says why.
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("function does not start", "function", name, "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(s.Lambda(h))
}

// margin is how long before the deadline work that can be kept in part stops.
func margin() time.Duration {
	d, err := time.ParseDuration(os.Getenv("FORETIDE_MARGIN"))
	if err != nil || d <= 0 {
		return 30 * time.Second
	}
	return d
}

// limitMemory has the garbage collector keep the heap within four fifths of what
// the function is given, where GOMEMLIMIT does not say otherwise: the rest is for
// the program itself and what the kernel counts with it.
func limitMemory(getenv func(string) string) int64 {
	mb, err := strconv.ParseInt(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err != nil || mb <= 0 || getenv("GOMEMLIMIT") != "" {
		return debug.SetMemoryLimit(-1)
	}
	debug.SetMemoryLimit(mb << 20 / 5 * 4)
	return debug.SetMemoryLimit(-1)
}

type function struct {
	Settings
	handler steps.Handler
	mu      sync.Mutex
	cold    bool
}

// ErrInternal is what a caller is told of an error that is none of its own.
var ErrInternal = errors.New("internal error; the function's log has it under this request's id")

// Invoke implements lambda.Handler.
func (f *function) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	began := time.Now()
	in, cancel := f.invocation(&ctx, began)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			in.Log.Error("panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			answer, err = nil, ErrInternal
		}
		in.Metrics.Add("Errors", "Count", 0) // where there is none, that is known
		in.Metrics.Add("Duration", "Milliseconds", millis(time.Since(began)))
		in.Metrics.Write()
	}()
	out, err := f.handler(ctx, in, payload)
	if err != nil {
		in.Metrics.Add("Errors", "Count", 1)
		in.Log.Error("invocation failed", "error", err.Error(), "ms", millis(time.Since(began)))
		if errors.Is(err, event.ErrEvent) {
			return nil, err // the caller's own
		}
		return nil, fmt.Errorf("%w", ErrInternal)
	}
	in.Log.Info("invocation", "ms", millis(time.Since(began)), "bytes_in", len(payload))
	return json.Marshal(out)
}

// invocation prepares one; ctx becomes one that ends a little before the
// runtime's.
func (f *function) invocation(ctx *context.Context, began time.Time) (*steps.Invocation, context.CancelFunc) {
	id := ""
	if lc, ok := lambdacontext.FromContext(*ctx); ok {
		id = lc.AwsRequestID
	}
	f.mu.Lock()
	cold := f.cold
	f.cold = false
	f.mu.Unlock()
	in := steps.NewInvocation(f.Out, f.Level, f.Stack, f.Function, id)
	if cold {
		in.Log = in.Log.With("cold", true)
	}
	cancel := context.CancelFunc(func() {})
	if end, ok := (*ctx).Deadline(); ok {
		left := end.Sub(began)
		in.Deadline = end.Add(-min(reserve, left/4))
		in.Stop = in.Deadline.Add(-min(f.Margin, left/2))
		*ctx, cancel = context.WithDeadline(*ctx, in.Deadline)
	}
	return in, cancel
}

// millis gives a duration to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
