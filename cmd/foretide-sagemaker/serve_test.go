package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// endpoint serves a model of one checkpoint, cpu of web.
func endpoint(t testing.TB, change func(*options)) (*server, *testkit.Buffer) {
	t.Helper()
	task := forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	dir := t.TempDir()
	model := filepath.Join(dir, "model")
	if _, err := loader.Save(context.Background(), store.Folder{Path: model}, loader.NewCheckpoint(naive.Unfitted(task, 0), "web", codec.Provenance{})); err != nil {
		t.Fatal(err)
	}
	o, err := optionsOf(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	log := &testkit.Buffer{}
	s, err := newServer(context.Background(), sagemaker.Layout(dir), o, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// window is a request of one window, an hour of cpu.
func window(container string, more string) string {
	return fmt.Sprintf(`{"container": %q, "window": {"start": %d, "step": 300, "values": {"cpu": [1,2,3,2,1,2,3,2,1,null,3,2]}}%s}`, container, start, more)
}

// send sends a request; headers are pairs of names and values.
func send(s *server, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	return w
}

// TestServeFormats: the same forecasts in every format.
func TestServeFormats(t *testing.T) {
	s, _ := endpoint(t, nil)
	asked := "metric=cpu; horizon=5m,15m; trace=c000"
	one := send(s, window("web", `, "horizons": ["5m", "15m"]`), "Content-Type", kindJSON)
	var want httpapi.Answer
	if err := json.Unmarshal(one.Body.Bytes(), &want); err != nil || one.Code != 200 || len(want.Forecasts) != 1 || len(want.Forecasts[0].Horizons) != 2 || want.Forecasts[0].Horizons[0].Model != "naive" {
		t.Fatalf("%d %s", one.Code, one.Body)
	}
	text := func(v any) string { return string(marshal(v)) }
	lines := send(s, window("web", "")+"\n\n"+window("db", `, "horizons": ["1h"]`)+"\n", "Content-Type", "application/x-jsonlines", "Accept", kindLines, attributesHeader, asked)
	rows := strings.Split(strings.TrimSpace(lines.Body.String()), "\n")
	if lines.Code != 200 || len(rows) != 2 || rows[0] != text(want) || !strings.Contains(rows[1], "no_checkpoint") || lines.Header().Get("Content-Type") != kindLines {
		t.Errorf("lines: %d\n%s\nnot\n%s", lines.Code, lines.Body, text(want))
	}
	file := "timestamp,container,cpu\n"
	for i, v := range []string{"1", "2", "3", "2", "1", "2", "3", "2", "1", "", "3", "2"} {
		file += fmt.Sprintf("%d,web,%s\n", start+300*i, v)
	}
	var all struct {
		Forecasts []httpapi.Forecast
		Failed    []failure
	}
	got := send(s, file, "Content-Type", "text/csv; charset=utf-8", "Accept", "application/json", attributesHeader, asked)
	if err := json.Unmarshal(got.Body.Bytes(), &all); err != nil || got.Code != 200 || text(all.Forecasts) != text(want.Forecasts) || len(all.Failed) != 0 {
		t.Errorf("CSV to JSON: %d %s", got.Code, got.Body)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, file) // into memory
	_ = z.Close()
	plain, packed := send(s, file, "Content-Type", kindCSV, "Accept", "*/*", attributesHeader, asked), send(s, zipped.String(), "Content-Type", kindCSV, attributesHeader, asked)
	table, err := csv.NewReader(strings.NewReader(plain.Body.String())).ReadAll()
	h := want.Forecasts[0].Horizons[1]
	if err != nil || len(table) != 3 || table[2][0] != "web" || table[2][3] != "900" || table[2][5] != fmt.Sprint(h.Median) || table[2][8] != fmt.Sprint(h.Hi80) || plain.Body.String() != packed.Body.String() {
		t.Errorf("CSV: %v\n%s\n%s", err, plain.Body, packed.Body)
	}
	if from := send(s, window("web", ""), "Content-Type", kindJSON, "Accept", "text/csv", attributesHeader, asked); from.Body.String() != plain.Body.String() {
		t.Errorf("JSON to CSV: %s", from.Body)
	}
	if from := send(s, file, "Content-Type", kindCSV, "Accept", "image/png, application/jsonlines;q=0.5", attributesHeader, asked); from.Body.String() != text(want)+"\n" {
		t.Errorf("CSV to lines: %s", from.Body)
	}
	defaults, _ := endpoint(t, func(o *options) { o.ask = ask{[]string{"cpu"}, []string{"5m"}} })
	if from := send(defaults, window("web", "")); strings.Count(from.Body.String(), "horizon_s") != 1 {
		t.Errorf("with the endpoint's horizons: %s", from.Body)
	}
}

// TestServeRefuses: what cannot be is the caller's error, and says what can be.
func TestServeRefuses(t *testing.T) {
	s, _ := endpoint(t, func(o *options) { o.bytes = 1 << 20 })
	wide := "timestamp,container,cpu\n1,web,1\n2,web,1\n3,web,1\n2000000000,web,1\n"
	for _, c := range []struct {
		name, body, kind, accept, attributes string
		status                               int
		detail                               string
	}{
		{"kind", "x", "image/png", "", "", 415, "it is text/csv, application/json or application/jsonlines"},
		{"accept", window("web", ""), kindJSON, "image/png", "", 406, "there is text/csv"},
		{"JSON", "{", kindJSON, "", "", 400, "JSON"},
		{"no window", `{"container": "web"}`, kindJSON, "", "", 400, "an endpoint has no samples of its own"},
		{"field", `{"windows": {}}`, kindJSON, "", "", 400, "is not known"},
		{"metric", window("web", `, "metrics": ["memory"]`), kindJSON, "", "", 400, "memory"},
		{"horizon", window("web", `, "horizons": ["5h"]`), kindJSON, "", "", 422, "no forecast 5h ahead"},
		{"attributes", window("web", ""), kindJSON, "", "horizon=soon", 400, "a horizon is a time ahead"},
		{"no lines", "\n\n", kindLines, "", "", 400, "no line"},
		{"many lines", strings.Repeat("{}\n", maxLines+1), kindLines, "", "", 413, "the limit is 10000"},
		{"large", strings.Repeat(" ", 1<<20+1), kindJSON, "", "", 413, "more than 1048576 bytes"},
		{"large CSV", "timestamp,container,cpu\n" + strings.Repeat("1,web,1\n", 1<<17), kindCSV, "", "", 413, "more than 1048576 bytes"},
		{"CSV", "a,b\n1,2\n", kindCSV, "", "", 400, "body:1: "},
		{"number", "timestamp,container,cpu\n300,web,high\n", kindCSV, "", "", 400, `body:2: column "cpu"`},
		{"span", wide, kindCSV, "", "", 413, "body"},
		{"nothing", "timestamp,container,memory\n300,web,1\n", kindCSV, "", "metric=cpu", 400, "no value of the metrics"},
	} {
		headers := []string{"Content-Type", c.kind}
		if c.accept != "" {
			headers = append(headers, "Accept", c.accept)
		}
		if c.attributes != "" {
			headers = append(headers, attributesHeader, c.attributes)
		}
		w := send(s, c.body, headers...)
		var p httpapi.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Status != c.status || !strings.Contains(p.Detail, c.detail) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, not %d %s", c.name, w.Code, w.Body, c.status, c.detail)
		}
	}
	// Of many records the bad ones are told of in their place.
	w := send(s, window("web", "")+"\n{\n"+window("web", `, "horizons": ["5h"]`), "Content-Type", kindLines)
	rows := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if w.Code != 200 || len(rows) != 3 || !strings.Contains(rows[0], "horizon_s") || !strings.Contains(rows[1], `"status":400`) || !strings.Contains(rows[2], `"status":422`) || w.Header().Get(attributesHeader) != "failed=2" {
		t.Errorf("lines: %d %v\n%s", w.Code, w.Header(), w.Body)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "body-*.csv")); len(left) > 50 {
		t.Errorf("bodies are left: %v", left)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{{"GET", "/ping", 200}, {"GET", "/execution-parameters", 200}, {"GET", "/invocations", 405}, {"POST", "/", 404}} {
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status {
			t.Errorf("%s %s: %d", c.method, c.path, w.Code)
		}
	}
}

// TestServeInside: a damaged checkpoint is the model's failure, of which a caller
// learns no more; other series are forecast.
func TestServeInside(t *testing.T) {
	s, log := endpoint(t, nil)
	dir := t.TempDir()
	if err := (store.Folder{Path: filepath.Join(dir, "model")}).Put(t.Context(), "cpu/web.ckpt", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	broken, err := newServer(t.Context(), sagemaker.Layout(dir), s.options, s.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{kindJSON, kindLines} {
		w := send(broken, window("web", ""), "Content-Type", kind)
		if w.Code != 500 || strings.Contains(w.Body.String(), "web.ckpt") || !strings.Contains(log.String(), "web.ckpt") {
			t.Errorf("%s: %d %s\n%s", kind, w.Code, w.Body, log)
		}
	}
	w := send(broken, "timestamp,container,cpu\n300,web,1\n600,web,1\n300,db,1\n600,db,1\n", "Content-Type", kindCSV, "Accept", kindJSON)
	if w.Code != 200 || w.Header().Get(attributesHeader) != "failed=1" || strings.Contains(w.Body.String(), "web.ckpt") || !strings.Contains(w.Body.String(), `"failed":[{"container":"web","metric":"cpu","status":500`) {
		t.Errorf("CSV: %d %s", w.Code, w.Body)
	}
}

// TestServeTurns: no more are answered at the same time than there may be; others
// wait, and are refused where too many do.
func TestServeTurns(t *testing.T) {
	s, _ := endpoint(t, func(o *options) { o.concurrent = 2 })
	for range 2 {
		s.places <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range mostWait {
		wg.Go(func() {
			if _, err := s.turn(ctx); err == nil {
				t.Error("a turn where there is no place")
			}
		})
	}
	for s.waiting.Load() < mostWait {
		runtime.Gosched()
	}
	if w := send(s, window("web", "")); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("with all places taken: %d %s", w.Code, w.Body)
	}
	cancel()
	wg.Wait()
	<-s.places
	<-s.places
	var codes [8]int
	for i := range codes {
		wg.Go(func() { codes[i] = send(s, window("web", "")).Code })
	}
	wg.Wait()
	for _, code := range codes {
		if code != 200 {
			t.Errorf("codes %v", codes)
		}
	}
}

// TestServeProcess: the program as SageMaker starts it, over a model without a
// checkpoint, until SIGTERM.
func TestServeProcess(t *testing.T) {
	cmd := exec.Command(os.Args[0], "serve", "--prefix", t.TempDir())
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_MAIN=1", "SAGEMAKER_BIND_TO_PORT=0")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	var told, url string
	lines := bufio.NewScanner(stderr)
	for url == "" && lines.Scan() {
		told += lines.Text() + "\n"
		if m := regexp.MustCompile(`address=\S*:(\d+)`).FindStringSubmatch(lines.Text()); m != nil {
			url = "http://127.0.0.1:" + m[1]
		}
	}
	get, err := http.Get(url + "/ping")
	if err != nil || get.StatusCode != 200 {
		t.Fatal(err, told)
	}
	get.Body.Close()
	r, err := http.Post(url+"/invocations", kindJSON, strings.NewReader(window("web", "")))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil || r.StatusCode != 200 || !strings.Contains(string(body), "no_checkpoint") || !strings.Contains(told, "no_checkpoint") {
		t.Errorf("%v %d %s\n%s", err, r.StatusCode, body, told)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestServeSettings: an environment that cannot be is refused at the start.
func TestServeSettings(t *testing.T) {
	for name, value := range map[string]string{"SAGEMAKER_BIND_TO_PORT": "http", "FORETIDE_MAX_PAYLOAD_MB": "101", "FORETIDE_CONCURRENCY": "0", "FORETIDE_HORIZONS": "soon"} {
		if _, err := optionsOf(func(n string) string { return map[string]string{name: value}[n] }); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	o, err := optionsOf(func(n string) string { return map[string]string{"FORETIDE_HORIZONS": "5m, 15m"}[n] })
	if err != nil || o.port != 8080 || len(o.ask.horizons) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
}

// FuzzInvocation: any request is answered or refused, and is no server's failure.
func FuzzInvocation(f *testing.F) {
	f.Add(kindJSON, "", "", window("web", ""))
	f.Add(kindLines, kindCSV, "metric=cpu;horizon=5m", window("web", "")+"\n{}\n")
	f.Add(kindCSV, kindLines, "horizon=15m", "timestamp,container,cpu\n300,web,1\n600,web,2\n")
	f.Add("text/csv; a=b", "*/*", "=;=", "timestamp,container,cpu,memory\n2024-08-01T00:00:00Z,\"w\"\"eb\",,1e308\n")
	s, _ := endpoint(f, func(o *options) { o.bytes = 1 << 16 })
	f.Fuzz(func(t *testing.T, kind, accept, attributes, body string) {
		w := send(s, body, "Content-Type", kind, "Accept", accept, attributesHeader, attributes)
		if w.Code >= 500 || w.Code < 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w.Code == 200 && w.Header().Get("Content-Type") == kindJSON && !json.Valid(w.Body.Bytes()) {
			t.Errorf("no JSON: %s", w.Body)
		}
	})
}
