package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// rows returns n rows of web, one for each 15 s, whose cpu is what value gives.
func rows(n int, value func(i int) string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,web,%s\n", start+15*i, value(i))
	}
	return b.String()
}

func saw(i int) string { return fmt.Sprint(1 + i%9) }

// except returns saw but for one row.
func except(row int, text string) func(int) string {
	return func(i int) string {
		if i == row {
			return text
		}
		return saw(i)
	}
}

const cpuHead = "timestamp,container,cpu\n"

// TestBadData: what a user reads about data that cannot be used, and the exit
// code.
func TestBadData(t *testing.T) {
	for _, c := range []struct{ name, data, text string }{
		{"empty file", "", "m.csv: the file is empty; its first line names the columns: timestamp,container,cpu,memory,…"},
		{"header only", cpuHead, "m.csv: there is a header but no row of data"},
		{"no metric", "timestamp,container\n1722470400,web\n", "m.csv:1: no metric column: the header has only timestamp, container; add at least one of cpu, memory"},
		{"all NaN", cpuHead + rows(300, func(int) string { return "NaN" }), "m.csv: every value is missing in 300 rows"},
		{"text in a number cell", cpuHead + rows(300, except(7, "0.5m")), `m.csv:9: column "cpu": "0.5m" is not a number; write it without a unit`},
		{"a field too many", cpuHead + rows(300, except(7, "1,2")), "m.csv:9: the row has 4 fields, the header 3"},
		{"milliseconds", cpuHead + "1722470400000,web,1\n", `m.csv:2: column "timestamp": "1722470400000" looks like milliseconds, but timestamps are Unix seconds: divide the column by 1000`},
		{"no time", cpuHead + "yesterday,web,1\n", `m.csv:2: column "timestamp": "yesterday" is not a timestamp; write Unix seconds`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t)
			s.write("m.csv", c.data)
			for _, command := range []string{"train", "predict", "backtest"} {
				s.fails(exitData, c.text, command, "--data", "m.csv")
			}
			if files, _ := filepath.Glob("checkpoints/*/*"); len(files) > 0 {
				t.Errorf("it left %v", files)
			}
		})
	}
}

// TestPoorData: what is poor and can be used is used, and the user is told.
func TestPoorData(t *testing.T) {
	backwards := strings.Split(strings.TrimSpace(rows(300, saw)), "\n")
	for i, j := 0, len(backwards)-1; i < j; i, j = i+1, j-1 {
		backwards[i], backwards[j] = backwards[j], backwards[i]
	}
	twice := strings.ReplaceAll(rows(300, saw), "\n", "\n"+fmt.Sprintf("%d,web,3\n", start))
	var coarser strings.Builder
	for i := range 100 {
		fmt.Fprintf(&coarser, "%d,web,%s\n", start+4500+300*i, saw(i))
	}
	// What train tells besides.
	trainTells := map[string]string{
		"shorter than the longest horizon": `container "web" has 15 min of history, less than the longest horizon of 30 min: too little to learn from, so forecasts are naive`,
	}
	for _, c := range []struct{ name, data, told, note string }{
		{"infinity", cpuHead + rows(300, except(7, "+Inf")), `m.csv:9: column "cpu": 1 infinite value is taken as missing`, ""},
		{"backwards", cpuHead + strings.Join(backwards, "\n"), `container "web" has 299 rows earlier than the row before; they are put in order`, ""},
		{"stamps twice", cpuHead + twice, `container "web" has`, ""},
		{"a step that changes", cpuHead + rows(300, saw) + coarser.String(), `container "web" is sampled every 15 s at first and every 5 min later; its grid has a step of 15 s, and cells without a sample are missing`, ""},
		{"one point", cpuHead + rows(1, saw), `container "web" has a single row; its step is taken as 1 min`, "short_history,short_window,no_long,constant,uncalibrated"},
		{"shorter than the longest horizon", cpuHead + rows(60, saw), "", "short_history,short_window,no_long,uncalibrated"},
		{"shorter than the window", cpuHead + rows(200, saw), "", "short_window"},
		{"an unknown column", "timestamp,container,cpu,mem\n" + rows(300, func(i int) string { return saw(i) + ",1" }),
			`column "mem" is not one of the known metrics (cpu, memory, disk_read, disk_write, net_rx, net_tx, requests) and is taken as a metric of its own; did you mean "memory"?`, "constant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t)
			s.write("m.csv", c.data)
			_, told, code := s.run("train", "--data", "m.csv")
			if short := trainTells[c.name]; code != exitOK || !strings.Contains(told, c.told) || !strings.Contains(told, short) {
				t.Errorf("train: exit code %d, it prints\n%s\nwithout\n%s%s", code, told, c.told, short)
			}
			out, told, code := s.run("predict", "--data", "m.csv")
			if code != exitOK || !strings.Contains(told, c.told) || !strings.Contains(out, c.note) {
				t.Errorf("predict: exit code %d, it prints\n%s%s\nwithout %q or %q", code, told, out, c.told, c.note)
			}
			if strings.Contains(out, "NaN") || strings.Contains(out, "Inf") {
				t.Errorf("the forecast is not finite:\n%s", out)
			}
		})
	}
}

// TestShortHistoryHasWidth: a history that is shorter than the horizon has
// intervals all the same.
func TestShortHistoryHasWidth(t *testing.T) {
	s := newSession(t)
	s.write("m.csv", cpuHead+rows(60, saw))
	s.ok("train", "--data", "m.csv")
	for line := range strings.Lines(s.ok("predict", "--data", "m.csv", "--csv")) {
		f := strings.Split(line, ",")
		if f[0] == "web" && f[7] == f[8] {
			t.Errorf("an interval without width: %s", line)
		}
	}
}

func TestNamesNotThere(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	for _, command := range []string{"train", "predict", "backtest"} {
		s.fails(exitData, `no container "wbe"`, command, "--data", "m.csv", "--container", "wbe")
		s.fails(exitData, `did you mean "web"?`, command, "--data", "m.csv", "--container", "wbe")
		s.fails(exitData, `"memroy"`, command, "--data", "m.csv", "--metric", "memroy")
		s.fails(exitData, `did you mean "memory"?`, command, "--data", "m.csv", "--metric", "memroy")
		s.fails(exitData, "nowhere.csv: no such file or folder", command, "--data", "nowhere.csv")
		s.fails(exitUsage, "--data is missing", command)
	}
	s.fails(exitUsage, `there is no command "tarin"; did you mean "train"`, "tarin")
	s.fails(exitUsage, `unexpected argument "m.csv"`, "train", "m.csv")
}

func TestUnwritable(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("file", "")
	s.fails(exitFailure, "cannot write to file", "train", "--data", "m.csv", "--store", "file")
	s.fails(exitFailure, "cannot write to "+filepath.Join("file", "checkpoints")+": not a directory", "train", "--data", "m.csv", "--store", "file/checkpoints")
	s.fails(exitFailure, filepath.Join("file", "data"), "demo", "--out", "file")

	// One checkpoint of two cannot be written: the other is kept, and the exit
	// code tells.
	inTheWay := filepath.Join("store", "cpu", "db.ckpt")
	s.write(filepath.Join(inTheWay, "folder"), "")
	s.fails(exitFailure, "cannot write "+inTheWay, "train", "--data", "m.csv", "--metric", "cpu", "--store", "store", "-q")
	s.ok("checkpoint", "verify", filepath.Join("store", "cpu", "web.ckpt"))
}

// TestFullDisk: a limit on the size of files stands for a disk that is full.
func TestFullDisk(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	testkit.Program(t, "sh", "a shell sets the limit")
	limited := func(args ...string) (string, int) {
		cmd := exec.Command("sh", append([]string{"-c", `ulimit -f 1; exec "$0" "$@"`, os.Args[0]}, args...)...)
		cmd.Env = append(os.Environ(), "FORETIDE_TEST_MAIN=1")
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	out, code := limited("train", "--data", "m.csv", "--metric", "cpu")
	if code != exitFailure || !strings.Contains(out, "cannot write "+filepath.Join("checkpoints", "cpu", "db.ckpt")+": file too large") {
		t.Errorf("train: exit code %d\n%s", code, out)
	}
	out, code = limited("backtest", "--data", "m.csv", "--metric", "cpu", "--out", "f.csv")
	if code != exitFailure || !strings.Contains(out, "f.csv") || !strings.Contains(out, "file too large") {
		t.Errorf("backtest: exit code %d\n%s", code, out)
	}
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if path == "experiments" {
			return fs.SkipDir // the runs are small, whole, and say that they failed
		}
		if err == nil && !d.IsDir() && path != "m.csv" {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDamagedCheckpoint(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.ok("train", "--data", "m.csv", "--metric", "cpu")
	path := filepath.Join("checkpoints", "cpu", "web.ckpt")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"cut":        string(b[:len(b)-20]),
		"flipped":    string(b[:200]) + string(b[200]^1) + string(b[201:]),
		"other file": "not a checkpoint at all, but long enough to be one, more or less",
		"empty":      "",
	} {
		s.write(path, damaged)
		s.fails(exitCheckpoint, path, "predict", "--data", "m.csv")
		s.fails(exitCheckpoint, path, "checkpoint", "verify", "checkpoints")
		s.fails(exitCheckpoint, path, "checkpoint", "inspect", path)
		t.Log(name)
	}
	newer := []byte(string(b))
	newer[8] = 9
	s.write(path, string(newer))
	s.fails(exitCheckpoint, "version", "checkpoint", "inspect", path)
}
