// Package testkit lets a test name what it needs: data, programs, a Python. Where
// that is lacking, the test of a casual user is skipped with a message that says
// what to do, and the project's own check, which sets FORETIDE_CI=1, fails. It also
// measures allocations, reads the M4 series and checks what every store.Bucket
// does.
package testkit

import (
	"os"
	"os/exec"
	"testing"
)

// The folders of real data that are too large for the repository. A check on a
// machine without them says so with FORETIDE_NO_DATA=1; their tests are then
// skipped there too.
const (
	Data  = "FORETIDE_DATA"  // the public metrics: manifest.csv and a folder for each source
	Bench = "FORETIDE_BENCH" // the M4 Hourly series and reference results
	Eval  = "FORETIDE_EVAL"  // evaluate.py and the list of the series that are judged
)

// Folder returns the folder that the environment variable names.
func Folder(t testing.TB, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	switch {
	case dir != "":
	case os.Getenv("FORETIDE_NO_DATA") == "1":
		t.Skipf("%s is not set, and the check runs without data", variable)
	default:
		Lacking(t, variable+" is not set: it names a folder of data that is not in the repository")
	}
	return dir
}

// Program needs a program on the path; how says how to get it.
func Program(t testing.TB, name, how string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		Lacking(t, name+" is not installed ("+how+")")
	}
}

// File needs a file that not every system has.
func File(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Lacking(t, "this system has no "+path)
	}
}

// Lacking ends a test that cannot do without what is lacking.
func Lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("FORETIDE_CI") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}
