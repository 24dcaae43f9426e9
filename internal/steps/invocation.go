// Package steps holds what the steps of a fleet share: an invocation with its log
// and metrics, batches, models, configurations, and settings from the environment.
// Each step is a package below it; functions/ and the command line run them.
package steps

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// A Handler does the work of one invocation. What it returns is encoded as JSON.
type Handler func(ctx context.Context, in *Invocation, payload []byte) (any, error)

// An Invocation is what a handler knows beside its payload.
type Invocation struct {
	Function string
	ID       string       // of the request; "" for none
	Log      *slog.Logger // with the request's id
	Metrics  *Metrics
	// Stop is when work that can be kept in part is to end, Deadline when all is;
	// both zero where there is no deadline.
	Stop, Deadline time.Time
}

// Stopped reports whether it is time to end.
func (in *Invocation) Stopped() bool { return !in.Stop.IsZero() && !time.Now().Before(in.Stop) }

// NewInvocation returns one that writes its log, from the level on, and its metrics
// to out: of a function, by the request with the id, in the deployment named stack
// unless that is "". It has no deadline.
func NewInvocation(out io.Writer, level slog.Level, stack, function, id string) *Invocation {
	log := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level})).With("function", function, "request_id", id)
	return &Invocation{Function: function, ID: id, Log: log, Metrics: &Metrics{stack: stack, function: function, id: id, out: out}}
}
