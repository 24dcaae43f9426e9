package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the test binary the program itself where a test runs it as a
// process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("FORETIDE_TEST_MAIN") != "" {
		main()
		return
	}
	for _, v := range os.Environ() { // a developer's server is none of ours
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "MLFLOW_") {
			os.Unsetenv(name)
		}
	}
	code := m.Run()
	if prom.server != nil {
		prom.server.Stop()
	}
	for _, s := range shared.all {
		if s != nil {
			s.Stop()
		}
	}
	os.Exit(code)
}

// A session is a working folder of its own in which the program is run.
type session struct {
	t   *testing.T
	dir string
}

func newSession(t *testing.T) *session {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	return &session{t, dir}
}

// run runs the program and returns what it printed and its exit code.
func (s *session) run(args ...string) (out, errOut string, code int) {
	s.t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &o, &e)
	return o.String(), e.String(), code
}

// ok runs the program, which must succeed, and returns what it printed.
func (s *session) ok(args ...string) string {
	s.t.Helper()
	out, errOut, code := s.run(args...)
	if code != exitOK {
		s.t.Fatalf("foretide %s: exit code %d\n%s", strings.Join(args, " "), code, errOut)
	}
	return out
}

// fails runs the program, which must end with the code and print the text.
func (s *session) fails(code int, text string, args ...string) {
	s.t.Helper()
	out, errOut, got := s.run(args...)
	if got != code {
		s.t.Errorf("foretide %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, errOut)
	}
	if !strings.Contains(errOut, text) {
		s.t.Errorf("foretide %s prints\n%s\nwithout\n%s", strings.Join(args, " "), errOut, text)
	}
}

func (s *session) write(name, content string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

const head = "timestamp,container,cpu,memory\n"

// start is the first stamp of the tests' data: a Thursday's midnight, UTC.
const start = 1722470400

// waves returns n rows of a container, one a step: cpu is a daily and an
// hourly wave with a fixed unrest, memory rises and falls slowly.
func waves(container string, step int64, n int) string {
	var b strings.Builder
	state := uint64(len(container))
	for i := range n {
		t := start + int64(i)*step
		state = state*6364136223846793005 + 1442695040888963407
		unrest := float64(state>>40)/float64(1<<24) - 0.5
		cpu := 2 + math.Sin(2*math.Pi*float64(t%86400)/86400) + 0.5*math.Sin(2*math.Pi*float64(t%3600)/3600) + 0.2*unrest
		fmt.Fprintf(&b, "%d,%s,%.4f,%.0f\n", t, container, cpu, 5e8+1e8*math.Sin(float64(t%86400)/86400*2*math.Pi)+1e6*unrest)
	}
	return b.String()
}

// twoContainers writes three days of web and db at five minutes.
func (s *session) twoContainers() {
	s.write("m.csv", head+waves("web", 300, 864)+waves("db", 300, 864))
}
