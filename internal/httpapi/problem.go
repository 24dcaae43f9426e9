package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/internal/event"
)

// A Problem is an error response in RFC 9457 format.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Reason string `json:"reason,omitempty"`   // one of package event's
	Field  string `json:"field,omitempty"`    // of the request
	ID     string `json:"instance,omitempty"` // of the request, as in the logs
	Retry  int    `json:"-"`                  // seconds; 0 where it is of no use
}

func (p *Problem) Error() string { return p.Detail }

// invalid returns the problem of a malformed request.
func invalid(err error) error {
	p := &Problem{Status: http.StatusBadRequest, Detail: err.Error(), Reason: event.Invalid}
	var f *event.FieldError
	if errors.As(err, &f) {
		p.Field = f.Field
	}
	return p
}

// TooLarge is the problem of a body of n bytes; n < 0 where they were not counted.
func TooLarge(n int) error {
	size := "more"
	if n >= 0 {
		size = strconv.Itoa(n)
	}
	return &Problem{Status: http.StatusRequestEntityTooLarge, Reason: event.TooLarge,
		Detail: "the body has " + size + " bytes; the limit is " + strconv.Itoa(MaxBody)}
}

// ErrInternal is what a caller is told of an error that is none of its own.
var ErrInternal = errors.New("internal error; the log has it under this request's id")

// ProblemOf says what an error is to the caller, by its reason: of what is not the
// caller's own it learns no more than that.
func ProblemOf(err error, reason string, retry bool) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var m interface{ Is(error) bool }
	p = &Problem{Reason: reason}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Detail, p.Retry = http.StatusGatewayTimeout, "the forecast was not ready in time", 1
	case reason == event.NoData && errors.Is(err, forecast.ErrMetric) && errors.As(err, &m):
		p.Status, p.Detail = http.StatusNotFound, err.Error()
	case reason == event.NoData:
		p.Status, p.Detail = http.StatusNotFound, "there are no samples of this container"
	case reason == event.Invalid:
		p.Status, p.Detail = http.StatusUnprocessableEntity, err.Error()
	case retry:
		p.Status, p.Detail, p.Retry = http.StatusServiceUnavailable, "what the forecast is made from cannot be read now", 5
	default:
		p.Status, p.Detail = http.StatusInternalServerError, ErrInternal.Error()
	}
	return p
}

// Answer returns the problem as it is sent about the request with the id.
func (p *Problem) Answer(id string) (headers map[string]string, body []byte) {
	q := *p
	q.Type, q.Title, q.ID = "about:blank", http.StatusText(p.Status), id
	body, err := json.Marshal(q)
	if err != nil {
		panic(err) // of text and numbers
	}
	headers = map[string]string{"content-type": "application/problem+json", "cache-control": "no-store"}
	if p.Retry > 0 {
		headers["retry-after"] = strconv.Itoa(p.Retry)
	}
	if p.Status == http.StatusMethodNotAllowed {
		headers["allow"] = "GET, HEAD, POST"
	}
	return headers, body
}
