package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/need"
)

// TestProgressBar: on a terminal training has a bar with the time left, which
// goes when it is done.
func TestProgressBar(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("script has other flags elsewhere")
	}
	need.Program(t, "script", "it makes a terminal; of util-linux")
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
