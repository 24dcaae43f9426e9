package serving

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// unread returns a server that has read nothing, with the network in the box.
func unread(t testing.TB, token string) *Server {
	t.Helper()
	p, err := loader.New(context.Background(), &store.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	o := prometheus.Defaults()
	o.Step = time.Minute
	return New(Config{Source: o, Predictor: p, Every: time.Minute, Window: 4 * time.Hour, Forget: time.Hour, Judged: time.Hour,
		MaxSeries: 10, Token: token, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now})
}

// fill gives the server two hours of a container, as a reading does.
func fill(s *Server) {
	start := int64(1_722_470_400)
	for i := range int64(120) {
		s.history.add(start+60*i, "web", []string{"cpu", "memory"}, []float64{2 + math.Sin(float64(i)/9), 100})
	}
	s.history.settle(start + 60*119)
}

func ask(s *Server, method, target, body, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

const window = `{"container":"other","metrics":["cpu"],"window":{"start":1722470400,"step":60,"values":{"cpu":[1,2,3,2,1,2,3,null,1,2,3,2,1]}}}`

// TestTooEarly: before the first reading who asks for a container by name is to
// come back, and is forecast for who brings the values; after it, a container that
// is not there is not found.
func TestTooEarly(t *testing.T) {
	t.Parallel()
	s := unread(t, "")
	w := ask(s, "GET", "/forecast?container=web", "", "")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "60" || !strings.Contains(w.Body.String(), "has not been read yet") {
		t.Errorf("%d, retry after %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	if w := ask(s, "POST", "/forecast", window, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "no_checkpoint") {
		t.Errorf("a window of its own: %d: %s", w.Code, w.Body)
	}
	if w := ask(s, "GET", "/healthz", "", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "starting") {
		t.Errorf("health: %d: %s", w.Code, w.Body)
	}
	fill(s)
	if w := ask(s, "GET", "/forecast?container=web&metric=cpu", "", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"cpu"`) {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	w = ask(s, "GET", "/forecast?container=nobody", "", "")
	if w.Code != http.StatusNotFound || w.Header().Get("Retry-After") != "" {
		t.Errorf("unknown: %d: %s", w.Code, w.Body)
	}
	if w := ask(s, "GET", "/", "", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "/forecast?container=") {
		t.Errorf("/: %d: %s", w.Code, w.Body)
	}
}

// FuzzHandler: whatever is asked, the answer is one of those that are documented,
// JSON is JSON, no answer is an internal error, and without the token there are no
// values.
func FuzzHandler(f *testing.F) {
	f.Add("GET", "forecast", "container=web&metric=cpu&horizon=15m", "", "", true)
	f.Add("HEAD", "forecast", "container=web", "", "", true)
	f.Add("GET", "forecast", "container=nobody&horizon=1s,2h,-5m", "", "", true)
	f.Add("GET", "forecast", "container=web&container=web&metric=cpu&metric=cpu", "", "", false)
	f.Add("GET", "forecast", "container=%ff%00", "", "", true)
	f.Add("POST", "forecast", "", window, "application/json", true)
	f.Add("POST", "forecast", "x=1", `{"window":{"start":"2024-08-01T00:00:00Z","step":86400,"values":{"a":[1e308,-1e308]}}}`, "application/json; charset=x", true)
	f.Add("POST", "forecast", "", `{"container":"web","horizons":["7d"]}`, "text/plain", true)
	f.Add("PUT", "metrics", "a=;b", "", "", true)
	f.Add("GET", "metrics", "", "", "", false)
	f.Add("GET", "healthz", "", "", "", false)
	f.Add("GET", "../forecast", "container=web", "", "", true)
	read, early := unread(f, "t0ken"), unread(f, "t0ken")
	fill(read)
	handlers := []http.Handler{read.Handler(), early.Handler()}
	f.Fuzz(func(t *testing.T, method, path, query, body, contentType string, token bool) {
		if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r) }) {
			return // net/http itself refuses it
		}
		for _, h := range handlers {
			r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
			r.Method, r.URL = method, &url.URL{Path: "/" + path, RawQuery: query}
			r.Header.Set("Content-Type", contentType)
			if token {
				r.Header.Set("Authorization", "Bearer t0ken")
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			checkAnswer(t, r, w, token)
		}
	})
}

func checkAnswer(t *testing.T, r *http.Request, w *httptest.ResponseRecorder, token bool) {
	t.Helper()
	switch w.Code {
	case 200, 301, 307, 308, 400, 401, 404, 405, 413, 415, 422, 503:
	default:
		t.Fatalf("%s %s: %d: %.500s", r.Method, r.URL, w.Code, w.Body)
	}
	if w.Code == 503 && r.URL.Path == "/forecast" {
		if n, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || n < 1 || n > mostRetry {
			t.Fatalf("503 without a time to wait: %v", w.Header())
		}
	}
	kind := w.Header().Get("Content-Type")
	if strings.HasSuffix(kind, "json") && !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%s %s: no JSON: %.500s", r.Method, r.URL, w.Body)
	}
	if !token && w.Code == 200 && r.URL.Path != "/healthz" && r.URL.Path != "/" {
		t.Fatalf("%s %s: let in without the token", r.Method, r.URL)
	}
}
