package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

const (
	answerTime = 55 * time.Second // SageMaker waits for 60
	stopTime   = 25 * time.Second // and ends the container 30 after SIGTERM
	mostWait   = 256              // requests that wait for their turn
	maxMB      = 100              // of a request: what a batch transform may send
)

// options are the settings of an endpoint, from its environment.
type options struct {
	port       int
	bytes      int64 // of a request
	concurrent int
	ask        ask // for requests that do not say it themselves
}

// optionsOf reads the environment.
func optionsOf(getenv func(string) string) (o options, err error) {
	number := func(name string, otherwise, from, most int) int {
		text := getenv(name)
		if text == "" {
			return otherwise
		}
		n, e := strconv.Atoi(text)
		if (e != nil || n < from || n > most) && err == nil {
			err = fmt.Errorf("%s is %.40q; it is a whole number from %d to %d", name, text, from, most)
		}
		return n
	}
	o.port = number("SAGEMAKER_BIND_TO_PORT", 8080, 0, 65535)
	o.bytes = int64(number("FORETIDE_MAX_PAYLOAD_MB", 25, 1, maxMB)) << 20
	o.concurrent = number("FORETIDE_CONCURRENCY", 2*runtime.GOMAXPROCS(0), 1, 1000)
	o.ask = ask{metrics: words(getenv("FORETIDE_METRICS")), horizons: words(getenv("FORETIDE_HORIZONS"))}
	if e := o.ask.check(); e != nil && err == nil {
		err = fmt.Errorf("FORETIDE_METRICS or FORETIDE_HORIZONS: %w", e)
	}
	return o, err
}

// A server answers for an endpoint. It is safe for concurrent use.
type server struct {
	options
	models  *loader.Predictor
	log     *slog.Logger
	places  chan struct{}
	waiting atomic.Int64
}

// serve answers until the context ends, and then what it was asked by then.
func serve(ctx context.Context, layout sagemaker.Layout, errOut io.Writer) error {
	o, err := optionsOf(os.Getenv)
	if err != nil {
		return err
	}
	s, err := newServer(ctx, layout, o, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", ":"+strconv.Itoa(o.port))
	if err != nil {
		return err
	}
	s.log.Info("serving", "version", loader.BuildVersion(), "address", l.Addr().String(), "model", layout.Model(), "checkpoints", len(s.models.Keys()),
		"concurrent", o.concurrent, "max_mb", o.bytes>>20)
	return s.run(ctx, l)
}

// newServer opens the model. A folder without checkpoints is one too: the network
// in the box serves then, and its forecasts say so.
func newServer(ctx context.Context, layout sagemaker.Layout, o options, log *slog.Logger) (*server, error) {
	models, err := loader.New(ctx, store.Folder{Path: layout.Model()})
	if err != nil {
		return nil, err
	}
	for _, name := range models.Ignored() {
		if strings.HasSuffix(name, ".ckpt") {
			log.Warn("a checkpoint that does not serve: it is not METRIC/CONTAINER.ckpt at the top of the model; make one with: foretide checkpoint pack", "name", name)
		}
	}
	if len(models.Keys()) == 0 {
		log.Warn("the model has no checkpoint: the network in the box serves (no_checkpoint)", "model", layout.Model())
	}
	return &server{options: o, models: models, log: log, places: make(chan struct{}, o.concurrent)}, nil
}

func (s *server) run(ctx context.Context, l net.Listener) error {
	h := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: answerTime, WriteTimeout: 2 * answerTime,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	end, done := context.WithTimeout(context.Background(), stopTime)
	defer done()
	if h.Shutdown(end) != nil {
		_ = h.Close() // what is not answered by now is broken off
	}
	return nil
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /execution-parameters", s.parameters)
	mux.HandleFunc("POST /invocations", s.invocations)
	return mux
}

// parameters tells a batch transform how to ask, where its creator has not.
func (s *server) parameters(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"MaxConcurrentTransforms": %d, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": %d}`+"\n",
		s.concurrent, min(s.bytes>>20, 6))
}

// turn waits for the request's turn.
func (s *server) turn(ctx context.Context) (done func(), err error) {
	busy := &httpapi.Problem{Status: http.StatusServiceUnavailable, Detail: "too many requests at the same time", Retry: 1}
	if s.waiting.Add(1) > mostWait {
		s.waiting.Add(-1)
		return nil, busy
	}
	defer s.waiting.Add(-1)
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places }, nil
	case <-ctx.Done():
		return nil, busy
	}
}

func (s *server) invocations(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	done, err := s.turn(ctx)
	if err != nil {
		s.refuse(w, err)
		return
	}
	defer done()
	out, err := s.answer(ctx, r.Header, http.MaxBytesReader(w, r.Body, s.bytes))
	if err != nil {
		s.refuse(w, err)
		return
	}
	if out.failed > 0 {
		w.Header().Set(attributesHeader, "failed="+strconv.Itoa(out.failed))
	}
	w.Header().Set("Content-Type", out.kind)
	_, _ = w.Write(out.body) // who asked may be gone
}

// refuse answers with the problem that an error is to the caller.
func (s *server) refuse(w http.ResponseWriter, err error) {
	id := rand.Text()
	p := s.problem(err, id)
	headers, body := p.Answer(id)
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // who asked may be gone
}

// problem says what an error is to the caller; what is not the caller's own is in
// the log under the id.
func (s *server) problem(err error, id string) *httpapi.Problem {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &httpapi.Problem{Status: http.StatusRequestEntityTooLarge, Reason: event.TooLarge,
			Detail: fmt.Sprintf("the body has more than %d bytes (FORETIDE_MAX_PAYLOAD_MB); split it", large.Limit)}
	}
	reason, retry := httpapi.Reason(err)
	p := httpapi.ProblemOf(err, reason, retry)
	if p.Status >= http.StatusInternalServerError {
		s.log.Error("no forecast", "request", id, "status", p.Status, "reason", reason, "error", err.Error())
	}
	return p
}

// Fresh implements httpapi.Models: the model of an endpoint never changes.
func (s *server) Fresh(context.Context, []loader.Key) (*loader.Predictor, error) {
	return s.models, nil
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of text and finite numbers
	}
	return b
}
