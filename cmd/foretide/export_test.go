package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/cmd/foretide/demo"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// A real Prometheus that has the demo's pool as a container of Docker, for all
// tests of export; TestMain stops it.
var prom struct {
	once   sync.Once
	server *servers.Prometheus
	err    error
}

// The stretch of the pool's data that the server has: its last six days.
const (
	poolEnd   = 1724284740 // 2024-08-21 23:59:00Z
	poolStart = poolEnd - 6*86400
)

func promURL(t *testing.T) string {
	t.Helper()
	servers.NeedPrometheus(t)
	prom.once.Do(func() { prom.server, prom.err = servers.StartPrometheus(poolSamples, servers.PrometheusOptions{}) })
	if prom.err != nil {
		t.Fatal(prom.err)
	}
	return prom.server.URL
}

// poolSamples writes the pool's real CPU as the counter that it is in cAdvisor,
// reset half way, its memory as it is, and a second container's memory.
func poolSamples(w io.Writer) {
	var cpu, memory, other strings.Builder
	counter, last := 0.0, int64(0)
	for _, r := range poolRows() {
		if last > 0 && r.t <= poolEnd-3*86400 || counter == 0 {
			counter += r.cpu * float64(max(0, r.t-last)%3600)
		} else if last <= poolEnd-3*86400 {
			counter = 0.5 // restarted
		} else {
			counter += r.cpu * float64(r.t-last)
		}
		last = r.t
		servers.Sample(&cpu, `container_cpu_usage_seconds_total{cpu="total",name="pool",id="/docker/p",instance="h1"}`, counter, r.t)
		servers.Sample(&memory, `container_memory_working_set_bytes{name="pool",id="/docker/p",instance="h1"}`, r.memory, r.t)
		servers.Sample(&other, `container_memory_working_set_bytes{name="other",id="/docker/o",instance="h1"}`, 100+r.memory/2, r.t)
	}
	fmt.Fprint(w, cpu.String(), memory.String(), other.String())
}

type poolRow struct {
	t           int64
	cpu, memory float64
}

func poolRows() []poolRow {
	b, err := demo.CSV()
	if err != nil {
		panic(err)
	}
	var out []poolRow
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		t, _ := strconv.ParseInt(f[0], 10, 64) // 0 of the header
		if t < poolStart || t > poolEnd {
			continue
		}
		r := poolRow{t: t}
		r.cpu, _ = strconv.ParseFloat(f[2], 64)
		r.memory, _ = strconv.ParseFloat(f[3], 64)
		out = append(out, r)
	}
	return out
}

// stretch are the flags for all of the server's data at a minute's step.
func stretch(url string, more ...string) []string {
	return append([]string{"export", "--url", url, "--start", strconv.Itoa(poolStart), "--end", strconv.Itoa(poolEnd), "--step", "1m"}, more...)
}

func unzipped(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestExportTrainPredict: from a server to forecasts.
func TestExportTrainPredict(t *testing.T) {
	s := newSession(t)
	out := s.ok(stretch(promURL(t), "--out", "new/m.csv.gz")...)
	if !strings.Contains(out, "one every 1m0s for each of 2 containers: other, pool") {
		t.Errorf("export prints\n%s", out)
	}
	// The rates of the counter are the CPU that it was made of.
	real, sum, n := map[int64]float64{}, 0.0, 0
	for _, r := range poolRows() {
		real[r.t] = r.cpu
	}
	for line := range strings.Lines(unzipped(t, "new/m.csv.gz")) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if f[1] != "pool" || f[2] == "" {
			continue
		}
		at, _ := strconv.ParseInt(f[0], 10, 64)
		got, err := strconv.ParseFloat(f[2], 64)
		if err != nil || got < 0 || got > 2000 {
			t.Fatalf("cpu is %s", line)
		}
		if want, ok := real[at]; ok {
			sum += math.Abs(got-want) / want
			n++
		}
	}
	if n < 5000 || sum/float64(n) > 0.25 {
		t.Errorf("cpu differs by %.2f of itself on average of %d rows", sum/float64(n), n)
	}
	s.ok("train", "--data", "new/m.csv.gz", "--metric", "cpu,memory", "--container", "pool")
	var got []struct {
		Container, Metric string
		At                []struct {
			Median *float64 `json:"median"`
		} `json:"horizons"`
	}
	text := s.ok("predict", "--data", "new/m.csv.gz", "--container", "pool", "--metric", "cpu,memory", "--json")
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got) != 2 || got[0].Metric != "cpu" || len(got[0].At) != 3 {
		t.Errorf("%v: predict prints\n%s", err, text)
	}
	if strings.Contains(text, "no_checkpoint") || strings.Contains(text, "short_") {
		t.Errorf("predict makes do with less than six days and a checkpoint:\n%s", text)
	}
	// All of the file, empty columns and the one without CPU too.
	s.ok("train", "--data", "new/m.csv.gz")
}

// TestExportAppend: hour by hour is the same file.
func TestExportAppend(t *testing.T) {
	s := newSession(t)
	// The pool is sampled every 30 s at times and every 60 s at others: the
	// range of rates must not follow it from one part to the next.
	s.ok(stretch(promURL(t), "--rate-window", "4m", "--out", "m.csv.gz")...)
	var two []string
	for _, end := range []int{poolStart + 7200, poolEnd - 86400, poolEnd} {
		out := s.ok("export", "--url", promURL(t), "--start", strconv.Itoa(poolStart), "--end", strconv.Itoa(end),
			"--step", "1m", "--rate-window", "4m", "--append", "--out", "parts.csv.gz")
		two = append(two, out)
	}
	if unzipped(t, "parts.csv.gz") != unzipped(t, "m.csv.gz") {
		t.Error("the parts are not the whole")
	}
	if !strings.Contains(two[1], " new rows, 2024-08-16 02:00:00Z to ") {
		t.Errorf("append prints\n%s", two[1])
	}
	if out := s.ok(stretch(promURL(t), "--append", "--out", "parts.csv.gz")...); !strings.Contains(out, "nothing new after 2024-08-21 23:59:00Z") {
		t.Errorf("append prints\n%s", out)
	}
}

func TestExportOutput(t *testing.T) {
	s := newSession(t)
	url := promURL(t)
	s.ok(stretch(url, "--container", "pool", "--out", "m.csv")...)
	file, err := os.ReadFile("m.csv")
	if err != nil {
		t.Fatal(err)
	}
	out, told, code := s.run(stretch(url, "--container", "pool", "--out", "-")...)
	if code != exitOK || out != string(file) || !strings.Contains(told, "standard output: ") {
		t.Errorf("exit code %d; on the standard output are %d bytes, in the file %d; it prints\n%s", code, len(out), len(file), told)
	}
	out, told, _ = s.run(stretch(url, "--container", "pool", "--json", "--out", "m.csv")...)
	var j struct {
		File       string
		Rows       int
		From, To   string
		Containers []string
		Values     map[string]int
		Missing    []string
	}
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if j.File != "m.csv" || j.Rows != strings.Count(string(file), "\n")-1 || j.To != "2024-08-21T23:59:00Z" || len(j.Containers) != 1 ||
		j.Values["memory"] != j.Rows || strings.Join(j.Missing, " ") != "disk_read disk_write net_rx net_tx" {
		t.Errorf("JSON %+v", j)
	}
	if want := "foretide: the server has no disk_read from 2024-08-16 00:00:00Z to 2024-08-21 23:59:00Z: the column is empty there"; !strings.Contains(told, want) {
		t.Errorf("it tells\n%s\nwithout\n%s", told, want)
	}
}

// TestExportFails: what the user reads, and the exit code.
func TestExportFails(t *testing.T) {
	s := newSession(t)
	url := promURL(t)
	address, err := servers.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s.write("other.csv", "a,b\n1,2\n")
	s.write("file", "")
	s.write("empty", "\n")
	for _, c := range []struct {
		code int
		text string
		args []string
	}{
		{exitFailure, "server cannot be reached (http://" + address + "): dial tcp", []string{"--url", "http://" + address, "--attempts", "1"}},
		{exitFailure, "cannot be reached (" + url + "/x): client error: 404", []string{"--url", url + "/x"}},
		{exitFailure, "file", []string{"--out", "file/m.csv"}},
		{exitFailure, "--password-file: open nowhere", []string{"--user", "me", "--password-file", "nowhere"}},
		{exitFailure, "--bearer-token-file: empty is empty", []string{"--bearer-token-file", "empty"}},
		{exitFailure, "reading the certificates to trust: open nowhere", []string{"--ca-file", "nowhere"}},
		{exitData, "none of cpu, memory, disk_read", []string{"--start", "2020-01-01", "--end", "2020-01-02"}},
		{exitData, `no container "pol"; did you mean "pool"?`, []string{"--container", "pol"}},
		{exitData, "cannot append to file: other.csv has the columns a,b", []string{"--append", "--out", "other.csv"}},
		{exitUsage, "query not understood (" + url + "): cpu = sum by (: 1:9: parse error", []string{"--query", "cpu=sum by ("}},
		{exitUsage, `"rate(x{a" cannot be a column; a query is written METRIC=PROMQL`, []string{"--query", `rate(x{a="b"}[5m])`}},
		{exitUsage, `--preset is "dockers"; it can be cadvisor, docker, kubernetes, node-exporter, none; did you mean "docker"?`, []string{"--preset", "dockers"}},
		{exitUsage, `rows cannot be by "host"`, []string{"--by", "host"}},
		{exitUsage, `no query gives the metric "cpus"`, []string{"--metric", "cpus"}},
		{exitUsage, "--preset none asks for nothing", []string{"--preset", "none"}},
		{exitUsage, "--start and --seconds exclude each other", []string{"--seconds", "60"}},
		{exitUsage, `--end: "1724284740000" looks like milliseconds`, []string{"--end", "1724284740000"}},
		{exitUsage, `--start: "yesterday" is not a time; write 2024-05-01`, []string{"--start", "yesterday"}},
		{exitUsage, "no step of 1m0s lies from 2024-08-02", []string{"--start", "2024-08-02", "--end", "2024-08-01"}},
		{exitUsage, "--step is 500ms; it is whole seconds", []string{"--step", "500ms"}},
		{exitUsage, "--append continues a file", []string{"--append", "--out", "-"}},
		{exitUsage, "--json and --out - both print", []string{"--json", "--out", "-"}},
		{exitUsage, "a header is written 'Name: value'", []string{"--header", "Authorization s3cret"}},
		{exitUsage, "must begin with http:// or https://", []string{"--url", "localhost:9090"}},
		{exitUsage, "--user and --bearer-token-file exclude each other", []string{"--user", "me", "--bearer-token-file", "file"}},
		{exitUsage, "--password-file needs --user", []string{"--password-file", "other.csv"}},
		{exitUsage, `unknown flag: --querry; did you mean "--query"`, []string{"--querry", "a=b"}},
	} {
		args := stretch(url, c.args...)
		s.fails(c.code, c.text, args...)
		if _, told, _ := s.run(args...); strings.Contains(told, "s3cret") {
			t.Errorf("a secret is told: %s", told)
		}
	}
	if _, err := os.Stat("metrics.csv"); !os.IsNotExist(err) {
		t.Errorf("a file was written: %v", err)
	}
}

// TestExportCredentials: flags, files and the environment, and what wins.
func TestExportCredentials(t *testing.T) {
	s := newSession(t)
	to, err := url.Parse(promURL(t))
	if err != nil {
		t.Fatal(err)
	}
	var want, tenant string
	pass := httputil.NewSingleHostReverseProxy(to)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want || r.Header.Get("X-Tenant") != tenant {
			http.Error(w, "not "+r.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		pass.ServeHTTP(w, r)
	}))
	defer gate.Close()
	s.write("password", "s3cret-p\r\n")
	s.write("token", "s3cret-t\n")
	s.write("headers", "X-Tenant: a: b \n\nX-Other: 1\n")
	basic := func(user, password string) string {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for _, c := range []struct {
		want, tenant string
		env          map[string]string
		args         []string
	}{
		{basic("me", "s3cret-p"), "", nil, []string{"--user", "me", "--password-file", "password"}},
		{basic("me", "s3cret-e"), "", map[string]string{"PROMETHEUS_USERNAME": "me", "PROMETHEUS_PASSWORD": "s3cret-e"}, nil},
		{basic("you", "s3cret-e"), "", map[string]string{"PROMETHEUS_USERNAME": "me", "PROMETHEUS_PASSWORD": "s3cret-e"}, []string{"--user", "you"}},
		{"Bearer s3cret-t", "", nil, []string{"--bearer-token-file", "token"}},
		{"Bearer s3cret-e", "x", map[string]string{"PROMETHEUS_TOKEN": "s3cret-e"}, []string{"--header", "X-Tenant:x"}},
		{"Bearer s3cret-t", "a: b", map[string]string{"PROMETHEUS_USERNAME": "me", "PROMETHEUS_PASSWORD": "s3cret-e"},
			[]string{"--bearer-token-file", "token", "--header", "@headers"}},
		{basic("me", "s3cret-p"), "", map[string]string{"PROMETHEUS_TOKEN": "s3cret-e"}, []string{"--user", "me", "--password-file", "password"}},
	} {
		for _, name := range []string{"USERNAME", "PASSWORD", "TOKEN"} {
			t.Setenv("PROMETHEUS_"+name, c.env["PROMETHEUS_"+name])
		}
		t.Setenv("PROMETHEUS_URL", gate.URL)
		args := append([]string{"export", "--end", strconv.Itoa(poolEnd), "--step", "1m", "--out", "m.csv"}, c.args...)
		want, tenant = c.want, c.tenant
		s.ok(args...)
		want = "nothing"
		_, told, code := s.run(args...)
		if code != exitFailure || !strings.Contains(told, "access refused ("+gate.URL+"): client error: 401: not ") || strings.Contains(told, "s3cret") {
			t.Errorf("%v: exit code %d, %s", c.args, code, told)
		}
	}
}
