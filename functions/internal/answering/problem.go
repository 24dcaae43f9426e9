package answering

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/functions/internal/event"
	"github.com/foretide/foretide/functions/internal/invoke"
)

// A problem is an answer that is none, as RFC 9457 has it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Reason string `json:"reason,omitempty"`   // one of package event's
	Field  string `json:"field,omitempty"`    // of the request
	ID     string `json:"instance,omitempty"` // of the request, as in the logs
	retry  int    // seconds
}

func (p *problem) Error() string { return p.Detail }

// invalid is a request that cannot be.
func invalid(err error) error {
	p := &problem{Status: http.StatusBadRequest, Detail: err.Error(), Reason: event.Invalid}
	var f *event.FieldError
	if errors.As(err, &f) {
		p.Field = f.Field
	}
	return p
}

func tooLarge(n int) error {
	return &problem{Status: http.StatusRequestEntityTooLarge, Reason: event.TooLarge,
		Detail: "the body has " + strconv.Itoa(n) + " bytes; the limit is " + strconv.Itoa(MaxBody)}
}

// problemOf says what an error is to the caller: of what is not the caller's own
// it learns no more than that.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var m interface{ Is(error) bool }
	reason, retry := invoke.Reason(err)
	p = &problem{Reason: reason}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Detail, p.retry = http.StatusGatewayTimeout, "the forecast was not ready in time", 1
	case reason == event.NoData && errors.Is(err, forecast.ErrMetric) && errors.As(err, &m):
		p.Status, p.Detail = http.StatusNotFound, err.Error()
	case reason == event.NoData:
		p.Status, p.Detail = http.StatusNotFound, "there are no samples of this container"
	case reason == event.Invalid:
		p.Status, p.Detail = http.StatusUnprocessableEntity, err.Error()
	case retry:
		p.Status, p.Detail, p.retry = http.StatusServiceUnavailable, "what the forecast is made from cannot be read now", 5
	default:
		p.Status, p.Detail = http.StatusInternalServerError, invoke.ErrInternal.Error()
	}
	return p
}

// httpAnswer is an answer for API Gateway's HTTP API, or a function's URL.
type httpAnswer struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

func (p *problem) answer(id string) httpAnswer {
	p.Type, p.Title, p.ID = "about:blank", http.StatusText(p.Status), id
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // of text and numbers
	}
	a := httpAnswer{p.Status, map[string]string{"content-type": "application/problem+json", "cache-control": "no-store"}, string(body)}
	if p.retry > 0 {
		a.Headers["retry-after"] = strconv.Itoa(p.retry)
	}
	if p.Status == http.StatusMethodNotAllowed {
		a.Headers["allow"] = "GET, HEAD, POST"
	}
	return a
}
