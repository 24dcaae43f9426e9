package prometheus

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A request is what a test reads, and the file that takes the rows.
type request struct {
	Source
	Path       string
	Start, End time.Time
}

// read reads the rows and writes them to the file as text, if there is no error.
func read(o request) (Summary, error) {
	header, _ := o.Columns() // Read reports what is wrong
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write(append([]string{"timestamp", "container"}, header...)) // to memory
	s, err := o.Read(context.Background(), o.Start, o.End, func(t int64, container string, metrics []string, values []float64) error {
		if !slices.Equal(metrics, header) {
			return fmt.Errorf("a row of %q, want %q", metrics, header)
		}
		record := []string{strconv.FormatInt(t, 10), container}
		for _, v := range values {
			cell := ""
			if !math.IsNaN(v) {
				cell = strconv.FormatFloat(v, 'g', -1, 64)
			}
			record = append(record, cell)
		}
		return w.Write(record)
	})
	w.Flush()
	if err != nil {
		return s, err
	}
	return s, os.WriteFile(o.Path, text.Bytes(), 0o600)
}

// options returns a request for a stretch of the dataset's first three hours.
func options(t *testing.T, url string, from, to int64) request {
	t.Helper()
	o := request{Source: Defaults(), Path: filepath.Join(t.TempDir(), "m.csv"), Start: time.Unix(from, 0), End: time.Unix(to, 0)}
	o.URL = url
	o.FirstWait = time.Millisecond
	return o
}

func export(t *testing.T, o request) Summary {
	t.Helper()
	s, err := read(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check compares one row's cells; NaN stands for an empty one.
func check(t *testing.T, rows []row, container string, at int64, want map[string]float64) {
	t.Helper()
	i := slices.IndexFunc(rows, func(r row) bool { return r.t == at && r.container == container })
	if i < 0 {
		t.Errorf("%s has no row at %d", container, at)
		return
	}
	for metric, got := range rows[i].values {
		w, ok := want[metric]
		if !ok {
			w = math.NaN()
		}
		if !(math.Abs(got-w) <= 1e-9*math.Abs(w)) && !(math.IsNaN(got) && math.IsNaN(w)) {
			t.Errorf("%s at +%d s: %s is %v, want %v", container, at-began, metric, got, w)
		}
	}
}

func TestDocker(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+hours*3600-scrape)
	o.Match = `instance=~"h."`
	s := export(t, o)
	rows := readRows(t, o.Path)
	if want := []string{`batch,"1"`, "db", "twin", "webapp"}; !slices.Equal(s.Containers, want) {
		t.Errorf("containers %q, want %q", s.Containers, want)
	}
	if s.Rows != len(rows) || s.RateWindow != time.Minute || s.From.Unix() != began || s.To != o.End.UTC() || len(s.Missing()) != 0 {
		t.Errorf("summary %+v, %d rows", s, len(rows))
	}
	check(t, rows, "webapp", began+1800, map[string]float64{"cpu": 0.75, "memory": 1e8 + 120, "disk_read": 1024,
		"disk_write": 2000, "net_rx": 340, "net_tx": 500})
	check(t, rows, "twin", began+1800, map[string]float64{"memory": 30})
	check(t, rows, `batch,"1"`, began+4005, map[string]float64{"memory": 7})
	if !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "twin is on several hosts, h1 and h2") }) {
		t.Errorf("warnings %q", s.Warnings)
	}
	// A counter that starts anew neither jumps nor goes below zero.
	for _, r := range rows {
		if r.container != "db" || r.t < began+60 {
			continue
		}
		if v := r.values["cpu"]; !(v > 0.55 && v < 0.81) {
			t.Errorf("db at +%d s: cpu %v around the reset, want about 0.8", r.t-began, v)
		}
	}
	for i, want := range map[int64]float64{99: 2e8, 100: math.NaN(), 101: math.NaN(), 102: 2e8} {
		check(t, rows, "db", began+i*scrape, map[string]float64{"memory": want, "cpu": 0.8})
	}
	// batch is there while it runs and, as a back-filled series has no mark of
	// its end, for the five minutes that the server looks back.
	for _, r := range rows {
		if r.container == `batch,"1"` && (r.t < began+3600 || r.t >= began+7200+300) {
			t.Errorf("batch has a row at +%d s", r.t-began)
		}
	}
	if !slices.IsSortedFunc(rows, func(a, b row) int {
		if a.t != b.t {
			return int(a.t - b.t)
		}
		return strings.Compare(a.container, b.container)
	}) {
		t.Error("rows are not in order of time and name")
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+600)
	o.Match, o.Hosts, o.Metrics = `instance=~"h."`, true, []string{"memory"}
	s := export(t, o)
	rows := readRows(t, o.Path)
	check(t, rows, "h1/twin", began+300, map[string]float64{"memory": 10})
	check(t, rows, "h2/twin", began+300, map[string]float64{"memory": 20})
	if len(s.Warnings) != 0 {
		t.Errorf("warnings %q", s.Warnings)
	}
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	url := server(t)
	web := []string{"shop/web-7d9c5b6f4-b4q8z", "shop/web-7d9c5b6f4-x2x7k"}
	for _, tt := range []struct {
		by         string
		containers []string
		rows       map[string]map[string]float64
	}{
		{byContainer, []string{"shop/cache-x2x7k/redis", "shop/pg-0/postgres", web[0] + "/app", web[0] + "/sidecar", web[1] + "/app", web[1] + "/sidecar"},
			map[string]map[string]float64{
				web[0] + "/app":          {"cpu": 0.2, "memory": 1e6, "net_rx": 100},
				web[1] + "/app":          {"cpu": 0.1, "memory": 1e6, "net_rx": 100},
				web[1] + "/sidecar":      {"memory": 1e3, "net_rx": 100},
				"shop/pg-0/postgres":     {"cpu": 2, "net_tx": 70},
				"shop/cache-x2x7k/redis": {"memory": 64},
			}},
		{byPod, []string{"shop/cache-x2x7k", "shop/pg-0", web[0], web[1]},
			map[string]map[string]float64{
				web[0]:             {"cpu": 0.2, "memory": 1e6 + 1e3, "net_rx": 100},
				"shop/pg-0":        {"cpu": 2, "net_tx": 70},
				"shop/cache-x2x7k": {"memory": 64},
			}},
		{byWorkload, []string{"shop/big-cache", "shop/pg", "shop/web"},
			map[string]map[string]float64{
				"shop/web":       {"cpu": 0.3, "memory": 2 * (1e6 + 1e3), "net_rx": 200},
				"shop/pg":        {"cpu": 2, "net_tx": 70},
				"shop/big-cache": {"memory": 64},
			}},
	} {
		t.Run(tt.by, func(t *testing.T) {
			o := options(t, url, began, began+hours*3600-scrape)
			o.By, o.Match = tt.by, `instance=~"n."`
			s := export(t, o)
			if !slices.Equal(s.Containers, tt.containers) {
				t.Errorf("containers\n%q, want\n%q", s.Containers, tt.containers)
			}
			if got := s.Missing(); !slices.Equal(got, []string{"disk_read", "disk_write"}) {
				t.Errorf("missing %q", got)
			}
			rows := readRows(t, o.Path)
			for c, want := range tt.rows {
				check(t, rows, c, began+1800, want)
				check(t, rows, c, began+8100, want) // after the restart of app
			}
		})
	}
}

// TestOtherNames: containers that neither Docker's nor the kubelet's labels of
// today name.
func TestOtherNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		match, by  string
		containers []string
		memory     []float64
	}{
		{`instance="g1"`, byContainer, []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"}, []float64{11, 12, 13}},
		{`instance="x1"`, byContainer, []string{"shop/api-7d9c5b6f4-x2x7k/api"}, []float64{21}},
		{`instance="x1"`, byWorkload, []string{"shop/api"}, []float64{21}},
		{`instance="x2"`, byContainer, []string{"shop/job-x2x7k/work"}, []float64{31}},
		{`instance="x2"`, byPod, []string{"shop/job-x2x7k"}, []float64{31}},
	} {
		o := options(t, server(t), began, began+600)
		o.Match, o.By = tt.match, tt.by
		s := export(t, o)
		if !slices.Equal(s.Containers, tt.containers) {
			t.Errorf("%s by %s: containers %q, want %q", tt.match, tt.by, s.Containers, tt.containers)
			continue
		}
		rows := readRows(t, o.Path)
		for i, c := range tt.containers {
			want := map[string]float64{"memory": tt.memory[i]}
			if c == "aaaaaaaaaaaa" {
				want["cpu"] = 0.5
			}
			check(t, rows, c, began+300, want)
		}
	}
}

func TestChosenContainers(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+600)
	o.Match, o.Containers = `instance=~"[hn]."`, []string{"web*", "shop/*/app", "dd"}
	s := export(t, o)
	want := []string{"shop/web-7d9c5b6f4-b4q8z/app", "shop/web-7d9c5b6f4-x2x7k/app", "webapp"}
	if !slices.Equal(s.Containers, want) {
		t.Errorf("containers %q, want %q", s.Containers, want)
	}
	// The network of the pod is still the container's.
	check(t, readRows(t, o.Path), want[0], began+300, map[string]float64{"cpu": 0.2, "memory": 1e6, "net_rx": 100})
	if want := `no container "dd"; did you mean "db"?`; !slices.Contains(s.Warnings, want) {
		t.Errorf("warnings %q without %s", s.Warnings, want)
	}
	o.Containers = []string{"wepapp"}
	if _, err := read(o); !errors.Is(err, ErrNoData) || !strings.Contains(err.Error(), `no container "wepapp"; did you mean "webapp"?`) {
		t.Errorf("got %v, want %v with %q", err, ErrNoData, `no container "wepapp"; did you mean "webapp"?`)
	}
}

func TestNodeExporter(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+3600)
	o.Preset = NodeExporter
	s := export(t, o)
	if !slices.Equal(s.Containers, []string{"m1:9100"}) {
		t.Errorf("containers %q", s.Containers)
	}
	check(t, readRows(t, o.Path), "m1:9100", began+1800, map[string]float64{"cpu": 0.5, "memory": 3e9,
		"disk_read": 10, "disk_write": 20, "net_rx": 30, "net_tx": 40})
}

func TestOwnQueries(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+3600)
	o.Preset, o.Label = NoPreset, "instance"
	o.Queries = []Query{
		{"cpu", `sum by (instance) (rate(node_cpu_seconds_total{mode="user"}[$__rate_interval]))`},
		{"requests", `sum by (instance) (node_memory_MemTotal_bytes) / 0`},
		{"load", `sum by (instance) (node_memory_MemTotal_bytes) / 1e9`},
	}
	s := export(t, o)
	if got := s.Missing(); !slices.Equal(got, []string{"requests"}) {
		t.Errorf("missing %q: a division by zero has no value", got)
	}
	if h, _, _ := strings.Cut(readText(t, o.Path), "\n"); h != "timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx,requests,load" {
		t.Errorf("header %s", h)
	}
	check(t, readRows(t, o.Path), "m1:9100", began+1800, map[string]float64{"cpu": 0.25, "load": 8})
}

// A query beside a preset replaces its column alone.
func TestQueryBesidePreset(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+900)
	o.Match, o.Metrics = `name="webapp"`, []string{"cpu", "memory"}
	o.Queries = []Query{{"cpu", `sum by (name) (container_memory_working_set_bytes{name="webapp"}) * 0 + 3`}}
	export(t, o)
	check(t, readRows(t, o.Path), "webapp", began+600, map[string]float64{"cpu": 3, "memory": 1e8 + 40})
}

// More points than a range query may have: none is lost or doubled where two
// pages meet.
func TestPaging(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), longBegan, longBegan+longSamples*scrape-scrape)
	var steps []time.Time
	o.Progress = func(p Progress) { steps = append(steps, p.At) }
	s := export(t, o)
	if s.Rows != longSamples {
		t.Errorf("%d rows, want %d", s.Rows, longSamples)
	}
	for i, r := range readRows(t, o.Path) {
		if r.t != longBegan+int64(i)*scrape || r.values["memory"] != float64(i) {
			t.Fatalf("row %d is %+v", i, r)
		}
		if i >= 4 && math.Abs(r.values["cpu"]-0.25) > 1e-9 {
			t.Fatalf("row %d is %+v", i, r)
		}
	}
	if len(steps) < 4 || !slices.IsSortedFunc(steps, time.Time.Compare) || !steps[len(steps)-1].Equal(o.End) {
		t.Errorf("progress %v", steps)
	}
}

func TestStep(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began+7, began+3600+7)
	o.Step = 5 * time.Minute
	s := export(t, o)
	if s.From.Unix() != began+300 || s.To.Unix() != began+3600 {
		t.Errorf("from %v to %v: not on the grid of the step", s.From, s.To)
	}
	if s.RateWindow != 5*time.Minute+scrape*time.Second {
		t.Errorf("rate window %v", s.RateWindow)
	}
}

func TestNoData(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began-86400, began-80000)
	_, err := read(o)
	if !errors.Is(err, ErrNoData) || !strings.Contains(err.Error(), "none of cpu, memory, disk_read, disk_write, net_rx, net_tx") {
		t.Errorf("got %v, want %v with %q", err, ErrNoData, "none of cpu, memory, disk_read, disk_write, net_rx, net_tx")
	}
	o = options(t, o.URL, began, began+600)
	o.Preset, o.Queries, o.Label = NoPreset, []Query{{"cpu", "node_memory_MemTotal_bytes"}}, "nolabel"
	_, err = read(o)
	if !errors.Is(err, ErrNoData) || !strings.Contains(err.Error(), "; series without a label that names a container: 1 (keep one in the query") {
		t.Errorf("got %v, want %v with %q", err, ErrNoData, "; series without a label that names a container: 1 (keep one in the query")
	}
	if left, _ := os.ReadDir(filepath.Dir(o.Path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBadQuery(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+600)
	o.Preset, o.Queries = NoPreset, []Query{{"cpu", "sum by ("}}
	_, err := read(o)
	if !errors.Is(err, ErrPromQL) || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("got %v, want %v with %q", err, ErrPromQL, "parse error")
	}
}
