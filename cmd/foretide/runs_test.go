package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// runOf returns the newest run of a name in the default folder.
func runOf(t *testing.T, name string) *runs.Run {
	t.Helper()
	for _, r := range everyRun(t, runs.Dir(defaultRuns)) {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no run %q", name)
	return nil
}

// TestTrainingRecorded: a training's runs say what it was given and what came of
// it: one for one model, a main one and parts for a fleet.
func TestTrainingRecorded(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("lstm.yaml", tinyNetwork)
	s.ok("train", "--data", "m.csv", "--config", "lstm.yaml", "--run-name", "fleet", "--experiment", "e")
	fleet := runOf(t, "fleet")
	if fleet.Status != runs.Finished || fleet.Experiment != "e" || fleet.Params["model_type"] != "lstm" || fleet.Params["hidden_size"] != "4" ||
		fleet.Params["containers"] != "2" || len(fleet.Inputs) != 1 || fleet.Inputs[0].Name != "m.csv" {
		t.Errorf("%+v", fleet)
	}
	for _, name := range []string{"cpu/validation_loss", "cpu/training_loss"} {
		if curve := fleet.Metrics[name]; len(curve) != 3 || curve[0].Step != 1 || curve[2].Step != 3 || !(curve[2].Value < curve[0].Value) {
			t.Errorf("%s: %+v", name, curve)
		}
	}
	web := runOf(t, "cpu of web")
	if web.Parent() != fleet.ID || web.Tags[record.TagCheckpoint] != "cpu/_shared.ckpt" || web.Tags[record.TagContainer] != "web" {
		t.Errorf("%+v", web)
	}
	// The same numbers as the command prints.
	var printed []struct {
		Container string
		Horizons  []struct{ MAE, Ratio float64 }
	}
	b, err := os.ReadFile(artifactPath(t, fleet.ID, "trained.json"))
	if err != nil || json.Unmarshal(b, &printed) != nil {
		t.Fatal(err)
	}
	for _, p := range printed {
		r := runOf(t, "cpu of "+p.Container)
		if record.ValueOf(r, "mae_5min") != p.Horizons[0].MAE || record.ValueOf(r, "ratio_15min") != p.Horizons[1].Ratio {
			t.Errorf("%s: %v, printed %+v", p.Container, r.Metrics, p)
		}
	}
	// The checkpoint that is kept is the one that was stored, and its digest the run's.
	kept, err := os.ReadFile(artifactPath(t, fleet.ID, "model/checkpoints/cpu/_shared.ckpt"))
	stored, err2 := os.ReadFile("checkpoints/cpu/_shared.ckpt")
	if err != nil || err2 != nil || !bytes.Equal(kept, stored) {
		t.Errorf("the checkpoints differ: %v, %v", err, err2)
	}

	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--container", "db", "--model", "linear", "--run-name", "one")
	one := runOf(t, "one")
	if one.Params["container"] != "db" || math.IsNaN(record.ValueOf(one, "ratio_30min")) || one.Tags[record.TagModel] == "" || one.Experiment != defaultExperiment {
		t.Errorf("%+v", one)
	}
	var c *codec.Checkpoint
	if c, err = loader.Read(context.Background(), store.Folder{Path: "checkpoints"}, loader.Key{Metric: "cpu", Container: "db"}); err != nil {
		t.Fatal(err)
	}
	if record.Digest(c.Provenance.DataDigest) != one.Inputs[0].Digest {
		t.Errorf("the checkpoint's data are %s, the run's %s", c.Provenance.DataDigest, one.Inputs[0].Digest)
	}
}

func artifactPath(t *testing.T, id, name string) string {
	t.Helper()
	folder, err := runs.Dir(defaultRuns).Folder(id)
	if err != nil {
		t.Fatal(err)
	}
	return folder + "/artifacts/" + name
}

// TestEndsRecorded: a run says how it ended, whatever ended it.
func TestEndsRecorded(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	run(ctx, []string{"backtest", "--data", "m.csv", "--model", "naive", "--run-name", "ended"}, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	if l := everyRun(t, runs.Dir(defaultRuns)); len(l) > 1 || len(l) == 1 && l[0].Status != runs.Killed {
		t.Errorf("%+v", l)
	}
	if err := os.MkdirAll("checkpoints/cpu/db.ckpt/in the way", 0o755); err != nil {
		t.Fatal(err)
	}
	s.fails(exitFailure, "db.ckpt", "train", "--data", "m.csv", "--metric", "cpu", "--model", "naive", "--run-name", "blocked")
	blocked, web, db := runOf(t, "blocked"), runOf(t, "cpu of web"), runOf(t, "cpu of db")
	if blocked.Status != runs.Failed || record.ValueOf(blocked, "failed") != 1 || record.ValueOf(blocked, "trained") != 1 ||
		web.Status != runs.Finished || db.Status != runs.Failed || !strings.Contains(db.Tags[record.TagError], "db.ckpt") {
		t.Errorf("%+v\n%+v\n%+v", blocked, web, db)
	}
	s.fails(exitFailure, "", "backtest", "--data", "m.csv", "--model", "naive", "--out", "m.csv/f.csv", "--run-name", "failed")
	if r := runOf(t, "failed"); r.Status != runs.Failed || r.End.IsZero() || r.Tags[record.TagError] == "" {
		t.Errorf("%+v", r)
	}
}

// TestRuns: runs are listed, shown and compared without MLflow.
func TestRuns(t *testing.T) {
	s := newSession(t)
	s.fails(exitData, "has no run", "runs", "list")
	s.twoContainers()
	s.write("lstm.yaml", tinyNetwork)
	s.ok("backtest", "--data", "m.csv", "--model", "naive,linear,arima", "--metric", "cpu", "--run-name", "three")
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--config", "lstm.yaml", "--run-name", "curve")
	for args, want := range map[string][]string{
		"runs list":                          {"three", "curve", "finished"},
		"runs show":                          {"curve", "cpu/validation_loss", "█", "cpu of web", "steps 1 to 3", "model/checkpoints/cpu/_shared.ckpt"},
		"runs show three":                    {"naive", "linear", "read "},
		"runs compare three":                 {"naive", "linear", "arima", "model_type", "*"},
		"runs compare three curve":           {"batch_size", "curve"},
		"runs list --of three --best ratio":  {"naive"},
		"runs list --best cpu/ratio --parts": {"curve"},
	} {
		out := s.ok(strings.Fields(args)...)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s prints no %q:\n%s", args, w, out)
			}
		}
	}
	var best []record.RunJSON
	if err := json.Unmarshal([]byte(s.ok("runs", "list", "--of", "three", "--best", "ratio", "--json")), &best); err != nil || len(best) != 3 {
		t.Fatal(err, best)
	}
	var scores report.Scores
	if err := json.Unmarshal([]byte(s.ok("backtest", "--data", "m.csv", "--model", "naive,linear,arima", "--metric", "cpu", "--json", "--no-run")), &scores); err != nil {
		t.Fatal(err)
	}
	for i, b := range best {
		if i > 0 && b.Metrics["ratio"] < best[i-1].Metrics["ratio"] {
			t.Errorf("%s is after a worse one", b.Name)
		}
		for _, o := range scores.Overall {
			if o.Model == b.Name && o.Ratio != b.Metrics["ratio"] {
				t.Errorf("%s: ratio %v, the backtest has %v", b.Name, b.Metrics["ratio"], o.Ratio)
			}
		}
	}
	var shown record.RunJSON
	if err := json.Unmarshal([]byte(s.ok("runs", "show", "curve", "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Curves["cpu/validation_loss"]) != 3 || len(shown.Parts) != 2 || shown.End == nil {
		t.Errorf("%+v", shown)
	}
	s.fails(exitData, "there is no run", "runs", "show", "nobody")
	s.fails(exitData, `did you mean`, "runs", "list", "--best", "ratoi")
	s.fails(exitUsage, "name the runs", "runs", "compare")
	s.fails(exitUsage, "MLFLOW_TRACKING_URI", "runs", "sync")
}
