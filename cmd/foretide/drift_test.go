package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/drift"
)

// turning is a CSV of ten days of two containers: both have a daily curve, and
// one becomes another in the last two days.
func turning() (all, history string) {
	r := rand.New(rand.NewPCG(1, 2))
	var b, first strings.Builder
	b.WriteString("timestamp,container,cpu\n")
	first.WriteString(b.String())
	for _, name := range []string{"steady", "turning"} {
		for i := range 10 * 288 {
			x := 100 + 50*math.Sin(2*math.Pi*float64(i)/288) + 5*r.NormFloat64()
			if name == "turning" && i >= 8*288 && r.IntN(3) == 0 {
				x += 300 * r.Float64()
			}
			line := fmt.Sprintf("%d,%s,%.3f\n", 1700006400+300*i, name, x)
			b.WriteString(line)
			if i < 8*288 {
				first.WriteString(line)
			}
		}
	}
	return b.String(), first.String()
}

// TestDrift: the container that became another is told, by name and by the exit
// code; trained again there is none.
func TestDrift(t *testing.T) {
	s := newSession(t)
	all, history := turning()
	s.write("all.csv", all)
	s.write("history.csv", history)
	s.ok("train", "--data", "history.csv", "--no-run")
	out, errOut, code := s.run("drift", "--data", "all.csv", "--json")
	if code != exitDrift || !strings.Contains(errOut, "1 of 2 models") {
		t.Errorf("exit code %d, %s", code, errOut)
	}
	reason := map[string]string{"steady": "", "turning": "intervals_miss", "new": "no_checkpoint"}
	var rows []drift.Row
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 2 {
		t.Fatalf("%v: %s", err, out)
	}
	for _, r := range rows {
		if r.Drift != (r.Container == "turning") || r.Reason != reason[r.Container] || len(r.Horizons) != 3 || r.Model != "auto" || r.Horizons[0].Rows < 100 {
			t.Errorf("%+v", r)
		}
	}
	if out, _, _ := s.run("drift", "--data", "all.csv"); !strings.Contains(out, "intervals miss") {
		t.Errorf("no word of what has drifted:\n%s", out)
	}
	// What has no checkpoint is not judged, and is no drift.
	s.write("new.csv", strings.ReplaceAll(history, "turning", "new"))
	rows = nil
	if err := json.Unmarshal([]byte(s.ok("drift", "--data", "new.csv", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	if rows[0].Container != "new" || rows[0].Reason != "no_checkpoint" || rows[1].Reason != "seen" {
		t.Errorf("%+v", rows)
	}
	s.ok("train", "--data", "all.csv", "--no-run")
	if out := s.ok("drift", "--data", "all.csv"); strings.Count(out, "the checkpoint has seen all of the data") != 2 {
		t.Errorf("trained on all of the data:\n%s", out)
	}
	s.fails(exitUsage, "--last is 1m0s; it is at least 1h", "drift", "--data", "all.csv", "--last", "1m")
}
