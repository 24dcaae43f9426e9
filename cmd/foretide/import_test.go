package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImport forecasts with a model of Prophet's what Prophet forecasts with it.
func TestImport(t *testing.T) {
	folder, err := filepath.Abs("../../infra/prophetjson/testdata")
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	model := filepath.Join(folder, "flat.json") // hours
	s.write("load.yaml", "metric_name: load\ndata: {prediction_horizons: [1h, 2h]}\n")
	s.ok("checkpoint", "import", model, "--metric", "load", "--container", "webapp", "--step", "1h", "--config", "load.yaml")
	b, err := os.ReadFile(filepath.Join(folder, "flat.forecast.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		At   []int64
		Yhat []float64
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	last := len(want.At) - 1
	s.write("m.csv", fmt.Sprintf("timestamp,container,load\n%d,webapp,90\n%d,webapp,100\n", want.At[last]-7200, want.At[last]-3600))
	var rows []forecastJSON
	if err := json.Unmarshal([]byte(s.ok("predict", "--data", "m.csv", "--metric", "load", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	h := rows[0].Horizons[0]
	if h.Model != "prophet" || math.Abs(h.Median-want.Yhat[last]) > 1e-4 || !(h.Lo80 < h.Median && h.Median < h.Hi80) {
		t.Errorf("%+v, not %v", h, want.Yhat[last])
	}
	if out := s.ok("checkpoint", "inspect", "checkpoints"); !strings.Contains(out, "imported") {
		t.Errorf("inspect:\n%s", out)
	}
	s.write("other.json", "{}")
	s.fails(exitData, "not a serialised Prophet model", "checkpoint", "import", "other.json", "--metric", "load")
	s.fails(exitUsage, "--metric is missing", "checkpoint", "import", model)
	s.fails(exitUsage, "--time-zone", "checkpoint", "import", model, "--metric", "load", "--time-zone", "Mars")
}
