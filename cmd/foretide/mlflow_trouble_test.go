package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/mlflow"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// forward passes a request on to a server, and its answer back.
func forward(t *testing.T, to string, w http.ResponseWriter, r *http.Request) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.RequestURI(), r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	out.Header, out.ContentLength = r.Header, r.ContentLength
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // the client may have gone
}

// TestTrackingTrouble: a server that is down, slow, forbidding or mad never fails
// a training or keeps it waiting for long; what it lacks is kept, and sent later
// once.
func TestTrackingTrouble(t *testing.T) {
	server := trackingServers(t)[0]
	var how atomic.Value
	how.Store("down")
	var requests atomic.Int64
	done := make(chan struct{})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch how.Load() {
		case "down":
			panic(http.ErrAbortHandler)
		case "slow":
			select {
			case <-done:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		case "mad":
			_, _ = io.WriteString(w, "<html>no MLflow at all</html>") // the client may have gone
		case "lossy": // a run is made, and the answer is lost: it is found again
			if !strings.HasSuffix(r.URL.Path, "/runs/create") {
				forward(t, server.URL, w, r)
				return
			}
			forward(t, server.URL, httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			if user, password, _ := r.BasicAuth(); user != "me" || password != "secret!" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r.Header.Del("Authorization")
			forward(t, server.URL, w, r)
		}
	}))
	defer proxy.Close()
	defer close(done)
	s := newSession(t)
	s.write("m.csv", cpuHead+rows(600, saw))
	t.Setenv("MLFLOW_TRACKING_URI", proxy.URL)
	t.Setenv("MLFLOW_TRACKING_USERNAME", "me")
	t.Setenv("MLFLOW_TRACKING_PASSWORD", "wrong!")
	t.Setenv("FORETIDE_TRACKING_WAIT", "2s")
	n := 0
	for _, trouble := range []string{"down", "slow", "mad", "lossy", "forbidding"} {
		how.Store(trouble)
		start := time.Now()
		_, told, code := s.run("train", "--data", "m.csv", "--model", "naive", "--experiment", "trouble", "--run-name", trouble)
		n++
		left := strings.Contains(told, `"foretide runs sync" sends them`)
		if code != exitOK || !left && trouble != "lossy" || strings.Contains(told, "wrong!") {
			t.Errorf("%s: exit code %d\n%s", trouble, code, told)
		}
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("%s: the training took %v", trouble, d)
		}
	}
	s.fails(exitFailure, "MLFLOW_TRACKING_USERNAME", "runs", "sync")
	t.Setenv("MLFLOW_TRACKING_PASSWORD", "secret!")
	how.Store("well")
	s.ok("runs", "sync")
	got := servers.ReadMLflow(t, servers.NeedMLflow(t)[0], server.URL, "trouble")
	dir := runs.Dir("experiments/runs")
	local := everyRun(t, dir)
	if len(local) != n || len(got.Runs) != n {
		t.Errorf("%d runs, %d on the server, want %d", len(local), len(got.Runs), n)
	}
	for _, r := range got.Runs {
		want, err := dir.Read(r.Tags[mlflow.TagOrigin])
		if err != nil {
			t.Fatal(err)
		}
		sameRun(t, want, &r)
	}
	before := requests.Load()
	if out := s.ok("runs", "sync"); !strings.HasPrefix(out, "0 runs sent") || requests.Load() != before {
		t.Errorf("a second time %d requests: %s", requests.Load()-before, out)
	}
}

// TestNotRecorded: a folder that cannot be written is told, and fails no training.
func TestNotRecorded(t *testing.T) {
	s := newSession(t)
	s.write("m.csv", cpuHead+rows(600, saw))
	s.write("file", "in the way")
	_, told, code := s.run("train", "--data", "m.csv", "--model", "naive", "--runs", "file/runs")
	if code != exitOK || !strings.Contains(told, "not recorded in full") {
		t.Errorf("exit code %d\n%s", code, told)
	}
	s.ok("train", "--data", "m.csv", "--model", "naive", "--no-run")
	if _, err := os.Stat("experiments"); !os.IsNotExist(err) {
		t.Errorf("--no-run: %v", err)
	}
	s.fails(exitUsage, "--no-run and --run-name", "train", "--data", "m.csv", "--no-run", "--run-name", "x")
	t.Setenv("MLFLOW_TRACKING_URI", "sqlite:///x.db")
	if _, told, code := s.run("train", "--data", "m.csv", "--model", "naive"); code != exitOK || !strings.Contains(told, `begins with "sqlite:"`) {
		t.Errorf("exit code %d\n%s", code, told)
	}
	t.Setenv("MLFLOW_TRACKING_URI", filepath.Join(s.dir, "mlruns"))
	s.ok("train", "--data", "m.csv", "--model", "naive")
	if found := everyRun(t, runs.Dir("mlruns")); len(found) != 1 {
		t.Errorf("%d runs in the folder of the environment", len(found))
	}
}
