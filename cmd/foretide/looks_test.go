package main

import (
	"bytes"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/runs"
)

// TestLooks: a training keeps a report and pictures with its main run, a backtest
// with each model's; --no-report keeps neither.
func TestLooks(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "naive", "--run-name", "trained")
	s.ok("backtest", "--data", "m.csv", "--metric", "cpu", "--model", "naive,linear", "--run-name", "judged")
	for run, title := range map[string]string{"trained": "What was trained", "naive": "Backtest of naive", "linear": "Backtest of linear"} {
		r := runOf(t, run)
		page, err := os.ReadFile(artifactPath(t, r.ID, "report.html"))
		if err != nil || !strings.Contains(string(page), "<h1>"+title+"</h1>") || !strings.Contains(string(page), "web <span") {
			t.Errorf("%s: %v, %.200s", run, err, page)
		}
		for _, container := range []string{"web", "db"} {
			b, err := os.ReadFile(artifactPath(t, r.ID, "plots/cpu/"+container+".png"))
			if err != nil {
				t.Errorf("%s: %v", run, err)
				continue
			}
			if c, err := png.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width != 960 || c.Height != 3*280 {
				t.Errorf("%s: %v of %d by %d", run, err, c.Width, c.Height)
			}
		}
	}
	if page, _ := os.ReadFile(artifactPath(t, runOf(t, "linear").ID, "report.html")); strings.Contains(string(page), "stored") || !strings.Contains(string(page), "fitted to what came before") {
		t.Error("the report of a backtest speaks of stored checkpoints")
	}
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "naive", "--run-name", "plain", "--no-report")
	s.ok("backtest", "--data", "m.csv", "--metric", "cpu", "--model", "naive", "--run-name", "plain too", "--no-report")
	for _, run := range []string{"plain", "plain too"} {
		files, err := runs.Dir(defaultRuns).Artifacts(runOf(t, run).ID)
		if err != nil || len(files) == 0 {
			t.Fatal(err, files)
		}
		for _, f := range files {
			if f.Name == "report.html" || strings.HasPrefix(f.Name, "plots/") {
				t.Errorf("%s keeps %s", run, f.Name)
			}
		}
	}
	// A shared model is reported on though a container has an older checkpoint of its own.
	s.write("lstm.yaml", tinyNetwork)
	s.ok("train", "--data", "m.csv", "--config", "lstm.yaml", "--run-name", "shared")
	page, err := os.ReadFile(artifactPath(t, runOf(t, "shared").ID, "report.html"))
	if err != nil || strings.Count(string(page), "cpu/_shared.ckpt") < 2 || strings.Contains(string(page), "cpu/web.ckpt") {
		t.Errorf("the report is not of what was trained: %v", err)
	}
	s.fails(exitUsage, "--no-run and --no-report exclude each other", "train", "--data", "m.csv", "--no-run", "--no-report")
}
