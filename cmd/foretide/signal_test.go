//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
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

// TestSignalInExport: Ctrl-C while a slow server is asked leaves the file as it
// was; with --append, with what had come by then.
func TestSignalInExport(t *testing.T) {
	s := newSession(t)
	to, err := url.Parse(promURL(t))
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	stuck, over := make(chan struct{}, 100), make(chan struct{})
	pass := httputil.NewSingleHostReverseProxy(to)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 12 { // after a page or two
			stuck <- struct{}{}
			<-over
			return
		}
		pass.ServeHTTP(w, r)
	}))
	defer slow.Close()
	defer close(over)
	for _, c := range []struct{ more, before, kept string }{
		{"--json=false", "as it was\n", ""},
		{"--append", "timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx\n" + fmt.Sprint(poolStart) + ",old,,1,,,,\n", "are kept in m.csv; --append continues there"},
	} {
		s.write("m.csv", c.before)
		asked.Store(0)
		cmd := exec.Command(os.Args[0], stretch(slow.URL, "--out", "m.csv", c.more)...)
		cmd.Env = append(os.Environ(), "FORETIDE_TEST_MAIN=1")
		var told bytes.Buffer
		cmd.Stderr = &told
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-stuck
		_ = cmd.Process.Signal(syscall.SIGINT) // it waits for an answer
		_ = cmd.Wait()                         // its exit code is looked at
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(told.String(), "foretide: interrupted") || !strings.Contains(told.String(), c.kept) {
			t.Errorf("%s: exit code %d\n%s", c.more, code, told.String())
		}
		b, err := os.ReadFile("m.csv")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(b), c.before) || (c.kept == "") != (len(b) == len(c.before)) || b[len(b)-1] != '\n' {
			t.Errorf("%s: the file is now\n%s", c.more, b)
		}
		if left, _ := filepath.Glob(".*"); len(left) > 0 {
			t.Errorf("%s: half-written files: %v", c.more, left)
		}
	}
}
