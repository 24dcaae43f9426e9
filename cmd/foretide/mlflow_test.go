package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/mlflow"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// shared are the tracking servers that the tests share: one for each MLflow.
var shared struct {
	once sync.Once
	all  []*servers.MLflow
	err  error
}

// trackingServers returns the servers, which are started together: each takes
// many seconds.
func trackingServers(t *testing.T) []*servers.MLflow {
	t.Helper()
	pythons := servers.NeedMLflow(t)
	shared.once.Do(func() {
		shared.all = make([]*servers.MLflow, len(pythons))
		errs := make([]error, len(pythons))
		var wg sync.WaitGroup
		for i, python := range pythons {
			wg.Go(func() { shared.all[i], errs[i] = servers.StartMLflow(python) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				shared.err = err
			}
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.all
}

// tinyNetwork is a configuration that an LSTM is trained with in a second.
const tinyNetwork = `metric_name: cpu
model:
  model_type: lstm
  hidden_size: 4
  head_size: 0
  bidirectional: false
training:
  epochs: 3
  epoch_windows: 512
  batch_size: 64
`

// TestMLflow: what train and backtest do is found by MLflow's own client, in the
// folder and on a server, value for value.
func TestMLflow(t *testing.T) {
	all := trackingServers(t)
	s := newSession(t)
	s.twoContainers()
	s.write("lstm.yaml", tinyNetwork)
	commands := [][]string{
		{"train", "--data", "m.csv", "--config", "lstm.yaml", "--run-name", "curves", "--experiment", "both of them"},
		{"train", "--data", "m.csv", "--model", "linear", "--register", "capacity"},
		{"train", "--data", "m.csv", "--metric", "cpu", "--container", "web", "--config", "lstm.yaml", "--run-name", "one"},
		{"backtest", "--data", "m.csv", "--model", "naive,linear", "--run-name", "two"},
	}
	for i, server := range all {
		python := servers.NeedMLflow(t)[i]
		dir := filepath.Join(s.dir, "runs"+fmt.Sprint(i))
		t.Setenv("MLFLOW_TRACKING_URI", server.URL)
		for _, args := range commands {
			s.ok(append(args, "--runs", dir)...)
		}
		large := largeRun(t, server.URL)
		s.ok("runs", "sync", "--runs", dir) // a busy machine may have been too slow
		local := everyRun(t, runs.Dir(dir))
		if len(local) != 3+5+1+3 {
			t.Errorf("%d runs", len(local))
		}
		files := servers.ReadMLflow(t, python, "file://"+dir)
		there := servers.ReadMLflow(t, python, server.URL)
		for id, r := range there.Runs {
			if r.Experiment == "limits" {
				sameRun(t, large, &r)
				delete(there.Runs, id)
				large = nil
			}
		}
		if large != nil {
			t.Error("the large run is not there")
		}
		if files.Version != server.Version {
			t.Errorf("client %s, server %s", files.Version, server.Version)
		}
		t.Run(server.Version+" files", func(t *testing.T) { sameRuns(t, runs.Dir(dir), local, files) })
		t.Run(server.Version+" server", func(t *testing.T) { sameRuns(t, runs.Dir(dir), local, there) })
		if len(there.Models) != 1 || there.Models[0].Name != "capacity" || there.Models[0].Version != "1" ||
			!strings.HasSuffix(there.Models[0].Source, "/artifacts/model") {
			t.Errorf("registered %+v", there.Models)
		}
		if out := s.ok("runs", "sync", "--runs", dir); !strings.HasPrefix(out, "0 runs sent") {
			t.Errorf("it lacked something: %s", out)
		}
	}
}

// everyRun reads all runs of a folder.
func everyRun(t *testing.T, dir runs.Dir) []*runs.Run {
	t.Helper()
	l, err := dir.List("")
	if err != nil || len(l.Damaged) > 0 {
		t.Fatal(err, l.Damaged)
	}
	for _, r := range l.Runs {
		if err := dir.Load(r); err != nil {
			t.Fatal(err)
		}
	}
	return l.Runs
}

// sameRuns compares runs with what MLflow's client has read of them.
func sameRuns(t *testing.T, dir runs.Dir, local []*runs.Run, got *servers.MLflowReading) {
	t.Helper()
	byOrigin := map[string]servers.MLflowRun{}
	for id, r := range got.Runs {
		if origin := r.Tags[mlflow.TagOrigin]; origin != "" {
			id = origin
		}
		byOrigin[id] = r
	}
	if len(got.Runs) != len(byOrigin) {
		t.Errorf("%d runs of %d", len(got.Runs), len(byOrigin))
	}
	curves, looks := 0, 0
	for _, want := range local {
		g, ok := byOrigin[want.ID]
		if !ok {
			t.Errorf("%s is not there", want.Name)
			continue
		}
		sameRun(t, want, &g)
		if p := want.Parent(); p != "" && byOrigin[p].ID != g.Tags[runs.TagParent] {
			t.Errorf("%s: parent %q, want %q", want.Name, g.Tags[runs.TagParent], byOrigin[p].ID)
		}
		files, err := dir.Artifacts(want.ID)
		if err != nil || len(files) != len(g.Artifacts) {
			t.Errorf("%s: %d files of %d, %v", want.Name, len(g.Artifacts), len(files), err)
		}
		for _, f := range files {
			if f.Name == "report.html" || f.Name == "plots/cpu/web.png" {
				looks++
			}
			b, err := os.ReadFile(f.Path)
			sum := sha256.Sum256(b)
			if err != nil || g.Artifacts[f.Name] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: %s differs, %v", want.Name, f.Name, err)
			}
		}
		curves += len(record.Describe(want, true).Curves)
	}
	if curves == 0 {
		t.Error("there is no curve")
	}
	if looks != 10 { // three trainings and two models' backtests
		t.Errorf("%d reports and pictures of web's cpu, want 10", looks)
	}
}

// sameRun compares one run.
func sameRun(t *testing.T, want *runs.Run, got *servers.MLflowRun) {
	t.Helper()
	if got.Name != want.Name || got.Experiment != want.Experiment || got.Status != want.Status.String() ||
		got.Start != want.Start.UnixMilli() || got.End != want.End.UnixMilli() {
		t.Errorf("%s: got %s %s %s %d %d", want.Name, got.Name, got.Experiment, got.Status, got.Start, got.End)
	}
	if len(got.Params) != len(want.Params) || len(got.Metrics) != len(want.Metrics) || len(got.Inputs) != len(want.Inputs) {
		t.Errorf("%s: %d parameters of %d, %d metrics of %d, %d inputs of %d", want.Name,
			len(got.Params), len(want.Params), len(got.Metrics), len(want.Metrics), len(got.Inputs), len(want.Inputs))
	}
	for k, v := range want.Params {
		if got.Params[k] != v {
			t.Errorf("%s: %s is %q, want %q", want.Name, k, got.Params[k], v)
		}
	}
	for k, v := range want.Tags {
		if got.Tags[k] != v && k != runs.TagParent && k != mlflow.TagRegister {
			t.Errorf("%s: tag %s is %q, want %q", want.Name, k, got.Tags[k], v)
		}
	}
	for k, points := range want.Metrics {
		if len(got.Metrics[k]) != len(points) {
			t.Errorf("%s: %s has %d values, want %d", want.Name, k, len(got.Metrics[k]), len(points))
			continue
		}
		for i, p := range points {
			if g := got.Metrics[k][i]; g.Value != p.Value || g.Step != p.Step || g.Time != p.Time.UnixMilli() {
				t.Errorf("%s: %s has %+v, want %+v", want.Name, k, g, p)
			}
		}
	}
	for i, in := range want.Inputs {
		if g := got.Inputs[i]; g["digest"] != in.Digest || g["name"] != in.Name || g["profile"] != in.Profile ||
			g["source"] != in.SourceJSON() || g["context"] != in.Context {
			t.Errorf("%s: input %v, want %+v", want.Name, g, in)
		}
	}
}

// largeRun sends a run that is larger than a request may be: no request is larger
// than it may be.
func largeRun(t *testing.T, url string) *runs.Run {
	t.Helper()
	largest := map[string]int{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		largest[name] = max(largest[name], int(r.ContentLength))
		forward(t, url, w, r)
	}))
	defer proxy.Close()
	dir := runs.Dir(t.TempDir())
	r := runs.New("limits", "large")
	r.Status, r.End = runs.Finished, r.Start.Add(time.Second)
	for k := range 260 {
		r.Params[fmt.Sprintf("p%03d", k)] = strings.Repeat("é", 5000)
		r.Tags[fmt.Sprintf("t%03d", k)] = "\"quoted\" & <" + strings.Repeat("x", 3000)
	}
	for k := range 40 { // to read each back takes MLflow a request
		r.Set(fmt.Sprintf("m/%04d", k), math.Sqrt(float64(k)), r.Start)
	}
	for step := range int64(2500) {
		r.Metrics["curve"] = append(r.Metrics["curve"], runs.Point{Step: step, Value: 1 / float64(step+1), Time: r.Start.Add(time.Duration(step) * time.Millisecond)})
	}
	if err := dir.Put(r); err != nil {
		t.Fatal(err)
	}
	c, err := mlflow.New(mlflow.Options{URL: proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(context.Background(), dir, r.ID, nil); err != nil {
		t.Fatal(err)
	}
	if largest["log-batch"] > 1e6 || largest["log-batch"] < 5e5 {
		t.Errorf("the largest requests: %v", largest)
	}
	if r, err = dir.Read(r.ID); err != nil {
		t.Fatal(err)
	}
	return r
}
