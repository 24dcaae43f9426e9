package s3_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// A proxy stands before the real server and spoils some requests.
type proxy struct {
	forward *httputil.ReverseProxy
	fault   atomic.Pointer[fault]
	spoiled atomic.Int64 // by times
}

// A fault answers a request itself and returns true, or leaves it to the
// server.
type fault func(p *proxy, w http.ResponseWriter, r *http.Request) bool

// newProxy starts one, which the environment then names as the server.
func newProxy(t testing.TB, server *servers.S3) *proxy {
	t.Helper()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{forward: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) }}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := p.fault.Load(); f != nil && (*f)(p, w, r) {
			return
		}
		p.forward.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", s.URL)
	return p
}

// set spoils requests from now on; nil none.
func (p *proxy) set(f fault) {
	p.spoiled.Store(0)
	if f == nil {
		p.fault.Store(nil)
		return
	}
	p.fault.Store(&f)
}

// times spoils the first n requests of a method and of keys with a part.
func times(n int64, method, part string, f fault) fault {
	var count atomic.Int64
	return func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || !strings.Contains(r.URL.Path, part) || count.Add(1) > n {
			return false
		}
		p.spoiled.Add(1)
		return f(p, w, r)
	}
}

// answer says what S3 says of a condition.
func answer(status int, code, message string) fault {
	return func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body) // as far as it comes
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"+code+"</Code><Message>"+message+"</Message></Error>")
		return true
	}
}

// cut ends the connection without an answer.
func cut(_ *proxy, _ http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) }

// cutUpload ends the connection amid the request.
func cutUpload(_ *proxy, _ http.ResponseWriter, r *http.Request) bool {
	_, _ = io.CopyN(io.Discard, r.Body, 100)
	panic(http.ErrAbortHandler)
}

// loseAnswer lets the server carry the request out and ends the connection.
func loseAnswer(p *proxy, _ http.ResponseWriter, r *http.Request) bool {
	p.forward.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// half sends a half of the server's answer, and then does what then says.
func half(then func(r *http.Request)) fault {
	return func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
		rec := httptest.NewRecorder()
		p.forward.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = io.Copy(w, bytes.NewReader(rec.Body.Bytes()[:rec.Body.Len()/2]))
		w.(http.Flusher).Flush()
		then(r)
		panic(http.ErrAbortHandler)
	}
}
