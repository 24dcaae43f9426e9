package testkit

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sources tells go test that the test depends on every Go file of the module, as a
// test of what go list reports does: a cached result of it counts no longer when
// one of them changes.
func Sources(t testing.TB) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(fromTop("."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		count++
		_, err = os.Stat(path)
		return err
	})
	if err != nil || count == 0 {
		t.Fatalf("%d Go files: %v", count, err)
	}
}
