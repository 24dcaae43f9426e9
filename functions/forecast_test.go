package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/loader/store"
)

// An httpAnswer is what API Gateway is given.
type httpAnswer struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// TestForecast: a window, or a container's name, gets forecasts.
func TestForecast(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]string{"forecast_get": "shop/cart cpu 300 900", "forecast_post": "new cpu 300 1800 requests 300 1800"} {
		var out httpAnswer
		w.must(w.answering.Handle, w.event(name), &out)
		var a httpapi.Answer
		if out.Status != 200 || out.Headers["content-type"] != "application/json" || json.Unmarshal([]byte(out.Body), &a) != nil {
			t.Fatalf("%s: %+v", name, out)
		}
		got := a.Container
		for _, f := range a.Forecasts {
			got += " " + f.Metric
			for _, h := range f.Horizons {
				got += fmt.Sprintf(" %d", h.Seconds)
				if !(h.Lo80 <= h.Median && h.Median <= h.Hi80) || len(h.Quantiles) != 9 {
					t.Errorf("%s: %+v", name, h)
				}
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	var a httpapi.Answer
	w.must(w.answering.Handle, []byte(`{"container": "web", "metrics": ["cpu"], "horizons": ["5m"]}`), &a)
	if len(a.Forecasts) != 1 {
		t.Errorf("called directly: %+v", a)
	}
	if err := w.call(context.Background(), w.answering.Handle, []byte(`{"contianer": "web"}`), nil); err == nil || !strings.Contains(err.Error(), `did you mean "container"`) {
		t.Errorf("called directly with a mistake: %v", err)
	}
}

// post is a request with a body.
func post(body string) string {
	b, _ := json.Marshal(map[string]any{"requestContext": map[string]any{"http": map[string]any{"method": "POST"}}, "body": body})
	return string(b)
}

// get is a request with parameters.
func get(parameters string) string {
	return `{"requestContext": {"http": {"method": "GET"}}, "queryStringParameters": ` + parameters + `}`
}

// TestProblems: what cannot be answered is a problem with the right status, that
// says what to do and nothing about the inside.
func TestProblems(t *testing.T) {
	w := newWorld(t)
	many := "[" + strings.Repeat("1,", httpapi.MaxPoints) + "1]"
	for _, c := range []struct {
		request, detail string
		status          int
	}{
		{get(`{"container": "gone"}`), "no samples", 404},
		{get(`{"container": "web", "metric": "cup"}`), `did you mean "cpu"`, 404},
		{get(`{"container": "web", "horizon": "7s"}`), "multiple of the step", 422},
		{get(`{"container": "web", "horizon": "soon"}`), "90s, 15m", 400},
		{get(`{}`), "window", 400},
		{get(`{"contianer": "web"}`), "no parameter", 400},
		{`{"requestContext": {"http": {"method": "DELETE"}}}`, "GET", 405},
		{`{"requestContext": {"http": {"method": "POST"}}, "headers": {"Content-Type": "text/csv"}, "body": ""}`, "application/json", 415},
		{`{"requestContext": {"http": {"method": "POST"}}, "isBase64Encoded": true, "body": "?"}`, "base64", 400},
		{post(`{`), "JSON", 400},
		{post(`{"window": {"start": 0, "step": 0, "values": {"cpu": [1]}}}`), "step", 400},
		{post(`{"window": {"start": "monday", "step": 60, "values": {"cpu": [1]}}}`), "start", 400},
		{post(`{"window": {"start": 0, "step": 60, "values": {"cpu": [1, 1e999]}}}`), "entry 1", 400},
		{post(`{"window": {"start": 0, "step": 60, "values": {"cpu": [1, 2], "memory": [1]}}}`), "others have 2", 400},
		{post(`{"window": {"start": 0, "step": 60, "values": {"cpu": [1]}}, "metrics": ["memory"]}`), "memory", 400},
		{post(`{"window": {"start": 0, "step": 60, "values": {"cpu": ` + many + `}}}`), "200000", 400},
		{post(`{"window": {"start": 0, "step": 60, "values": {"cpu": [` + strings.Repeat("[", 100) + `]}}}`), "nested", 400},
		{post(strings.Repeat(" ", httpapi.MaxBody+1)), "limit", 413},
	} {
		var out httpAnswer
		w.must(w.answering.Handle, []byte(c.request), &out)
		var p struct {
			Status                                int
			Title, Detail, Type, Reason, Instance string
		}
		if err := json.Unmarshal([]byte(out.Body), &p); err != nil || out.Status != c.status || p.Status != c.status ||
			!strings.Contains(p.Detail, c.detail) || p.Title == "" || p.Instance != "req-1" || out.Headers["content-type"] != "application/problem+json" {
			t.Errorf("%.150s: want %d %s, got %d %s", c.request, c.status, c.detail, out.Status, out.Body)
		}
	}
}

// TestInside: a damaged checkpoint, and a store that does not answer, are the
// service's own failures, of which a caller learns no more.
func TestInside(t *testing.T) {
	w := newWorld(t)
	if err := w.store.Put(context.Background(), "cpu/web.ckpt", []byte("FTCKPT secret")); err != nil {
		t.Fatal(err)
	}
	var out httpAnswer
	w.must(w.answering.Handle, []byte(get(`{"container": "web", "metric": "cpu"}`)), &out)
	if out.Status != 500 || strings.Contains(out.Body, "cpu/web.ckpt") || !strings.Contains(w.log.String(), "cpu/web.ckpt") {
		t.Errorf("a damaged checkpoint: %+v", out)
	}
	fresh := newWorld(t)
	fresh.models.Store = down{}
	fresh.must(fresh.answering.Handle, []byte(get(`{"container": "db", "metric": "cpu"}`)), &out)
	if out.Status != 503 || out.Headers["retry-after"] == "" {
		t.Errorf("a store that is down: %+v", out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	if err := fresh.call(ctx, w.answering.Handle, []byte(get(`{"container": "db", "metric": "cpu"}`)), &out); err != nil || out.Status != 504 {
		t.Errorf("no time: %v %+v", err, out)
	}
}

// down is a store that does not answer.
type down struct{ store.Bucket }

var errDown = &store.Error{Op: "list", Name: "s3://secret", Err: errors.New("503")}

func (down) List(context.Context, string, string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) { yield(store.Object{}, errDown) }
}

func (down) Stat(context.Context, string) (store.Object, error) { return store.Object{}, errDown }

// FuzzForecast: any payload is answered or refused, and never answered by a
// server's failure.
func FuzzForecast(f *testing.F) {
	f.Add(get(`{"container": "web"}`))
	f.Add(post(`{"window": {"start": 0, "step": 60, "values": {"cpu": [1, null, 3]}}, "horizons": ["5m"]}`))
	f.Add(`{"container": "web"}`)
	var w *world
	f.Fuzz(func(t *testing.T, payload string) {
		if w == nil {
			w = newWorld(t)
		}
		w.log.Reset()
		var out json.RawMessage
		if err := w.call(context.Background(), w.answering.Handle, []byte(payload), &out); err != nil {
			return
		}
		var a httpAnswer
		if json.Unmarshal(out, &a) == nil && a.Status >= 500 {
			t.Errorf("%q: %s", payload, out)
		}
	})
}

// FuzzBatch: any event of train or predict is a batch within the limits, or an
// error of the event's.
func FuzzBatch(f *testing.F) {
	f.Add([]byte(`{"items": [{"container": "web"}]}`))
	f.Add([]byte(`{"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": "{\"items\": []}"}]}`))
	f.Add([]byte(`{"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a%2Fb"}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		call, err := event.Decode(data)
		if err != nil {
			return
		}
		for _, r := range call.Requests {
			if r.Err == nil && len(r.Keys) == 0 && len(r.Batch.Items) > 0 && r.Batch.Check() != nil {
				t.Errorf("%q: %+v", data, r)
			}
		}
	})
}

// TestForecastLacks: what a caller's window does not have of the past is in the
// answer.
func TestForecastLacks(t *testing.T) {
	w := newWorld(t)
	for cells, want := range map[int]string{2: "no_hour no_day no_week", 24: "no_day no_week", 288: "no_week", 3 * 288: "no_week", 9 * 288: ""} {
		values := strings.TrimSuffix(strings.Repeat("2.5,2,1.5,", (cells+2)/3), ",")
		var out httpAnswer
		w.must(w.answering.Handle, []byte(post(`{"container": "new", "window": {"start": 1722470400, "step": 300, "values": {"cpu": [`+values+`]}}}`)), &out)
		var a httpapi.Answer
		if err := json.Unmarshal([]byte(out.Body), &a); err != nil || len(a.Forecasts) != 1 || len(a.Forecasts[0].Horizons) != 3 {
			t.Fatal(err, out)
		}
		for _, h := range a.Forecasts[0].Horizons {
			got := ""
			for _, r := range h.Reasons {
				if strings.HasPrefix(r, "no_") && r != "no_checkpoint" && r != "no_long" {
					got += " " + r
				}
			}
			if strings.TrimSpace(got) != want {
				t.Errorf("%d cells, %d s ahead: it lacks %q, not %q", cells, h.Seconds, got, want)
			}
		}
	}
}
