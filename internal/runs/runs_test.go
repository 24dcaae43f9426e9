package runs

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// full is a run that has something of everything.
func full() *Run {
	r := New("an experiment: ä", `quotes " and ' and: # \`)
	r.User, r.Status = "somebody", Finished
	r.End = r.Start.Add(90 * time.Second)
	r.Params = map[string]string{"model": "lstm", "training.seed": "7", "empty": ""}
	r.Tags = map[string]string{TagParent: strings.Repeat("a", 32), "foretide.note": "two\nlines"}
	at := r.Start
	r.Metrics = map[string][]Point{
		"cpu/validation_loss": {{1, 0.5, at}, {2, 0.25, at.Add(time.Second)}, {3, math.Inf(1), at.Add(time.Minute)}},
		"ratio":               {{0, 1e-300, at}},
	}
	r.Inputs = []Dataset{{"m.csv", "sha256:0123456789abcdef", "/tmp/m.csv", `{"rows": 3}`, "training"}}
	return r
}

// TestRoundTrip: what is put is read back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	d := Dir(filepath.Join(t.TempDir(), "a [folder]", "runs"))
	want := full()
	if err := d.Put(want); err != nil {
		t.Fatal(err)
	}
	got, err := d.Read(want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Tags[TagName] != want.Name || got.Tags[TagUser] != "somebody" || got.Parent() != strings.Repeat("a", 32) {
		t.Errorf("tags %q", got.Tags)
	}
	delete(got.Tags, TagName)
	delete(got.Tags, TagUser)
	if !got.Start.Equal(want.Start) || !got.End.Equal(want.End) {
		t.Errorf("from %v to %v", got.Start, got.End)
	}
	for name, points := range want.Metrics {
		for i, p := range points {
			if g := got.Metrics[name][i]; g.Step != p.Step || g.Value != p.Value || !g.Time.Equal(p.Time) {
				t.Errorf("%s: got %+v, want %+v", name, g, p)
			}
		}
	}
	got.Start, got.End, got.Metrics = want.Start, want.End, want.Metrics
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	if v, ok := got.Last("cpu/validation_loss"); !ok || !math.IsInf(v, 1) {
		t.Errorf("the last loss is %v, %v", v, ok)
	}
}

// TestWriter: a run that goes on can be read all the time, and says at last how
// it ended.
func TestWriter(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir())
	r := New("e", "n")
	w, err := d.Begin(r)
	if err != nil {
		t.Fatal(err)
	}
	for step := range int64(3) {
		if err := w.Metric("loss", step, float64(step)/2); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := d.Read(r.ID); err != nil || got.Status != Running || !got.End.IsZero() || len(got.Metrics["loss"]) != 3 {
		t.Fatalf("%v, %+v", err, got)
	}
	for _, err := range []error{w.Param("p", "one\nline"), w.Tag("t", "1"), w.Tag("t", "2"), w.Artifact("a/b.txt", []byte("text")),
		w.Artifact("a/c.txt", []byte("other")), w.Finish(Failed)} {
		if err != nil {
			t.Error(err)
		}
	}
	got, err := d.Read(r.ID)
	if err != nil || got.Status != Failed || got.End.IsZero() || got.Params["p"] != "one line" || got.Tags["t"] != "2" {
		t.Errorf("%v, %+v", err, got)
	}
	files, err := d.Artifacts(r.ID)
	if err != nil || len(files) != 2 || files[0].Name != "a/b.txt" || files[1].Size != 5 {
		t.Errorf("%v, %+v", err, files)
	}
	for _, name := range []string{"../x", "/x", "", ".", "a//b", "a/../../../x"} {
		if err := w.Artifact(name, nil); !errors.Is(err, ErrName) {
			t.Errorf("artifact %q: %v", name, err)
		}
	}
}

// TestNames: what MLflow would refuse, or what would leave the run's folder, is
// refused.
func TestNames(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir())
	for _, name := range []string{"", "a:b", "../a", "a//b", "/a", "a/", ".a", "ä", strings.Repeat("x", 251)} {
		r := New("e", "n")
		r.Set(name, 1, time.Now())
		if err := d.Put(r); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
		if ok := checkName("metric", Key(name)); ok != nil && len(name) < 250 {
			t.Errorf("Key(%q) is %q: %v", name, Key(name), ok)
		}
	}
	r := New("e", "n")
	r.Params["a"], r.Params["a/b"] = "1", "2"
	if err := d.Put(r); !errors.Is(err, ErrName) {
		t.Errorf("a file and a folder of one name: %v", err)
	}
	if err := d.Put(New("", "n")); !errors.Is(err, ErrName) {
		t.Errorf("no experiment: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(string(d), "*", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestList: newest first, by experiment, and a damaged run spoils no other.
func TestList(t *testing.T) {
	t.Parallel()
	d := Dir(filepath.Join(t.TempDir(), "runs"))
	if l, err := d.List(""); err != nil || len(l.Runs) > 0 {
		t.Fatalf("no folder: %v, %v", l, err)
	}
	var ids []string
	for i, experiment := range []string{"one", "two", "one"} {
		r := New(experiment, "n")
		r.Start = r.Start.Add(time.Duration(i) * time.Second)
		if err := d.Put(r); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	l, err := d.List("one")
	if err != nil || len(l.Runs) != 2 || l.Runs[0].ID != ids[2] || l.Runs[1].ID != ids[0] || l.Runs[0].Experiment != "one" {
		t.Errorf("%v, %+v", err, l)
	}
	folder, err := d.Folder(ids[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "run_id: [", "run_id: other\n", "status: 3\n"} {
		if err := os.WriteFile(filepath.Join(folder, meta), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if l, err := d.List(""); err != nil || len(l.Runs) != 2 || len(l.Damaged) != 1 || !strings.Contains(l.Damaged[0].Error(), ids[0]) {
			t.Errorf("%q: %v, %+v", text, err, l)
		}
	}
	if _, err := d.Read("../x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run outside: %v", err)
	}
}

// TestParsePoints: old and new lines of MLflow, and one that was cut off.
func TestParsePoints(t *testing.T) {
	t.Parallel()
	points, err := parsePoints([]byte("1000 0.5\n2000 nan 3\n3000 -inf 4 data sha\n4000 0.2"))
	if err != nil || len(points) != 3 || points[0].Step != 0 || !math.IsNaN(points[1].Value) || points[1].Step != 3 || points[2].Value != math.Inf(-1) {
		t.Errorf("%v, %+v", err, points)
	}
	for _, text := range []string{"1\n", "a 1 1\n", "-1 1 1\n", "1 x 1\n", "1 1 1.5\n", "1 1 1 1 1 1\n"} {
		if _, err := parsePoints([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzPoints(f *testing.F) {
	f.Add([]byte("1000 0.5 1\n2000 nan 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		points, err := parsePoints(b)
		if err != nil {
			return
		}
		var again []byte
		for _, p := range points {
			again = appendPoint(again, p)
		}
		if back, err := parsePoints(again); err != nil || len(back) != len(points) {
			t.Errorf("%d points come back as %d: %v", len(points), len(back), err)
		}
	})
}

func FuzzMeta(f *testing.F) {
	r := full()
	b, err := Dir("x").describe("1", r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("run_uuid: a\nend_time: null\nstatus: 3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, deleted, err := parseMeta(b); err == nil && !deleted && r.ID == "" {
			t.Error("a run without ID")
		}
	})
}
