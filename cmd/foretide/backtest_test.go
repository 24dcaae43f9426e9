package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/report"
)

func TestBacktest(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	out := s.ok("backtest", "--data", "m.csv", "--model", "naive,arima", "--out", "sub/f.csv.gz")
	for _, want := range []string{"5-min MAE", "30-min ratio", "Winkler", "Overall", "arima", "naive", "memory"} {
		if !strings.Contains(out, want) {
			t.Errorf("the tables lack %q:\n%s", want, out)
		}
	}
	var made, read report.Scores
	decode := func(dst *report.Scores, text string) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), dst); err != nil {
			t.Fatal(err)
		}
	}
	decode(&made, s.ok("backtest", "--data", "m.csv", "--model", "naive,arima", "--json"))
	decode(&read, s.ok("backtest", "--data", "m.csv", "--score", "sub/f.csv.gz", "--json"))
	if len(made.Overall) != 2 || len(made.Series) != 8 || len(read.Series) != 8 {
		t.Fatalf("%d models, %d and %d series; want 2, 8 and 8", len(made.Overall), len(made.Series), len(read.Series))
	}
	for i := range made.Series {
		a, b := made.Series[i].Horizons[0], read.Series[i].Horizons[0]
		if a.MAE != b.MAE || a.Coverage != b.Coverage || a.Rows != b.Rows || !(a.MAE > 0) {
			t.Errorf("%s: scored %+v when made, %+v from the file", made.Series[i].Container, a, b)
		}
	}
}

func TestBacktestList(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("list.txt", "# two of four\nweb cpu\ndb memory\n")
	var r report.Scores
	if err := json.Unmarshal([]byte(s.ok("backtest", "--data", "m.csv", "--list", "list.txt", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Series) != 2 || r.Series[0].Container != "db" || r.Series[1].Metric != "cpu" {
		t.Errorf("judged %+v", r.Series)
	}
	s.write("list.txt", "web cpu memory\n")
	s.fails(exitData, `list.txt:1: "web cpu memory" is not a container and a metric`, "backtest", "--data", "m.csv", "--list", "list.txt")
	s.write("list.txt", "cache cpu\n")
	s.fails(exitData, "no series has an origin", "backtest", "--data", "m.csv", "--list", "list.txt")
}

func TestBacktestFlags(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	for text, args := range map[string][]string{
		"--data is missing":         {},
		"--group-by is":             {"--data", "m.csv", "--by", "colour"},
		"--test-share is 1":         {"--data", "m.csv", "--test-share", "1"},
		"--every is":                {"--data", "m.csv", "--every", "1ms"},
		"--workers is 0":            {"--data", "m.csv", "--workers", "0"},
		`did you mean "arima"`:      {"--data", "m.csv", "--model", "arma"},
		"--score judges a file":     {"--data", "m.csv", "--score", "f.csv", "--model", "naive"},
		`did you mean "--container`: {"--data", "m.csv", "--contianer", "web"},
	} {
		s.fails(exitUsage, text, append([]string{"backtest"}, args...)...)
	}
	// A file that cannot be written is found before anything is computed, and
	// leaves nothing behind.
	s.write("file", "")
	s.fails(exitFailure, "file", "backtest", "--data", "m.csv", "--out", "file/f.csv")
	if _, err := os.Stat("file/f.csv"); err == nil {
		t.Error("the forecast file is there")
	}
}

// TestBacktestStill: a series that never changes is told of, and counted, alone
// and beside one that does.
func TestBacktestStill(t *testing.T) {
	s := newSession(t)
	var flat strings.Builder
	for i := range 600 {
		fmt.Fprintf(&flat, "%d,flat,5,%d\n", start+300*i, i%7)
	}
	s.write("m.csv", head+flat.String())
	const told = "1 series not judged: they never change in the part that is forecast (cpu of flat)"
	for _, metrics := range []string{"cpu", "cpu,memory"} {
		out, errOut, code := s.run("backtest", "--data", "m.csv", "--metric", metrics, "--model", "naive,arima", "--no-run")
		if code != exitOK || !strings.Contains(errOut, told) || strings.Contains(out, "Metric") != (metrics != "cpu") {
			t.Errorf("%s: exit code %d\n%s%s", metrics, code, out, errOut)
		}
		var r report.Scores
		if err := json.Unmarshal([]byte(s.ok("backtest", "--data", "m.csv", "--metric", metrics, "--model", "naive", "--no-run", "--json")), &r); err != nil {
			t.Fatal(err)
		}
		if r.NotJudged != 1 || !r.Series[0].NotJudged || len(r.Series) == 2 && r.Series[1].NotJudged {
			t.Errorf("%s: %+v", metrics, r)
		}
	}
}
