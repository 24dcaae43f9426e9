package localstack

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-json"
)

// A Service runs functions. It is an http.Handler of the Invoke API, and under
// /url/NAME/ of the functions' URLs. Safe for concurrent use.
type Service struct {
	functions map[string]*Function
	mux       *http.ServeMux
	slots     chan struct{} // as many as may run at the same time
	Log       io.Writer     // takes the functions' logs; may be nil

	mu   sync.Mutex
	idle map[string][]*process
	all  map[*process]bool
	wg   sync.WaitGroup
}

// NewService returns a service of the functions, that runs at most so many at a time.
func NewService(concurrency int, functions ...Function) *Service {
	s := &Service{functions: map[string]*Function{}, slots: make(chan struct{}, concurrency), idle: map[string][]*process{}, all: map[*process]bool{}}
	for i := range functions {
		s.functions[functions[i].Name] = &functions[i]
	}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", s.serveInvoke)
	s.mux.HandleFunc("/url/{name}/{path...}", s.serveURL)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// A Result is what came of an invocation.
type Result struct {
	Payload []byte
	Failed  string // "Unhandled" where the function failed; its error is the payload
	Log     string
	Cold    bool
	Init    time.Duration // of a cold one
	Took    time.Duration // of the function, without Init
	Used    time.Duration // of processors, to a hundredth of a second
	Peak    int64         // bytes of memory that its process has had at most
	ID      string
}

// ErrNoFunction reports that there is no function of that name.
var ErrNoFunction = errors.New("lambda: no such function")

// Invoke invokes a function and waits for its answer.
func (s *Service) Invoke(ctx context.Context, name string, payload []byte) (Result, error) {
	f := s.functions[name]
	if f == nil {
		return Result{}, fmt.Errorf("%w: %s", ErrNoFunction, name)
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	p, cold, err := s.take(ctx, f)
	if err != nil {
		return Result{}, err
	}
	i := &invocation{id: id(), payload: payload, deadline: time.Now().Add(f.Timeout), answer: make(chan answer, 1)}
	began, used := time.Now(), p.used()
	a, err := p.invoke(ctx, i)
	r := Result{Payload: a.payload, Failed: a.failed, Cold: cold, Init: p.init, Took: time.Since(began), Used: p.used() - used, Peak: p.peak(), ID: i.id}
	if err != nil {
		s.drop(p)
		r.Failed = "Unhandled"
		r.Payload, _ = json.Marshal(map[string]string{"errorMessage": err.Error(), "errorType": "Sandbox.Timedout"})
	}
	r.Log = p.log.take()
	if s.Log != nil {
		_, _ = io.WriteString(s.Log, r.Log) // a log that is gone is no reason to fail
	}
	if err == nil {
		s.give(p)
	}
	return r, ctx.Err()
}

// take returns a process that waits for work: one that did some, or a new one.
func (s *Service) take(ctx context.Context, f *Function) (p *process, cold bool, err error) {
	s.mu.Lock()
	for n := len(s.idle[f.Name]); n > 0; n = len(s.idle[f.Name]) {
		p = s.idle[f.Name][n-1]
		s.idle[f.Name] = s.idle[f.Name][:n-1]
		select {
		case <-p.ended:
			delete(s.all, p)
		default:
			s.mu.Unlock()
			return p, false, nil
		}
	}
	s.mu.Unlock()
	if p, err = start(f); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	s.all[p] = true
	s.mu.Unlock()
	select {
	case <-p.ready:
		return p, true, nil
	case <-p.ended:
		err = fmt.Errorf("lambda: %s ended before it asked for work: %s", f.Name, p.log.take())
	case <-time.After(time.Minute): // the service gives ten seconds; this machine may be busy
		err = fmt.Errorf("lambda: %s did not ask for work within a minute: %s", f.Name, p.log.take())
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.drop(p)
	return nil, false, err
}

func (s *Service) give(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle[p.f.Name] = append(s.idle[p.f.Name], p)
}

func (s *Service) drop(p *process) {
	p.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, p)
}

// Close ends all processes.
func (s *Service) Close() {
	s.wg.Wait()
	s.mu.Lock()
	all := s.all
	s.all, s.idle = map[*process]bool{}, map[string][]*process{}
	s.mu.Unlock()
	for p := range all {
		p.stop()
	}
}

// id returns a request's id, of the form of a UUID.
func id() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// serveInvoke is the Invoke API.
func (s *Service) serveInvoke(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name") // or an ARN
	name = name[strings.LastIndexByte(name, ':')+1:]
	payload, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "InvalidRequestContentException", err.Error())
		return
	case len(payload) > maxAnswer:
		refuse(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", fmt.Sprintf("the payload has more than %d bytes", maxAnswer))
		return
	case s.functions[name] == nil:
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+arn(name))
		return
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	switch r.Header.Get("X-Amz-Invocation-Type") {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	case "Event":
		s.wg.Go(func() { _, _ = s.Invoke(context.Background(), name, payload) }) // the log has what came of it
		w.WriteHeader(http.StatusAccepted)
	default:
		s.answer(w, r, name, payload)
	}
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request, name string, payload []byte) {
	out, err := s.Invoke(r.Context(), name, payload)
	if err != nil {
		refuse(w, http.StatusBadGateway, "ServiceException", err.Error())
		return
	}
	h := w.Header()
	h.Set("X-Amzn-RequestId", out.ID)
	h.Set("X-Amz-Executed-Version", "$LATEST")
	h.Set("Content-Type", "application/json")
	if out.Failed != "" {
		h.Set("X-Amz-Function-Error", out.Failed)
	}
	if r.Header.Get("X-Amz-Log-Type") == "Tail" {
		h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString([]byte(out.Log[max(0, len(out.Log)-4096):])))
	}
	_, _ = w.Write(out.Payload) // the caller is gone
}

func refuse(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("X-Amzn-ErrorType", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": text, "message": text}) // the caller is gone
}

// serveURL turns a request into an event of payload format 2.0, and the answer
// into a response.
func (s *Service) serveURL(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	headers, query := map[string]string{}, map[string]string{}
	for k, v := range r.Header {
		headers[strings.ToLower(k)] = strings.Join(v, ",")
	}
	for k, v := range r.URL.Query() {
		query[k] = strings.Join(v, ",")
	}
	event := map[string]any{
		"version": "2.0", "rawPath": "/" + r.PathValue("path"), "rawQueryString": r.URL.RawQuery, "headers": headers, "queryStringParameters": query,
		"requestContext":  map[string]any{"http": map[string]any{"method": r.Method, "path": "/" + r.PathValue("path"), "protocol": r.Proto}},
		"isBase64Encoded": !utf8.Valid(body), "body": string(body),
	}
	if !utf8.Valid(body) {
		event["body"] = base64.StdEncoding.EncodeToString(body)
	}
	payload, _ := json.Marshal(event) // text and numbers
	out, err := s.Invoke(r.Context(), name, payload)
	var response struct {
		Status  int               `json:"statusCode"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	switch {
	case errors.Is(err, ErrNoFunction):
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	case err != nil || out.Failed != "" || json.Unmarshal(out.Payload, &response) != nil || response.Status == 0:
		http.Error(w, `{"message":"Internal Server Error"}`, http.StatusBadGateway)
		return
	}
	for k, v := range response.Headers {
		w.Header().Set(k, v)
	}
	w.WriteHeader(response.Status)
	_, _ = io.WriteString(w, response.Body) // the caller is gone
}

// Names returns the functions' names, sorted.
func (s *Service) Names() []string {
	var out []string
	for n := range s.functions {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
