package servers

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/testkit"
)

// MLflowPythons is the variable that names Pythons with MLflow, with the system's
// list separator between. Each needs mlflow-skinny, flask, flask-cors, sqlalchemy
// and alembic; for 2.x gunicorn, for 3.x aiohttp and pandas.
const MLflowPythons = "FORETIDE_MLFLOW"

// NeedMLflow returns the Pythons.
func NeedMLflow(t testing.TB) []string {
	t.Helper()
	list := os.Getenv(MLflowPythons)
	if list == "" {
		testkit.Lacking(t, MLflowPythons+" is not set: it names Pythons that have MLflow")
	}
	return filepath.SplitList(list)
}

// mlflowEnv is what MLflow runs in: with nothing of the test's own.
func mlflowEnv(more ...string) []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MLFLOW_") {
			out = append(out, v)
		}
	}
	return append(append(out, "MLFLOW_ALLOW_FILE_STORE=true", "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true",
		"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "GIT_PYTHON_REFRESH=quiet", "PYTHONDONTWRITEBYTECODE="), more...)
}

// An MLflow is a tracking server on the loopback, with SQLite and a folder of
// artifacts of its own.
type MLflow struct {
	URL     string
	Version string

	python, dir, address string
	cmd                  *exec.Cmd
	log                  *os.File
}

// StartMLflow runs the server of a Python's MLflow. The caller stops it.
func StartMLflow(python string) (*MLflow, error) {
	dir, err := os.MkdirTemp("", "foretide-mlflow-")
	if err != nil {
		return nil, err
	}
	s := &MLflow{python: python, dir: dir}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Stop()
		return nil, err
	}
	s.address = l.Addr().String()
	l.Close()
	s.URL = "http://" + s.address
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Restart starts the server, at the address that it had before, and waits until
// it answers.
func (s *MLflow) Restart() error {
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		return err
	}
	s.cmd = exec.Command(s.python, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", port,
		"--backend-store-uri", "sqlite:///"+filepath.Join(s.dir, "runs.db"), "--artifacts-destination", filepath.Join(s.dir, "artifacts"))
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.dir, mlflowEnv(), s.log, s.log
	group(s.cmd)
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	for deadline := time.Now().Add(4 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		resp, err := client.Get(s.URL + "/version")
		if err != nil {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(resp.Body, 100))
		resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusOK {
			s.Version = string(bytes.TrimSpace(b))
			return nil
		}
	}
	s.Kill()
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("%s: MLflow does not answer after four minutes\n%s", s.python, log[max(0, len(log)-4000):])
}

// Kill ends the server at once, and what it started. Restart starts it again.
func (s *MLflow) Kill() {
	if s.cmd != nil {
		kill(s.cmd)
		_ = s.cmd.Wait() // "signal: killed"
		s.cmd = nil
		s.log.Close()
	}
}

// Stop ends the server and removes its folder.
func (s *MLflow) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir) // a folder of the tests, in the system's own
}

//go:embed mlflow.py
var mlflowScript string

// An MLflowRun is what MLflow's client says of a run.
type MLflowRun struct {
	ID         string                   `json:"id"`
	Experiment string                   `json:"experiment"`
	Name       string                   `json:"name"`
	Status     string                   `json:"status"`
	Start      int64                    `json:"start"` // ms
	End        int64                    `json:"end"`
	Params     map[string]string        `json:"params"`
	Tags       map[string]string        `json:"tags"`
	Metrics    map[string][]MLflowPoint `json:"metrics"`   // whole histories
	Artifacts  map[string]string        `json:"artifacts"` // SHA-256 by name
	Inputs     []map[string]string      `json:"inputs"`
}

// An MLflowPoint is a value of a metric.
type MLflowPoint struct {
	Step  int64   `json:"step"`
	Value float64 `json:"value"`
	Time  int64   `json:"time"` // ms
}

// An MLflowReading is what MLflow's client finds in a store or on a server.
type MLflowReading struct {
	Version string               `json:"version"`
	Runs    map[string]MLflowRun `json:"runs"` // by ID
	Models  []struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Run     string `json:"run"`
		Source  string `json:"source"`
	} `json:"models"`
}

// ReadMLflow lets a Python's MLflow read what is under a tracking URI: all, or the
// experiments that are named.
func ReadMLflow(t testing.TB, python, uri string, experiments ...string) *MLflowReading {
	t.Helper()
	cmd := exec.Command(python, append([]string{"-c", mlflowScript, uri}, experiments...)...)
	cmd.Env, cmd.Dir = mlflowEnv(), t.TempDir()
	var told bytes.Buffer
	cmd.Stderr = &told
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s reads %s: %v\n%s", python, uri, err, told.String())
	}
	r := &MLflowReading{}
	if err := json.Unmarshal(b, r); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return r
}
