package main

import (
	"strings"
	"testing"
)

// TestOutsideBounds: a metric that cannot be negative and is gets a forecast of 0,
// and the user is told why; not where the configuration lets it be negative.
func TestOutsideBounds(t *testing.T) {
	s := newSession(t)
	s.write("m.csv", cpuHead+rows(300, func(i int) string { return "-" + saw(i) }))
	const told = "cpu has 300 values below 0 (web): its bounds rule them out, and such forecasts too"
	check := func(want bool, args ...string) {
		t.Helper()
		out, errOut, code := s.run(append(args, "--data", "m.csv")...)
		if code != exitOK || strings.Contains(errOut, told) != want {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errOut)
		}
	}
	check(true, "predict")
	check(true, "train", "--no-run")
	check(true, "predict")
	check(true, "backtest", "--no-run", "--every", "15s")
	s.write("c.yaml", "metric_name: cpu\ndata: {lower_bound: -.inf}\n")
	check(false, "train", "--no-run", "--config", "c.yaml")
	check(false, "predict")
	check(false, "backtest", "--no-run", "--config", "c.yaml", "--every", "15s")
}
