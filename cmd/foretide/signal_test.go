//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSignal: Ctrl-C in the middle of training ends the program with 130;
// what is in the store by then is whole, and nothing else is there.
func TestSignal(t *testing.T) {
	s := newSession(t)
	data := cpuHead
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		data += strings.ReplaceAll(rows(20000, saw), ",web,", ","+name+",")
	}
	s.write("m.csv", data)
	cmd := exec.Command(os.Args[0], "train", "--data", "m.csv", "--model", "arima", "--progress", "json")
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_MAIN=1")
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var told []string
	lines := bufio.NewScanner(progress)
	for lines.Scan() {
		told = append(told, lines.Text())
		if strings.Contains(lines.Text(), `"training"`) && strings.Contains(lines.Text(), `"total":10`) {
			_ = cmd.Process.Signal(syscall.SIGINT) // an ended process is caught below
			break
		}
	}
	for lines.Scan() {
		told = append(told, lines.Text())
	}
	_ = cmd.Wait() // its exit code is looked at
	text := strings.Join(told, "\n")
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(text, "foretide: interrupted") {
		t.Errorf("exit code %d\n%s", code, text)
	}
	files, err := filepath.Glob("checkpoints/*/*")
	if err != nil || len(files) == 10 {
		t.Fatalf("%v; training had ended before the signal came: %v", err, files)
	}
	hidden, _ := filepath.Glob("checkpoints/*/.*")
	more, _ := filepath.Glob("checkpoints/.*")
	if len(hidden)+len(more) > 0 {
		t.Errorf("half-written files: %v %v", hidden, more)
	}
	if len(files) > 0 {
		s.ok("checkpoint", "verify", "checkpoints")
	}
}
