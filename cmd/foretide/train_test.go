package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTrainWritesCheckpoints(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	out := s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "arima")
	for _, want := range []string{"container", "web", "db", "30 min"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table lacks %q:\n%s", want, out)
		}
	}
	for _, file := range []string{"checkpoints/cpu/web.ckpt", "checkpoints/cpu/db.ckpt"} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat("checkpoints/memory"); !os.IsNotExist(err) {
		t.Errorf("memory was trained without being asked for: %v", err)
	}
	s.ok("checkpoint", "verify", "checkpoints")
	if text := s.ok("checkpoint", "inspect", "checkpoints/cpu/web.ckpt"); !strings.Contains(text, "cpu of web at steps of 5m0s") {
		t.Errorf("inspect prints\n%s", text)
	}
}

func TestTrainOneContainer(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	var rows []struct {
		Container, Metric, Checkpoint string
		Horizons                      []struct {
			Seconds int64 `json:"horizon_s"`
		}
	}
	if err := json.Unmarshal([]byte(s.ok("train", "--data", "m.csv", "--container", "db", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Container != "db" || rows[1].Metric != "memory" || len(rows[0].Horizons) != 3 {
		t.Errorf("trained %+v", rows)
	}
}

// TestTrainTwiceSameBytes: the same data, configuration and seed give the same
// checkpoint.
func TestTrainTwiceSameBytes(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	var before [][]byte
	for _, store := range []string{"a", "b"} {
		s.ok("train", "--data", "m.csv", "--model", "arima", "--store", store)
		b, err := os.ReadFile(store + "/memory/web.ckpt")
		if err != nil {
			t.Fatal(err)
		}
		before = append(before, b)
	}
	if !slices.Equal(before[0], before[1]) {
		t.Error("two runs on the same data wrote other bytes")
	}
}

func TestTrainWithConfig(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("web.yaml", "metric_name: cpu\ncontainer_name: web\ndata:\n  prediction_horizons: [10m, 1h]\nmodel:\n  model_type: naive\n")
	s.ok("train", "--data", "m.csv", "--config", "web.yaml")
	out := s.ok("checkpoint", "inspect", "checkpoints", "--json")
	if !strings.Contains(out, "3600") || strings.Contains(out, `"db"`) || strings.Contains(out, `"memory"`) {
		t.Errorf("the configuration names cpu of web, an hour ahead; trained\n%s", out)
	}
	s.write("db.yaml", "metric_name: cpu\ncontainer_name: cache\n")
	s.fails(exitData, "container_name is not in the data (there are db, web)", "train", "--data", "m.csv", "--config", "db.yaml")
	s.write("bad.yaml", "metric_name: cpu\nmodel:\n  model_tpye: arima\n")
	s.fails(exitUsage, `bad.yaml:3:3`, "train", "--data", "m.csv", "--config", "bad.yaml")
	s.fails(exitUsage, `did you mean`, "train", "--data", "m.csv", "--model", "arma")
}

func TestInterrupt(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, args := range [][]string{
		{"train", "--data", "m.csv"},
		{"backtest", "--data", "m.csv", "--out", "f.csv"},
		{"demo"},
	} {
		var out, errOut bytes.Buffer
		if code := run(ctx, args, strings.NewReader(""), &out, &errOut); code != exitInterrupted {
			t.Errorf("%s: exit code %d, want %d\n%s", args[0], code, exitInterrupted, errOut.String())
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "f.csv" {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}
