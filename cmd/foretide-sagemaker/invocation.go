package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
)

// The formats of requests and answers.
const (
	kindJSON  = "application/json"
	kindLines = "application/jsonlines"
	kindCSV   = "text/csv"
)

// attributesHeader is what a caller and a container may say to each other beside
// the body (CustomAttributes of InvokeEndpoint).
const attributesHeader = "X-Amzn-Sagemaker-Custom-Attributes"

const maxLines = 10_000 // of a request of JSON Lines

// An ask is what is to be forecast, where it is not in the body.
type ask struct {
	metrics  []string // none: all that there are
	horizons []string // "5m"; none: all that the model has
}

func (a *ask) check() error {
	r := httpapi.Request{Container: "any", Metrics: a.metrics, Horizons: a.horizons}
	return r.Check()
}

// attributes reads "metric=cpu; horizon=5m,15m" over what there is. Others may
// send anything there: what is neither is passed over.
func (a ask) attributes(header string) (ask, error) {
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "metric", "metrics":
			a.metrics = words(value)
		case "horizon", "horizons":
			a.horizons = words(value)
		}
	}
	if err := a.check(); err != nil {
		return a, bad(err)
	}
	return a, nil
}

// bad is a request that cannot be.
func bad(err error) error {
	p := &httpapi.Problem{Status: http.StatusBadRequest, Detail: err.Error(), Reason: event.Invalid}
	var f *event.FieldError
	if errors.As(err, &f) {
		p.Field = f.Field
	}
	return p
}

// An output is an answer: records in a format.
type output struct {
	kind   string
	body   []byte
	failed int // records that have no forecast
}

// A record is the forecasts that a request, or a line or container of it, asked
// for, or why there are none.
type record struct {
	container string
	metric    string // of a failure of one metric
	forecasts []httpapi.Forecast
	problem   *httpapi.Problem
}

// A failure is a record without forecasts, as it is written.
type failure struct {
	Container string `json:"container,omitempty"`
	Metric    string `json:"metric,omitempty"`
	Status    int    `json:"status"`
	Reason    string `json:"reason,omitempty"`
	Detail    string `json:"detail"`
}

func (r *record) failure() failure {
	return failure{r.container, r.metric, r.problem.Status, r.problem.Reason, r.problem.Detail}
}

// answer answers a request with headers and a body. Where no forecast can be made
// at all the error says why; ProblemOf says what it is to the caller.
func (s *server) answer(ctx context.Context, h http.Header, body io.Reader) (*output, error) {
	in, out, err := kinds(h.Get("Content-Type"), strings.Join(h.Values("Accept"), ","))
	if err != nil {
		return nil, err
	}
	a, err := s.ask.attributes(h.Get(attributesHeader))
	if err != nil {
		return nil, err
	}
	var records []record
	switch in {
	case kindCSV:
		records, err = s.fromCSV(ctx, a, body)
	default:
		var data []byte
		if data, err = io.ReadAll(body); err != nil {
			return nil, err
		}
		if in == kindLines {
			records, err = s.fromLines(ctx, a, data)
		} else {
			records, err = s.fromJSON(ctx, a, data)
		}
	}
	if err != nil {
		return nil, err
	}
	return written(records, in, out), nil
}

// kinds returns the formats of a request and its answer: the first that is
// accepted and known, the request's own where anything is.
func kinds(content, accept string) (in, out string, err error) {
	in = kindJSON
	if content != "" {
		if in = known(content); in == "" {
			return "", "", &httpapi.Problem{Status: http.StatusUnsupportedMediaType,
				Detail: "the content type is " + quote(content) + "; it is text/csv, application/json or application/jsonlines"}
		}
	}
	if strings.TrimSpace(accept) == "" {
		return in, in, nil
	}
	for a := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(strings.TrimSpace(a), ";")
		switch media = strings.TrimSpace(media); {
		case media == "*/*" || media == "application/*" && in != kindCSV || media == "text/*" && in == kindCSV:
			return in, in, nil
		case known(media) != "":
			return in, known(media), nil
		}
	}
	return "", "", &httpapi.Problem{Status: http.StatusNotAcceptable,
		Detail: "what is accepted is " + quote(accept) + "; there is text/csv, application/json and application/jsonlines"}
}

// known returns the format of a media type; "" for one that is not known.
func known(media string) string {
	name, _, err := mime.ParseMediaType(media)
	switch {
	case err != nil:
		return ""
	case name == "application/x-jsonlines" || name == "application/jsonl" || name == "application/x-ndjson":
		return kindLines
	case name == kindJSON || name == kindLines || name == kindCSV:
		return name
	}
	return ""
}

func quote(s string) string { return strconv.Quote(s[:min(len(s), 60)]) }

// fromJSON forecasts from a request of one window.
func (s *server) fromJSON(ctx context.Context, a ask, body []byte) ([]record, error) {
	r, err := httpapi.ParseBody(body)
	if err != nil {
		return nil, err
	}
	if r.Window == nil {
		return nil, bad(event.Fieldf("window", "is missing: an endpoint has no samples of its own"))
	}
	if len(r.Metrics) == 0 {
		r.Metrics = slices.DeleteFunc(slices.Clone(a.metrics), func(m string) bool { _, has := r.Window.Values[m]; return !has })
	}
	if len(r.Horizons) == 0 {
		r.Horizons = a.horizons
	}
	out, err := (&httpapi.Answerer{Frame: noFrame, Models: s}).Forecast(ctx, r)
	if err != nil {
		return nil, err
	}
	return []record{{container: out.Container, forecasts: out.Forecasts}}, nil
}

func noFrame(context.Context, string) (series.Frame, error) { return series.Frame{}, forecast.ErrEmpty }

// fromLines forecasts from each line as fromJSON does. A line that cannot be is a
// record of its own: it does not spoil the others. Where the reason is not the
// line's, the whole request fails, and may be sent again.
func (s *server) fromLines(ctx context.Context, a ask, body []byte) ([]record, error) {
	lines := slices.DeleteFunc(slices.Collect(bytes.Lines(body)), func(l []byte) bool { return len(bytes.TrimSpace(l)) == 0 })
	switch {
	case len(lines) == 0:
		return nil, bad(event.Fieldf("", "there is no line in the body"))
	case len(lines) > maxLines:
		return nil, &httpapi.Problem{Status: http.StatusRequestEntityTooLarge, Reason: event.TooLarge,
			Detail: "the body has " + strconv.Itoa(len(lines)) + " lines; the limit is " + strconv.Itoa(maxLines)}
	}
	records, errs := make([]record, len(lines)), make([]error, len(lines))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(lines)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(lines)); i = next.Add(1) - 1 {
				var one []record
				if one, errs[i] = s.fromJSON(ctx, a, bytes.TrimSpace(lines[i])); errs[i] == nil {
					records[i] = one[0]
				}
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err == nil {
			continue
		}
		reason, retry := httpapi.Reason(err)
		if records[i].problem = httpapi.ProblemOf(err, reason, retry); records[i].problem.Status >= http.StatusInternalServerError {
			return nil, err
		}
	}
	return records, nil
}

// written writes records in a format. One record of JSON is itself; others are in
// an object with what has no forecast beside it.
func written(records []record, in, out string) *output {
	o := &output{kind: out}
	for i := range records {
		if records[i].problem != nil {
			o.failed++
		}
	}
	switch {
	case out == kindCSV:
		o.body = csvOf(records)
	case out == kindLines:
		for i := range records {
			o.body = append(append(o.body, marshal(records[i].line())...), '\n')
		}
	case in == kindJSON:
		o.body = marshal(records[0].line())
	default:
		all := struct {
			Forecasts []httpapi.Forecast `json:"forecasts"`
			Failed    []failure          `json:"failed"`
		}{[]httpapi.Forecast{}, []failure{}}
		for i := range records {
			all.Forecasts = append(all.Forecasts, records[i].forecasts...)
			if records[i].problem != nil {
				all.Failed = append(all.Failed, records[i].failure())
			}
		}
		o.body = marshal(all)
	}
	return o
}

// line is a record as a line of JSON Lines.
func (r *record) line() any {
	if r.problem != nil {
		return r.failure()
	}
	return httpapi.Answer{Container: r.container, Forecasts: r.forecasts}
}
