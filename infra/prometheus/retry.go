package prometheus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// busy is the answer of a server that asks for patience.
type busy struct {
	status string // "429 Too Many Requests"
	after  time.Duration
}

// Error returns the HTTP status.
func (b *busy) Error() string { return b.status }

// permanent marks an error that no repetition mends.
type permanent struct{ error }

// Unwrap returns the error itself.
func (p *permanent) Unwrap() error { return p.error }

// A failure is the end of a request's attempts. Its text has no secret, and
// the errors behind it, which may have, cannot be reached.
type failure struct {
	text string
	kind error // one of the package's sentinels, or a context's error
}

// Error returns what happened, for people.
func (f *failure) Error() string { return f.text }

// Unwrap returns the sentinel.
func (f *failure) Unwrap() error { return f.kind }

// verdict is what to do about an error.
type verdict uint8

const (
	again   verdict = iota // the same request may succeed later
	smaller                // the request asks for too much at once
	never
)

// judge says what to do about an error of the API and which sentinel it is.
func judge(err error) (verdict, error) {
	var p *permanent
	var a *v1.Error
	switch {
	case errors.As(err, &p):
		return never, ErrUnreachable
	case errors.Is(err, errBodySize):
		return smaller, ErrQuery
	case !errors.As(err, &a):
		return again, ErrUnreachable // the network, a timeout, busy, a cut answer
	}
	switch a.Type {
	case v1.ErrBadData:
		if strings.Contains(a.Msg, "exceeded maximum resolution") {
			return smaller, ErrQuery
		}
		return never, ErrPromQL
	case v1.ErrExec:
		if strings.Contains(a.Msg, "too many samples") || strings.Contains(a.Msg, "limit") {
			return smaller, ErrQuery
		}
		return never, ErrQuery
	case v1.ErrClient:
		if strings.HasSuffix(a.Msg, " 401") || strings.HasSuffix(a.Msg, " 403") {
			return never, ErrRefused
		}
		if strings.HasSuffix(a.Msg, " 413") {
			return smaller, ErrQuery
		}
		if strings.HasSuffix(a.Msg, " 408") {
			return again, ErrUnreachable
		}
		return never, ErrUnreachable
	case v1.ErrTimeout, v1.ErrCanceled, v1.ErrServer, v1.ErrBadResponse:
		return again, ErrUnreachable
	}
	return again, ErrUnreachable // "internal", "unavailable" …
}

// A retrier repeats a request that may succeed later.
type retrier struct {
	attempts int
	wait     time.Duration
	timeout  time.Duration
	notify   func(reason string) // before each wait
}

// do calls request until it succeeds, cannot, or has been tried often enough.
// The verdict is of the last error.
func (r *retrier) do(ctx context.Context, request func(context.Context) error) (verdict, error, error) {
	wait := r.wait
	for attempt := 1; ; attempt++ {
		one, cancel := ctx, context.CancelFunc(func() {})
		if r.timeout > 0 {
			one, cancel = context.WithTimeout(ctx, r.timeout)
		}
		err := request(one)
		cancel()
		if err == nil {
			return never, nil, nil
		}
		if ctx.Err() != nil {
			return never, ctx.Err(), ctx.Err()
		}
		v, kind := judge(err)
		if v != again || attempt >= r.attempts {
			return v, kind, err
		}
		pause := wait/2 + time.Duration(rand.Int64N(int64(wait/2)+1)) // spread, so that clients do not come back together
		var b *busy
		if errors.As(err, &b) {
			pause = max(pause, b.after)
		}
		r.notify(err.Error())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return never, ctx.Err(), ctx.Err()
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// ask runs a request with repetitions. The error is a failure; tooMuch tells
// that a smaller request may succeed.
func (c *client) ask(ctx context.Context, what string, request func(context.Context) error) (tooMuch bool, err error) {
	v, kind, err := c.retry.do(ctx, request)
	if err == nil {
		return false, nil
	}
	if ctx.Err() != nil {
		return false, &failure{text: "prometheus: interrupted", kind: ctx.Err()}
	}
	text := fmt.Sprintf("%v (%s): %s: %v", kind, c.address, what, err)
	var a *v1.Error
	if errors.As(err, &a) && a.Detail != "" {
		text += ": " + firstLine(a.Detail)
	}
	if v == again && c.retry.attempts > 1 {
		text += fmt.Sprintf(" (tried %d times)", c.retry.attempts)
	}
	return v == smaller, &failure{text: c.redact(text), kind: kind}
}

// firstLine returns the beginning of a server's text.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
