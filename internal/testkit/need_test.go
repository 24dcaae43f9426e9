package testkit_test

import (
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// TestNeed: what is lacking skips a test, or fails it where all must run.
func TestNeed(t *testing.T) {
	for _, c := range []struct{ ci, none, want string }{
		{"", "", "skip"}, {"1", "", "fail"}, {"1", "1", "skip"},
	} {
		t.Setenv("FORETIDE_CI", c.ci)
		t.Setenv("FORETIDE_NO_DATA", c.none)
		t.Setenv(testkit.Bench, "")
		if got := outcome(func(t testing.TB) { testkit.Folder(t, testkit.Bench) }); got != c.want {
			t.Errorf("CI %q, no data %q: a folder that is lacking is a %s, want %s", c.ci, c.none, got, c.want)
		}
		want := c.want
		if c.ci == "1" {
			want = "fail" // data is no excuse for a program
		}
		if got := outcome(func(t testing.TB) { testkit.Program(t, "no-such-program", "nowhere") }); got != want {
			t.Errorf("CI %q: a program that is lacking is a %s, want %s", c.ci, got, want)
		}
	}
	t.Setenv(testkit.Bench, "here")
	if testkit.Folder(t, testkit.Bench) != "here" {
		t.Error("not the folder that is named")
	}
	if got := outcome(func(t testing.TB) { testkit.File(t, ".") }); got != "" {
		t.Errorf("a file that is there: %s", got)
	}
}

// recorder notes how a test would have ended.
type recorder struct {
	testing.TB
	how string
}

func (r *recorder) Helper()              {}
func (r *recorder) Skip(...any)          { r.end("skip") }
func (r *recorder) Fatal(...any)         { r.end("fail") }
func (r *recorder) end(how string)       { r.how = how; panic(r) }
func (r *recorder) Skipf(string, ...any) { r.end("skip") }

func outcome(f func(testing.TB)) (how string) {
	r := new(recorder)
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		how = r.how
	}()
	f(r)
	return r.how
}

// TestPython: the interpreter that is named is taken, and asked for the modules.
func TestPython(t *testing.T) {
	t.Setenv("FORETIDE_CI", "")
	t.Setenv(testkit.Interpreter, "no-such-python")
	if got := outcome(func(t testing.TB) { testkit.Python(t, "sys") }); got != "skip" {
		t.Errorf("without a Python: %q", got)
	}
	t.Setenv(testkit.Interpreter, "python3")
	testkit.Program(t, "python3", "apt install python3")
	if got := testkit.Python(t, "sys", "json"); got != "python3" {
		t.Errorf("it is %s", got)
	}
	if got := outcome(func(t testing.TB) { testkit.Python(t, "no_such_module") }); got != "skip" {
		t.Errorf("without a module: %q", got)
	}
}
