package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestComponents trains Prophet with a regressor and an event, and prints what
// forecasts are made of.
func TestComponents(t *testing.T) {
	s := newSession(t)
	var b strings.Builder
	b.WriteString("timestamp,container,cpu,queue\n")
	for i := range 5 * 288 {
		at := 1_722_470_400 + i*300
		queue := float64(i % 50)
		cpu := 20 + 5*math.Sin(2*math.Pi*float64(at)/86400) + 0.2*queue + 0.3*math.Sin(float64(i)*1.7)
		fmt.Fprintf(&b, "%d,webapp,%.4f,%g\n", at, cpu, queue)
	}
	s.write("m.csv", b.String())
	s.write("cpu.yaml", `metric_name: cpu
model:
  model_type: prophet
  daily_seasonality: 2
  holidays: [{holiday: deploy, ds: ["2024-08-02T14:05", "2024-08-03T10:00"], duration: 15m}]
  extra_regressors: [{name: queue}]
`)
	s.ok("train", "--data", "m.csv", "--config", "cpu.yaml", "--metric", "cpu", "-q")
	out := s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--components")
	for _, want := range []string{"component", "trend", "daily", "queue", "deploy", "recent errors", "gate, bounds"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "no_input") {
		t.Errorf("the regressor was not read:\n%s", out)
	}
	var rows []forecastJSON
	if err := json.Unmarshal([]byte(s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--components", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	for _, h := range rows[0].Horizons {
		sum := 0.0
		for _, c := range h.Components {
			sum += float64(c.Value)
		}
		if len(h.Components) != 6 || math.Abs(sum-h.Median) > 1e-9*math.Abs(h.Median) {
			t.Errorf("%+v add up to %v, not %v", h.Components, sum, h.Median)
		}
	}
	s.fails(exitUsage, "--components is for the table", "predict", "--data", "m.csv", "--components", "--csv")
	// Without the column the last value stands in, and the forecast says so.
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, line[:strings.LastIndexByte(strings.TrimSpace(line), ',')]+"\n")
	}
	s.write("less.csv", strings.Join(lines, ""))
	if out := s.ok("predict", "--data", "less.csv", "--metric", "cpu"); !strings.Contains(out, "no_input") {
		t.Errorf("no reason in\n%s", out)
	}
	// A naive model has no components.
	s.ok("train", "--data", "m.csv", "--metric", "queue", "--model", "naive", "-q")
	if out := s.ok("predict", "--data", "m.csv", "--metric", "queue", "--components"); !strings.Contains(out, "none") {
		t.Errorf("components of a naive model:\n%s", out)
	}
}
