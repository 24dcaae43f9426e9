package promcsv

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzTail: whatever a file to be continued has, it is refused, or what is kept
// of it are whole rows in order of time.
func FuzzTail(f *testing.F) {
	header := []string{"cpu", "memory"}
	head := headerLine(header) + "\n"
	for _, text := range []string{"", "time", head, head + "15,a,1,2\n15,\"b,\"\"1\",,\n30,a,1,2\n", head + "15,a,1,2\n30,a", head + "30,a,,\n15,a,,\n",
		head + "15,\"a\n", "\x1f\x8b", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "m.csv")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		old, err := readTail(path, header)
		if err != nil {
			return
		}
		defer old.close()
		r, err := old.text()
		if err != nil {
			if old.keep != 0 {
				t.Fatalf("%d bytes are kept of what cannot be read: %v", old.keep, err)
			}
			return
		}
		kept := make([]byte, old.keep)
		if _, err := io.ReadFull(r, kept); err != nil {
			t.Fatalf("%d bytes are kept of fewer: %v", old.keep, err)
		}
		if len(kept) > 0 && (!bytes.HasPrefix(kept, []byte(strings.TrimSuffix(head, "\n"))) || kept[len(kept)-1] != '\n') {
			t.Fatalf("kept are %q", kept)
		}
		last := int64(-1)
		for i, line := range strings.Split(strings.TrimSuffix(string(kept), "\n"), "\n") {
			if i == 0 {
				continue
			}
			at, _, ok := rowStart(line)
			if !ok || at < last || at > old.last {
				t.Fatalf("kept is %q after %d", line, last)
			}
			last = at
		}
	})
}
