package serving

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/loader"
)

const (
	mostRequests = 32 // answered at the same time, beside scrapes
	mostScrapes  = 2
	answerTime   = 30 * time.Second
	stopTime     = 10 * time.Second
)

// Run serves on the listener and works until the context ends; it then answers
// what it was asked, for ten seconds at most.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: answerTime, WriteTimeout: 2 * answerTime,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, TLSConfig: s.TLS, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed, idle := make(chan error, 1), make(chan struct{})
	go func() {
		if s.TLS != nil {
			failed <- h.ServeTLS(bounded(l), "", "") // the certificate is the configuration's
			return
		}
		failed <- h.Serve(bounded(l))
	}()
	go func() { defer close(idle); s.loop(ctx) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		s.Log.Info("stopping")
		end, done := context.WithTimeout(context.Background(), stopTime)
		defer done()
		if h.Shutdown(end) != nil {
			_ = h.Close() // what is not answered by now is broken off
		}
	}
	cancel()
	<-idle
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// Handler returns what answers over HTTP.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	scrapes := promhttp.HandlerFor(s.registry(), promhttp.HandlerOpts{MaxRequestsInFlight: mostScrapes, Timeout: answerTime})
	places := make(chan struct{}, max(mostRequests, 4*runtime.GOMAXPROCS(0)))
	mux.Handle("/forecast", s.counted("/forecast", s.guard(limit(places, http.HandlerFunc(s.forecast)))))
	mux.Handle("GET /metrics", s.counted("/metrics", s.guard(scrapes)))
	mux.Handle("GET /healthz", s.counted("/healthz", http.HandlerFunc(s.health)))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, about) // who asked may be gone
	})
	return mux
}

// about is for people who look with a browser.
const about = `foretide serve

GET  /forecast?container=C[&metric=M][&horizon=15m]   the forecast, as JSON
POST /forecast                                        the same from a window of values
GET  /metrics                                         forecasts for Prometheus to scrape
GET  /healthz                                         200 where forecasts are fresh, else 503
`

// counted counts the answers of a path.
func (s *Server) counted(path string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		c := &coded{ResponseWriter: w, code: http.StatusOK}
		h.ServeHTTP(c, r)
		s.counts.requests.WithLabelValues(path, strconv.Itoa(c.code)).Inc()
		s.counts.durations.WithLabelValues(path).Observe(time.Since(began).Seconds())
	})
}

// coded notes the status.
type coded struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (c *coded) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

// guard lets in who has the token.
func (s *Server) guard(h http.Handler) http.Handler {
	if s.Token == "" {
		return h
	}
	want := sha256.Sum256([]byte(s.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		have := sha256.Sum256([]byte(strings.TrimSpace(given)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(have[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="foretide"`)
			send(w, &httpapi.Problem{Status: http.StatusUnauthorized, Detail: "the header Authorization has no valid token; it is Bearer TOKEN"}, "")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// limit refuses what is more than there are places for.
func limit(places chan struct{}, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			h.ServeHTTP(w, r)
		default:
			send(w, &httpapi.Problem{Status: http.StatusServiceUnavailable, Detail: "too many requests at the same time", Retry: 1}, "")
		}
	})
}

// forecast answers as the Lambda function does.
func (s *Server) forecast(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	query := map[string]string{}
	for name, values := range r.URL.Query() {
		query[name] = strings.Join(values, ",")
	}
	request, err := httpapi.Parse(r.Method, query, r.Header.Get("Content-Type"), func() ([]byte, error) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, httpapi.MaxBody))
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, httpapi.TooLarge(-1)
		}
		return body, err
	})
	var out *httpapi.Answer
	if err == nil {
		out, err = (&httpapi.Answerer{Frame: s.frame, Models: known{s.Predictor}}).Forecast(ctx, request)
	}
	var body []byte
	if err == nil {
		body, err = json.Marshal(out)
	}
	if err != nil {
		reason, retry := httpapi.Reason(err)
		p, id := httpapi.ProblemOf(err, reason, retry), rand.Text()
		var own *httpapi.Problem // who came too early is no fault to be looked into
		if p.Status >= http.StatusInternalServerError && !errors.As(err, &own) {
			s.Log.Error("no forecast", "request", id, "status", p.Status, "reason", p.Reason, "error", err.Error())
		}
		send(w, p, id)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // who asked may be gone
}

// known are the checkpoints as the last cycle found them.
type known struct{ p *loader.Predictor }

// Fresh implements httpapi.Models.
func (k known) Fresh(context.Context, []loader.Key) (*loader.Predictor, error) { return k.p, nil }

func send(w http.ResponseWriter, p *httpapi.Problem, id string) {
	headers, body := p.Answer(id)
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // who asked may be gone
}

// health answers 200 where forecasts are fresh, and 503 with the reason where
// they are not. Who asks needs no token, and learns nothing of the inside.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	out := struct {
		Status   string `json:"status"`
		Series   int    `json:"series"`
		Forecast int    `json:"forecasts"`
	}{Status: "ok"}
	ok, why := s.healthy()
	s.mu.RLock()
	out.Forecast, out.Series = s.state.forecast, len(s.entries)
	s.mu.RUnlock()
	code := http.StatusOK
	if !ok {
		code, out.Status = http.StatusServiceUnavailable, why
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // of text and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // who asked may be gone
}
