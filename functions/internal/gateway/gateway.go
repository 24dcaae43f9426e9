// Package gateway answers requests for forecasts that come over API Gateway's HTTP
// API, a function's URL, or as direct calls.
package gateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
)

// An Answerer answers requests. Its fields must be set.
type Answerer struct {
	Lake   *lake.Lake
	Models *batch.Models
	Window time.Duration // how far back samples are read
	Now    func() time.Time
}

// FromEnv is the handler of the function forecast.
func FromEnv() (steps.Handler, error) {
	e, s, l, err := steps.Common()
	if err != nil {
		return nil, err
	}
	a := &Answerer{Lake: l, Models: batch.ModelsFrom(e, s), Window: e.Window(), Now: time.Now}
	return steps.Watched(a.Handle), e.Err
}

// httpRequest is what is read of a request of API Gateway's HTTP API, or of a
// function's URL (payload format 2.0).
type httpRequest struct {
	Query   map[string]string `json:"queryStringParameters"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Base64  bool              `json:"isBase64Encoded"`
	Context struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// httpAnswer is an answer for them.
type httpAnswer struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// Handle is an steps.Handler: of requests over HTTP, which get an answer in any
// case, and of direct calls with the body of one, whose failure is an error.
func (a *Answerer) Handle(ctx context.Context, in *steps.Invocation, payload []byte) (any, error) {
	var h httpRequest
	if len(payload) > event.MaxBytes {
		return nil, event.Fieldf("", "it has %d bytes; the limit is %d", len(payload), event.MaxBytes)
	}
	if err := json.Unmarshal(payload, &h); err != nil || h.Context.HTTP.Method == "" {
		r, err := httpapi.ParseBody(payload)
		if err != nil {
			return nil, event.Fieldf("", "%v", err)
		}
		return a.forecast(ctx, in, r)
	}
	began := time.Now()
	r, err := h.parse()
	var out *httpapi.Answer
	if err == nil {
		out, err = a.forecast(ctx, in, r)
	}
	if err != nil {
		return a.refuse(in, err, in.ID), nil
	}
	for _, f := range out.Forecasts {
		in.Log.Info("forecast", "container", out.Container, "metric", f.Metric, "model", f.Horizons[0].Model,
			"reason", f.Horizons[0].Reasons, "ms", float64(time.Since(began).Microseconds())/1000)
	}
	in.Metrics.Add("Forecasts", "Count", float64(len(out.Forecasts)))
	in.Metrics.Add("Answers4xx", "Count", 0)
	in.Metrics.Add("Answers5xx", "Count", 0)
	body, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return httpAnswer{http.StatusOK, map[string]string{"content-type": "application/json", "cache-control": "no-store"}, string(body)}, nil
}

// parse reads the request for a forecast. The error is a *httpapi.Problem.
func (h *httpRequest) parse() (*httpapi.Request, error) {
	kind := ""
	for name, value := range h.Headers {
		if strings.EqualFold(name, "content-type") {
			kind = value
		}
	}
	return httpapi.Parse(h.Context.HTTP.Method, h.Query, kind, func() ([]byte, error) {
		if !h.Base64 {
			return []byte(h.Body), nil
		}
		if base64.StdEncoding.DecodedLen(len(h.Body)) > httpapi.MaxBody+3 {
			return nil, httpapi.TooLarge(len(h.Body))
		}
		body, err := base64.StdEncoding.DecodeString(h.Body)
		if err != nil {
			return nil, &httpapi.Problem{Status: http.StatusBadRequest, Detail: "body: is no base64", Reason: event.Invalid, Field: "body"}
		}
		return body, nil
	})
}

func (a *Answerer) refuse(in *steps.Invocation, err error, id string) httpAnswer {
	reason, retry := batch.Reason(err)
	p := httpapi.ProblemOf(err, reason, retry)
	if p.Status >= http.StatusInternalServerError {
		in.Log.Error("no forecast", "status", p.Status, "reason", p.Reason, "error", err.Error())
		in.Metrics.Add("Answers5xx", "Count", 1)
	} else {
		in.Log.Info("refused", "status", p.Status, "reason", p.Reason, "error", err.Error())
		in.Metrics.Add("Answers4xx", "Count", 1)
	}
	headers, body := p.Answer(id)
	return httpAnswer{p.Status, headers, string(body)}
}

func (a *Answerer) forecast(ctx context.Context, in *steps.Invocation, r *httpapi.Request) (*httpapi.Answer, error) {
	return (&httpapi.Answerer{Frame: a.frame, Models: batch.Logged{Models: a.Models, Log: in.Log}}).Forecast(ctx, r)
}

// frame returns a container's samples.
func (a *Answerer) frame(ctx context.Context, container string) (series.Frame, error) {
	now := a.Now()
	q := lake.Query{Containers: []string{container}, From: now.Add(-a.Window).Unix(), To: now.Unix()}
	var out series.Frame
	err := a.Lake.Read(ctx, q, func(f series.Frame) error { out = f; return nil })
	if err == nil && out.Len() == 0 {
		err = forecast.ErrEmpty
	}
	return out, err
}
