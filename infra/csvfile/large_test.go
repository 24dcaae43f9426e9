//go:build linux

package csvfile

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTenMillionRows holds the memory of the package's documentation, as the
// system sees it: a process of its own reads 750 MB in ten million rows. It is
// run where FORETIDE_LARGE=1 asks for it.
func TestTenMillionRows(t *testing.T) {
	const rows, most = 10_000_000, 1_100_000_000
	if path := os.Getenv("FORETIDE_TEST_FILE"); path != "" { // the process that reads
		d, err := Read(context.Background(), path, Options{})
		if err != nil || d.Rows != rows || len(d.Frames) != manyContainers {
			t.Fatal(err)
		}
		return
	}
	if os.Getenv("FORETIDE_LARGE") != "1" {
		t.Skip("it writes 750 MB: FORETIDE_LARGE=1 runs it")
	}
	path, _ := writeMany(t, rows)
	cmd := exec.Command(os.Args[0], "-test.run", "^TestTenMillionRows$", "-test.v")
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_FILE="+path)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	t.Logf("%d bytes, %v", used, time.Since(start).Round(100*time.Millisecond))
	if used > most {
		t.Errorf("%d bytes of memory, want at most %d", used, most)
	}
}
