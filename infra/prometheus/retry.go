package prometheus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/goccy/go-json"
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
	var a *refusal
	switch {
	case errors.As(err, &p), hopeless(err):
		return never, ErrUnreachable
	case errors.Is(err, errBodySize):
		return smaller, ErrQuery
	case !errors.As(err, &a):
		return again, ErrUnreachable // the network, a timeout, busy, a cut answer
	}
	switch a.kind {
	case badData:
		if strings.Contains(a.text, "exceeded maximum resolution") {
			return smaller, ErrQuery
		}
		return never, ErrPromQL
	case execution:
		if strings.Contains(a.text, "too many samples") || strings.Contains(a.text, "limit") {
			return smaller, ErrQuery
		}
		return never, ErrQuery
	case clientError:
		switch status(a) {
		case "401", "403":
			return never, ErrRefused
		case "413":
			return smaller, ErrQuery
		case "408":
			return again, ErrUnreachable
		}
		return never, ErrUnreachable
	}
	return again, ErrUnreachable // "timeout", "server_error", "bad_response", "internal" …
}

// status returns the number at the end of "client error: 404".
func status(a *refusal) string { return a.text[strings.LastIndexByte(a.text, ' ')+1:] }

// hopeless reports errors of a connection that come back every time: of
// certificates, of the wrong protocol.
func hopeless(err error) bool {
	var cert *tls.CertificateVerificationError
	var remote *net.OpError
	var record tls.RecordHeaderError
	return errors.As(err, &cert) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &remote) && remote.Op == "remote error" // a TLS alert: the server wants a certificate
}

// slow reports that the server, or the way to it, took too long. Asking for
// less may help where repeating does not.
func slow(err error) bool {
	var a *refusal
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &a) && (a.kind == timeout || said(a).ErrorType == timeout)
}

// An apology is what a server says about an error.
type apology struct {
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// said reads what a server said with a status that is not of Prometheus itself.
func said(a *refusal) (s apology) {
	_ = json.Unmarshal([]byte(a.detail), &s) // any other text says nothing
	return s
}

// A retrier repeats a request that may succeed later.
type retrier struct {
	attempts int
	wait     time.Duration
	timeout  time.Duration
	notify   func(reason string) // before each wait
}

// maxPause bounds how long one wait for a server that asks for patience is.
const maxPause = time.Hour

// do calls request until it succeeds, cannot, or has been tried often enough.
// The verdict is of the last error, of the given number of tries.
func (r *retrier) do(ctx context.Context, request func(context.Context) error) (v verdict, kind error, tries int, err error) {
	wait := r.wait
	for attempt := 1; ; attempt++ {
		one, cancel := ctx, context.CancelFunc(func() {})
		if r.timeout > 0 {
			one, cancel = context.WithTimeout(ctx, r.timeout)
		}
		err := request(one)
		cancel()
		if err == nil {
			return never, nil, attempt, nil
		}
		if ctx.Err() != nil {
			return never, ctx.Err(), attempt, ctx.Err()
		}
		v, kind := judge(err)
		if v == again && slow(err) && attempt >= 2 {
			v = smaller
		}
		if v != again || attempt >= r.attempts {
			return v, kind, attempt, err
		}
		pause := wait/2 + time.Duration(rand.Int64N(int64(wait/2)+1)) // spread, so that clients do not come back together
		var b *busy
		if errors.As(err, &b) {
			pause = min(max(pause, b.after), maxPause)
		}
		r.notify(fmt.Sprintf("%s; asking again in %v", reason(err), max(pause.Round(100*time.Millisecond), 100*time.Millisecond)))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return never, ctx.Err(), attempt, err
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// reason says what an error is, for people, in one line.
func reason(err error) string {
	var a *refusal
	if errors.As(err, &a) {
		text := firstLine(a.text)
		if s := said(a); s.Error != "" {
			text += ": " + firstLine(s.Error)
		} else if a.detail != "" {
			text += ": " + firstLine(a.detail)
		}
		switch {
		case a.kind == clientError && status(a) == "404":
			text += "; the URL is that of the server, with any path that is before /api"
		case a.kind == badResponse:
			text = "the answer is not that of a Prometheus server, or a part of it: " + text
		}
		return text
	}
	var u *url.Error
	if errors.As(err, &u) { // it begins with the method and the address
		err = u.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the connection was cut in the middle of the answer"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server speaks http, not https"
	}
	return firstLine(err.Error())
}

// ask runs a request with repetitions; what is the query that it makes. The
// error is a failure; tooMuch tells that a smaller request may succeed.
func (c *client) ask(ctx context.Context, what string, request func(context.Context) error) (tooMuch bool, err error) {
	v, kind, tries, err := c.retry.do(ctx, request)
	if err == nil {
		return false, nil
	}
	if ctx.Err() != nil {
		text := "prometheus: interrupted"
		if !errors.Is(err, ctx.Err()) { // while it waited to ask again
			text += ", after " + c.redact(reason(err))
		}
		return false, &failure{text: text, kind: ctx.Err()}
	}
	text := fmt.Sprintf("%v (%s): ", kind, c.address)
	if errors.Is(kind, ErrQuery) || errors.Is(kind, ErrPromQL) {
		text += what + ": "
	}
	text += c.redact(reason(err))
	if tries > 1 {
		text += fmt.Sprintf(" (tried %d times)", tries)
	}
	return v == smaller, &failure{text: text, kind: kind}
}

// firstLine returns the beginning of a server's text.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
