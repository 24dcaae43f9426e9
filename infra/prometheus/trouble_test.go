package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// direct returns what an export writes without any trouble.
func direct(t *testing.T, o request) string {
	t.Helper()
	o.URL = server(t)
	export(t, o)
	defer os.Remove(o.Path)
	return readText(t, o.Path)
}

// notes collects why an export waited.
func notes(o *request) func() string {
	var all []string
	o.Progress = func(p Progress) {
		if p.Waiting != "" {
			all = append(all, p.Waiting)
		}
	}
	return func() string { return strings.Join(all, "\n") }
}

func TestServerDown(t *testing.T) {
	t.Parallel()
	address, err := servers.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, "http://"+address, began, began+600)
	waited := notes(&o)
	_, err = read(o)
	if !errors.Is(err, ErrUnreachable) || !strings.HasSuffix(err.Error(), "connection refused (tried 6 times)") {
		t.Errorf("got %v, want %v", err, ErrUnreachable)
	}
	if n := strings.Count(waited(), "connection refused; asking again in "); n != 5 {
		t.Errorf("%d of 5 waits are told:\n%s", n, waited())
	}
}

// TestServerRestarts: the server crashes in the middle and comes back.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	servers.NeedPrometheus(t)
	own, err := servers.StartPrometheus(func(w io.Writer) {
		emit(w, `container_memory_working_set_bytes{id="/docker/l",name="long",instance="h1"}`, longBegan, longSamples,
			func(i int64, _ float64) float64 { return float64(i) })
	}, servers.PrometheusOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Stop()
	o := options(t, own.URL, longBegan, longBegan+longSamples*scrape-scrape)
	o.FirstWait, o.Attempts = 100*time.Millisecond, 12
	var crash, comeBack sync.Once
	var back sync.WaitGroup
	waited := ""
	o.Progress = func(p Progress) {
		if p.Rows > 1000 {
			crash.Do(own.Kill)
		}
		if waited += p.Waiting; p.Waiting != "" {
			comeBack.Do(func() {
				back.Go(func() {
					if err := own.Restart(); err != nil {
						t.Errorf("the server does not start again: %v", err)
					}
				})
			})
		}
	}
	export(t, o)
	back.Wait()
	rows := readRows(t, o.Path)
	if len(rows) != longSamples || !strings.Contains(waited, "asking again") {
		t.Fatalf("%d rows, want %d; waited: %s", len(rows), longSamples, waited)
	}
	for i, r := range rows {
		if r.t != longBegan+int64(i)*scrape || r.values["memory"] != float64(i) {
			t.Fatalf("row %d is %+v", i, r)
		}
	}
}

// cutting passes connections on to the server and cuts the i-th after limits[i]
// bytes of what it answers, as a crash or a firewall does; those after the last
// limit are whole, or as the last where always is set.
func cutting(t *testing.T, to string, always bool, limits ...int64) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	backend := strings.TrimPrefix(to, "http://")
	go func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			limit := int64(1 << 60)
			if i < len(limits) {
				limit = limits[i]
			} else if always {
				limit = limits[len(limits)-1]
			}
			go pass(c.(*net.TCPConn), backend, limit, i%2 == 0)
		}
	}()
	return "http://" + l.Addr().String()
}

// pass joins a connection with the server's, until limit bytes came back.
func pass(c *net.TCPConn, backend string, limit int64, reset bool) {
	defer c.Close()
	b, err := net.Dial("tcp", backend)
	if err != nil {
		return
	}
	defer b.Close()
	go io.Copy(b, c) // ends when either is closed
	if n, _ := io.CopyN(c, b, limit); n == limit && reset {
		_ = c.SetLinger(0) // "connection reset by peer"
	}
}

// TestAnswersHalf: a connection that is cut within an answer costs a repetition
// and no data.
func TestAnswersHalf(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+3600)
	want := direct(t, o)
	// Within a header, within a body, at the first byte, before it.
	o.URL = cutting(t, o.URL, false, 20, 2500, 1, 700, 0, 5000)
	waited := notes(&o)
	export(t, o)
	if got := readText(t, o.Path); got != want {
		t.Errorf("got %d bytes of rows, want the %d that the server gives without a cut", len(got), len(want))
	}
	if n := strings.Count(waited(), "asking again"); n < 4 {
		t.Errorf("%d waits:\n%s", n, waited())
	}
	os.Remove(o.Path)
	o.URL = cutting(t, server(t), true, 3000, 200)
	_, err := read(o)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "(tried 6 times)") {
		t.Errorf("cut always: %v", err)
	}
	if _, err := os.Stat(o.Path); !os.IsNotExist(err) {
		t.Error("half an answer became a file")
	}
}

// front serves the real server behind a handler that may answer instead; it
// returns false where it did not.
func front(t *testing.T, answer func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	to, err := url.Parse(server(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorLog = nil
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // an error makes the form empty
		r.Body = io.NopCloser(bytes.NewReader(body))
		_ = r.ParseForm()
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !answer(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// points is how many points of each series a request asks for.
func points(r *http.Request) int {
	var from, to, step float64
	fmt.Sscan(r.Form.Get("start"), &from)
	fmt.Sscan(r.Form.Get("end"), &to)
	if fmt.Sscan(r.Form.Get("step"), &step); step == 0 {
		return 1
	}
	return int((to-from)/step) + 1
}

// TestAsksForPatience: gateways that are overloaded or have no server behind
// them for a while.
func TestAsksForPatience(t *testing.T) {
	o := options(t, server(t), began, began+600)
	want := direct(t, o)
	var n atomic.Int32
	o.URL = front(t, func(w http.ResponseWriter, _ *http.Request) bool {
		switch n.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		case 3:
			http.Error(w, "<html>upstream</html>", http.StatusBadGateway)
		case 4:
			http.Error(w, "none", http.StatusServiceUnavailable)
		case 6:
			w.Header().Set("Retry-After", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			http.Error(w, "soon", http.StatusServiceUnavailable)
		case 8:
			http.Error(w, "late", http.StatusGatewayTimeout)
		case 10: // an answer without the length that would show the cut
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"name":"web`)
		default:
			return false
		}
		return true
	})
	waited := notes(&o)
	begin := time.Now()
	export(t, o)
	if time.Since(begin) < time.Second {
		t.Errorf("it took %v, want the second that the server asked for", time.Since(begin))
	}
	if got := readText(t, o.Path); got != want {
		t.Errorf("got %d bytes of rows, want the %d that the server gives without trouble", len(got), len(want))
	}
	for _, text := range []string{"429 Too Many Requests; asking again in 1s", "server error: 502", "server error: 503", "503 Service Unavailable;", "server error: 504", "a part of it"} {
		if !strings.Contains(waited(), text) {
			t.Errorf("no word of %q in\n%s", text, waited())
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "86400": maxPause,
		"99999999999999999999": 0, "Fri, 31 Dec 9999 23:59:59 GMT": maxPause, "Fri, 31 Dec 1999 23:59:59 GMT": 0} {
		if got := retryAfter(header); got != want {
			t.Errorf("Retry-After: %s is %v, want %v", header, got, want)
		}
	}
}

// TestAsksForLess: what is too slow or too large is asked for in smaller pages.
func TestAsksForLess(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+900)
	want := direct(t, o)
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"slow": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		},
		"times out": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`)
		},
		"large": func(w http.ResponseWriter, _ *http.Request) {
			line := bytes.Repeat([]byte(" "), 1<<20)
			for range maxBody>>20 + 1 {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		},
		"413": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) },
	} {
		t.Run(name, func(t *testing.T) {
			o.Timeout = time.Minute
			if name == "slow" {
				o.Timeout = time.Second
			}
			o.URL = front(t, func(w http.ResponseWriter, r *http.Request) bool {
				if points(r) <= 8 {
					return false
				}
				answer(w, r)
				return true
			})
			export(t, o)
			if got := readText(t, o.Path); got != want {
				t.Errorf("got %d bytes of rows, want the %d that the server gives at once", len(got), len(want))
			}
		})
	}
}

// TestNotPrometheus: what no repetition mends ends at once.
func TestNotPrometheus(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		text   string
	}{
		"wrong path": {func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "the URL is that of the server, with any path that is before /api"},
		"teapot":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, "client error: 418"},
		"other host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/login", http.StatusTemporaryRedirect)
		}, "the server redirects to http://127.0.0.1:1/login"},
		"other place": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/prom/api", http.StatusFound) }, "the server redirects to http://127.0.0.1"},
	} {
		asked := 0
		o := options(t, front(t, func(w http.ResponseWriter, r *http.Request) bool { asked++; tt.answer(w, r); return true }), began, began+600)
		_, err := read(o)
		if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), tt.text) || asked != 1 {
			t.Errorf("%s: asked %d times, got %v", name, asked, err)
		}
	}
}

// TestAnswersOtherTimes: values that were not asked for would come twice, or
// between two rows.
func TestAnswersOtherTimes(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]string{
		"doubled":  `[1714521600,"1"],[1714521600,"1"]`,
		"between":  `[1714521607,"1"]`,
		"before":   `[1714521585,"1"]`,
		"after":    `[1714525200,"1"]`,
		"fraction": `[1714521600.5,"1"]`,
	} {
		o := options(t, front(t, func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"name":"web"},"values":[%s]}]}}`, values)
			return true
		}), began, began+60) // one page
		o.RateWindow, o.Preset, o.Queries = time.Minute, NoPreset, []Query{{"cpu", "x"}}
		_, err := read(o)
		if !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), "which was not asked for") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
