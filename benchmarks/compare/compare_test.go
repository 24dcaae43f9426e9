package main

import (
	"cmp"
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

func TestFill(t *testing.T) {
	n := math.NaN()
	// A day of five cells: the gap of two is bridged, the one of three has the
	// values of the day before.
	got := fill([]float64{1, n, n, 4, 5, 6, n, n, n, 9}, 5, 2)
	want := []float64{1, 2, 3, 4, 5, 6, 2, 3, 4, 9}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// Without a day before there is the straight line.
	if got := fill([]float64{1, n, n, n, 5}, 5, 2); !slices.Equal(got, []float64{1, 2, 3, 4, 5}) {
		t.Errorf("got %v", got)
	}
}

// synthetic writes a folder as evaluate.py reads it: two containers of three
// days, with a gap, in cells of a minute and of five.
func synthetic(t *testing.T) string {
	dir := t.TempDir()
	manifest := "container,interval_s,file\n"
	for name, step := range map[string]int{"a/fine": 60, "b/coarse": 300} {
		var s strings.Builder
		s.WriteString("timestamp,container,cpu\n")
		for i := range 3*day/step + 7 {
			if i > 500 && i < 530 {
				continue
			}
			at := 1_700_000_000/step*step + i*step
			s.WriteString(strconv.Itoa(at) + "," + name + "," + number(10+5*math.Sin(2*math.Pi*float64(at)/day)+float64(i*7919%13)) + "\n")
		}
		file := strings.ReplaceAll(name, "/", "-") + ".csv"
		if err := os.WriteFile(filepath.Join(dir, file), []byte(s.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		// evaluate.py reads gzip.
		if out, err := exec.Command("gzip", filepath.Join(dir, file)).CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
		manifest += name + "," + strconv.Itoa(step) + "," + file + ".gz\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.csv"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTasks: the origins are evaluate.py's, all of them and those of a share,
// and a cell of five minutes ends with its origin.
func TestTasks(t *testing.T) {
	eval := testkit.Folder(t, testkit.Eval)
	testkit.Program(t, "python3", "https://www.python.org")
	data := synthetic(t)
	all, err := read(data, "", share{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		task := &all[i]
		for _, o := range task.origins {
			sum := 0.0
			for _, v := range task.filled[o.index-task.k+1 : o.index+1] {
				sum += v
			}
			if got, want := task.fives[o.index5], sum/float64(task.k); math.Abs(got-want) > 1e-9 {
				t.Fatalf("%s: the five minutes before cell %d are %v, want %v", task.container, o.index, got, want)
			}
		}
	}
	out, err := exec.Command("python3", filepath.Join(eval, "evaluate.py"), "tasks", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]bool{}
	for _, r := range rows[1:] {
		theirs[r[0]+" "+r[3]] = true
	}
	mine := map[string]bool{}
	for i := range all {
		for _, o := range all[i].origins {
			mine[all[i].container+" "+integer(all[i].Start+int64(o.index)*all[i].Step)] = true
		}
	}
	if len(mine) == 0 || len(mine) != len(theirs) {
		t.Fatalf("%d origins, evaluate.py has %d", len(mine), len(theirs))
	}
	for k := range mine {
		if !theirs[k] {
			t.Fatalf("evaluate.py has no origin %s", k)
		}
	}
}

// TestScore: persistence has a ratio of 1 on a share of the origins, and the
// share has no more rows than a file of the share's origins.
func TestScore(t *testing.T) {
	eval := testkit.Folder(t, testkit.Eval)
	testkit.Program(t, "python3", "https://www.python.org")
	data, work := synthetic(t), t.TempDir()
	part := share{1, 3}
	tasks, err := read(data, "", part)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"container", "metric", "origin", "horizon", "model", "mean", "lo80", "hi80"}}
	for i := range tasks {
		k := &tasks[i]
		for _, o := range k.origins {
			if o.shared == 0 {
				continue
			}
			for _, h := range horizons {
				last := k.Values[o.index]
				rows = append(rows, []string{k.container, k.metric, integer(k.Start + int64(o.index)*k.Step), integer(h), "last", number(last), number(last - 3), number(last + 3)})
			}
		}
	}
	if err := writeCSV(filepath.Join(work, "last.csv"), rows); err != nil {
		t.Fatal(err)
	}
	s := setup{data: data, eval: eval, work: work, here: ".", python: "python3"}
	scores, err := s.scores([]string{"last"}, part)
	if err != nil {
		t.Fatal(err)
	}
	sc := scores["last"]
	if sc.ratio != 1 || sc.p95 != 1 || sc.better != 0 || sc.missing != 0 || !(sc.covers > 0 && sc.covers < 1) {
		t.Errorf("persistence scores %+v", sc)
	}
	if scores, err = s.scores([]string{"last"}, share{1, 1}); err != nil || scores["last"].missing < 0.5 {
		t.Errorf("on all origins %+v, %v: want two thirds missing", scores, err)
	}
}

// TestClassical: a program in Python reads the tasks and its forecasts can be
// scored. It needs statsforecast: of benchmarks/install, or of the Python that
// FORETIDE_STATSFORECAST names.
func TestClassical(t *testing.T) {
	eval := testkit.Folder(t, testkit.Eval)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	venv := cmp.Or(os.Getenv("FORETIDE_STATSFORECAST"), filepath.Join(here, "..", ".venv", "bin", "python"))
	if _, err := os.Stat(venv); err != nil {
		testkit.Lacking(t, "statsforecast is not installed (benchmarks/install)")
	}
	s := setup{data: synthetic(t), eval: eval, work: t.TempDir(), here: here, python: venv}
	part := share{1, 6}
	tasks, err := read(s.data, "", part)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(s.work, tasks); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(tools, func(t tool) bool { return t.name == "sf-ets" })
	if err := s.run(&tools[i], tasks); err != nil {
		t.Fatal(err)
	}
	scores, err := s.scores([]string{"sf-ets"}, part)
	if err != nil {
		t.Fatal(err)
	}
	if sc := scores["sf-ets"]; sc.missing != 0 || sc.ratio > 1.2 || math.IsNaN(sc.covers) {
		t.Errorf("AutoETS scores %+v", sc)
	}
}

// TestParse: evaluate.py's columns overflow where a forecaster fails.
func TestParse(t *testing.T) {
	const table = "m                 nab                                               7   0.9999 -1.197  0.917   1.0015 -1.277  1.000   1.2003-278182.854  0.500   0.4766278.182   0.0250\n" +
		"m                 MEAN OF THE SOURCES                                   1.1552                 1.0239                 1.0403                 overall 1.0731\n"
	sc, err := parse(table, table)
	if err != nil {
		t.Fatal(err)
	}
	if sc.ratio != 1.0731 || sc.p95 != 1.0015 || math.Abs(sc.better-1./3) > 1e-9 || math.Abs(sc.covers-0.8056666) > 1e-6 || sc.missing != 0.025 {
		t.Errorf("read %+v", sc)
	}
}

// TestCut: what is cut ends where the test part begins, and reads as before.
func TestCut(t *testing.T) {
	data, dir := synthetic(t), t.TempDir()
	if err := cut(data, "", dir); err != nil {
		t.Fatal(err)
	}
	before, err := read(data, "", share{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	after, err := read(dir, "", share{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		b, a := &before[i], &after[i]
		if a.container != b.container || a.Start != b.Start || a.Len() != b.test {
			t.Errorf("%s: %d cells from %d, want %d from %d", b.container, a.Len(), a.Start, b.test, b.Start)
		}
	}
}
