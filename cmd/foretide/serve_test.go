package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// A served is a "foretide serve" that reads a real Prometheus, which scrapes it.
type served struct {
	url, token string
	prom       *servers.Prometheus
	stop       context.CancelFunc
	ended      chan int
	log        *testkit.Buffer
}

// newServed starts both. The pool's last two days end now.
func newServed(t *testing.T, args ...string) *served {
	t.Helper()
	servers.NeedPrometheus(t)
	address, err := servers.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs("../../infra/grafana/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{url: "http://" + address, token: "s3cret", ended: make(chan int, 1), log: &testkit.Buffer{}}
	config := fmt.Sprintf(`global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: foretide
    honor_labels: true
    authorization: {credentials: %s}
    static_configs: [{targets: [%q]}]
`, rules, s.token, address)
	if s.prom, err = servers.StartPrometheus(recentSamples, servers.PrometheusOptions{Config: config}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.prom.Stop)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(s.token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	t.Cleanup(stop)
	args = append([]string{"serve", "--url", s.prom.URL, "--listen", address, "--listen-token-file", token, "--every", "1s",
		"--history", "48h", "--delay", "0s", "--warm", "1h"}, args...)
	go func() { s.ended <- run(ctx, args, strings.NewReader(""), io.Discard, s.log) }()
	return s
}

// recentSamples writes the pool's CPU and memory as if they ended now, and half of
// them as another container's.
func recentSamples(w io.Writer) {
	rows := poolRows()
	now := time.Now().Unix() / 60 * 60
	var cpu, memory [2]strings.Builder
	counter := 0.0
	for _, r := range rows {
		if r.t < poolEnd-2*86400 {
			continue
		}
		counter += 60 * r.cpu
		at := r.t - poolEnd + now
		for i, name := range []string{"pool", "half"} {
			servers.Sample(&cpu[i], `container_cpu_usage_seconds_total{name="`+name+`",instance="h1"}`, counter/float64(1+i), at)
			servers.Sample(&memory[i], `container_memory_working_set_bytes{name="`+name+`",instance="h1"}`, r.memory/float64(1+i), at)
		}
	}
	fmt.Fprint(w, cpu[0].String(), cpu[1].String(), memory[0].String(), memory[1].String())
}

// get asks for a path with the token.
func (s *served) get(t *testing.T, path, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// wait waits until something holds.
func (s *served) wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not after 90 s: %s\n%s", what, s.log)
}

// TestServe: forecasts over HTTP and for Prometheus, who is let in, a checkpoint
// that comes and goes, every query of the dashboard, and a graceful end.
func TestServe(t *testing.T) {
	store := t.TempDir()
	// The store has one checkpoint from the start, of another container.
	trainInto(t, store, "half", "memory")
	s := newServed(t, "--store", store)
	s.wait(t, "healthy", func() bool { code, _ := s.get(t, "/healthz", ""); return code == 200 })

	for path, want := range map[string]int{
		"/forecast?container=pool&metric=cpu&horizon=15m": 200, "/forecast?container=gone": 404, "/forecast?container=pool&metric=cup": 404,
		"/forecast": 400, "/metrics": 200, "/nothing": 404,
	} {
		if code, body := s.get(t, path, s.token); code != want {
			t.Errorf("%s: %d %.300s", path, code, body)
		}
		if code, body := s.get(t, path, "s3cre"); code != 401 && want != 404 {
			t.Errorf("%s with a wrong token: %d %.300s", path, code, body)
		}
	}
	if model := s.model(t); model != "network" && !strings.Contains(model, "general") {
		t.Logf("without a checkpoint: %s", model)
	}
	s.dashboard(t)
	s.reload(t, store)

	s.stop()
	select {
	case code := <-s.ended:
		if code != exitOK {
			t.Errorf("exit code %d\n%s", code, s.log)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("it does not stop\n%s", s.log)
	}
	if log := s.log.String(); strings.Contains(log, s.token) || !strings.Contains(log, "stopping") {
		t.Errorf("the log: %s", log)
	}
}

// model returns the reasons of the pool's forecast.
func (s *served) model(t *testing.T) string {
	t.Helper()
	code, body := s.get(t, "/forecast?container=pool&metric=cpu&horizon=15m", s.token)
	var a struct {
		Container string `json:"container"`
		Forecasts []struct {
			Metric   string `json:"metric"`
			Horizons []struct {
				Seconds      int      `json:"horizon_s"`
				Lo80, Median float64  `json:"-"`
				Model        string   `json:"model"`
				Reasons      []string `json:"reasons"`
			} `json:"horizons"`
		} `json:"forecasts"`
	}
	if err := json.Unmarshal([]byte(body), &a); code != 200 || err != nil || a.Container != "pool" || len(a.Forecasts) != 1 ||
		len(a.Forecasts[0].Horizons) != 1 || a.Forecasts[0].Horizons[0].Seconds != 900 {
		t.Fatalf("%d %v %s", code, err, body)
	}
	h := a.Forecasts[0].Horizons[0]
	return h.Model + " " + strings.Join(h.Reasons, ",")
}

// reload: a checkpoint that comes serves without a restart, and one that is gone
// does no more.
func (s *served) reload(t *testing.T, store string) {
	t.Helper()
	if got := s.model(t); !strings.Contains(got, "no_checkpoint") {
		t.Errorf("without a checkpoint: %s", got)
	}
	trainInto(t, store, "pool", "cpu")
	s.wait(t, "the new checkpoint serves", func() bool { return !strings.Contains(s.model(t), "no_checkpoint") })
	if err := os.Remove(filepath.Join(store, "cpu", "pool.ckpt")); err != nil {
		t.Fatal(err)
	}
	s.wait(t, "it serves no more", func() bool { return strings.Contains(s.model(t), "no_checkpoint") })
}

// trainInto puts a checkpoint into a store.
func trainInto(t *testing.T, store, container, metric string) {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "m.csv")
	var b strings.Builder
	b.WriteString("timestamp,container," + metric + "\n")
	for _, r := range poolRows() {
		if r.t >= poolEnd-86400 {
			fmt.Fprintf(&b, "%d,%s,%g\n", r.t, container, r.cpu)
		}
	}
	if err := os.WriteFile(data, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	if code := run(context.Background(), []string{"train", "--data", data, "--metric", metric, "--store", store, "--model", "naive", "--no-run", "-q"},
		strings.NewReader(""), &told, &told); code != exitOK {
		t.Fatalf("training: %d %s", code, told.String())
	}
}

// dashboard: every query of the dashboard, its variables and every recording rule
// have data in the Prometheus that scrapes.
func (s *served) dashboard(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile("../../infra/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$container", "pool", "$metric", "cpu", "$horizon", "15m", "$__rate_interval", "30s")
	queries := map[string]string{}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			queries[fill.Replace(q.Expr)] = p.Title
		}
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			of, label, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v.Definition, "label_values("), ")"), ", "+v.Name)
			if label != "" && v.Name != "horizon" {
				t.Errorf("variable %s: %s", v.Name, v.Definition)
			}
			queries["count by ("+v.Name+") ("+fill.Replace(of)+")"] = "variable " + v.Name
		}
	}
	for _, rule := range []string{"foretide:forecast_age_seconds", "foretide:forecast_upper:max", "foretide:accuracy_persistence_ratio:median",
		"foretide:accuracy_covered_ratio:mean", "foretide:fallbacks:ratio"} {
		queries[rule] = "recording rule"
	}
	if len(queries) < 30 {
		t.Fatalf("only %d queries: %v", len(queries), queries)
	}
	for q, title := range queries {
		last := ""
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
			if last = s.query(t, q); strings.Contains(last, `"value":[`) {
				break
			}
			if time.Now().After(end) {
				t.Errorf("%s: %s has no data: %s\n%s", title, q, last, s.log)
				return
			}
		}
	}
}

func (s *served) query(t *testing.T, q string) string {
	t.Helper()
	resp, err := http.Get(s.prom.URL + "/api/v1/query?query=" + url.QueryEscape(q))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestServeUsage: what cannot be is refused before anything is done.
func TestServeUsage(t *testing.T) {
	s := newSession(t)
	s.write("token", "x\n")
	s.write("empty", "\n")
	for _, c := range []struct {
		text string
		args []string
	}{
		{"--every is 10ms; it is from 1s", []string{"--every", "10ms"}},
		{"--step is 1.5s; it is whole seconds", []string{"--step", "1500ms"}},
		{"--max-series is 0; it is from 1", []string{"--max-series", "0"}},
		{"--listen-cert-file and --listen-key-file go together", []string{"--listen-cert-file", "a"}},
		{"--listen-token-file: empty is empty", []string{"--listen-token-file", "empty"}},
		{"--preset none asks for nothing", []string{"--preset", "none"}},
		{"--listen: ", []string{"--listen", "nowhere:x"}},
	} {
		s.fails(exitUsage, c.text, append([]string{"serve"}, c.args...)...)
	}
}
