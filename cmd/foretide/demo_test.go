package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/cmd/foretide/demo"
)

// TestReadmeDemo: the first command of the README, and the one that it says to run
// next.
func TestReadmeDemo(t *testing.T) {
	path, text := readReadme(t)
	s := newSession(t)
	out := s.ok("demo")
	file, store := filepath.Join("foretide-demo", "data", "metrics.csv"), filepath.Join("foretide-demo", "checkpoints")
	next := "foretide predict --data " + file + " --store " + store
	for _, want := range []string{"36218 rows", demo.Container, "5 min", "15 min", "30 min", "80 % from", "what happened", "inside", "naive", "× what came", next} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	b, err := os.ReadFile(file)
	if want, _ := demo.CSV(); err != nil || string(b) != string(want) {
		t.Errorf("%s: %v, %d bytes", file, err, len(b))
	}
	if got := s.ok("checkpoint", "verify", store); strings.Count(got, "ok  ") != 2 {
		t.Errorf("checkpoints:\n%s", got)
	}
	forecast := s.ok(strings.Fields(next)[1:]...)
	if strings.Count(forecast, "30 min") != 2 || strings.Contains(forecast, "no_checkpoint") {
		t.Errorf("%s:\n%s", next, forecast)
	}
	readmeShows(t, s, path, text)
}
