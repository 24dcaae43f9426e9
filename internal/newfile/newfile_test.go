package newfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// alone checks that a folder has the one file, with the content.
func alone(t *testing.T, dir, name, want string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil || len(all) != 1 || all[0].Name() != name {
		t.Fatalf("%v, %v", all, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != want {
		t.Errorf("%q, %v", b, err)
	}
}

// TestCommit: the old file stays until the new one is complete, and where that
// is given up.
func TestCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	alone(t, dir, "a", "old")
	for _, commit := range []bool{false, true} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("new")
		if b, _ := os.ReadFile(path); string(b) != "old" {
			t.Errorf("before it is complete, the file is %q", b)
		}
		want := "old"
		if commit {
			want = "new"
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		f.Abort()
		f.Abort()
		alone(t, dir, "a", want)
		if err := f.Commit(); err == nil {
			t.Error("committed after its end")
		}
	}
}

// TestNames: errors name the file that was asked for, and what is not a file is
// left alone.
func TestNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                             dir + ": is a folder; give the name",
		"/dev/null":                     "/dev/null: is not a file",
		filepath.Join(dir, "none", "a"): filepath.Join(dir, "none", "a") + ": cannot be written: no such file",
	} {
		if _, err := Create(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(dir, "a"), link); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o644)
	if err := Write(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	alone(t, dir, "a", "new")
}
