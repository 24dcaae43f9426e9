package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// TestProgressBar: on a terminal training has a bar with the time left, which
// goes when it is done.
func TestProgressBar(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("script has other flags elsewhere")
	}
	testkit.Program(t, "script", "it makes a terminal; of util-linux")
	s := newSession(t)
	s.twoContainers()
	cmd := exec.Command("script", "-qefc", `"$FORETIDE_TEST_MAIN" train --data m.csv --model arima`, "/dev/null")
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_MAIN="+os.Args[0])
	out, err := cmd.CombinedOutput()
	text := string(out)
	if err != nil || !strings.Contains(text, "training") || !strings.Contains(text, "/4) [0s:") || !strings.Contains(text, "4 of 4 checkpoints") {
		t.Errorf("%v, the terminal got\n%q", err, text)
	}
	if _, after, _ := strings.Cut(text, "4 of 4"); strings.Contains(after, "training") {
		t.Errorf("the bar stays: %q", text)
	}
}

// TestProgressLines: without a terminal there is no bar, and programs get an
// object on each line that ends with all done.
func TestProgressLines(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	for how, lines := range map[string]int{"auto": 0, "plain": 0, "none": 0, "json": 2} {
		_, told, code := s.run("train", "--data", "m.csv", "--progress", how)
		if code != exitOK || strings.Contains(told, "\r") || strings.Contains(told, "\x1b") {
			t.Errorf("%s: exit code %d, %q", how, code, told)
		}
		var last struct {
			Stage       string
			Done, Total int64
		}
		n := 0
		for line := range strings.Lines(told) {
			if strings.HasPrefix(line, "{") {
				n++
				if err := json.Unmarshal([]byte(line), &last); err != nil {
					t.Errorf("%s: %v in %q", how, err, line)
				}
			}
		}
		if n < lines || lines == 0 && n > 0 || lines > 0 && (last.Stage != "reporting what was trained" || last.Done != 4 || last.Total != 4) {
			t.Errorf("%s: %d objects, the last %+v, in\n%s", how, n, last, told)
		}
	}
}

// TestPredictProgress: forecasts of many containers tell how far they are, those
// of a few do not, and they are the same whether told or not.
func TestPredictProgress(t *testing.T) {
	s := newSession(t)
	var b strings.Builder
	b.WriteString("timestamp,container,cpu\n")
	for i := range 20 {
		for c := range 2*together + 1 {
			fmt.Fprintf(&b, "%d,c%03d,%d\n", 1_700_000_100+300*i, c, 1+(i*c)%7)
		}
	}
	s.write("many.csv", b.String())
	out, told, code := s.run("predict", "--data", "many.csv", "--progress", "json")
	if n := strings.Count(out, " 15 min "); code != exitOK || n != 2*together+1 {
		t.Fatalf("exit code %d, %d forecasts in\n%s%s", code, n, out, told)
	}
	if !strings.Contains(told, `"stage":"forecasting","done":129,"total":129`) {
		t.Errorf("nothing says how far it is: %s", told)
	}
	if quiet, told, _ := s.run("predict", "--data", "many.csv", "-q"); quiet != out || told != "" {
		t.Errorf("without progress: %q\n%.1000s", told, quiet)
	}
	if _, told, _ := s.run("predict", "--data", "many.csv", "--container", "c001", "--progress", "json"); strings.Contains(told, "forecasting") {
		t.Errorf("of one container: %s", told)
	}
}
