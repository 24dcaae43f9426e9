package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/loader/store"
)

const web = "cpu/web.ckpt"

func TestBuckets(t *testing.T) {
	for name, b := range map[string]store.Bucket{
		"memory":                &store.Memory{},
		"folder":                store.Folder{Path: filepath.Join(t.TempDir(), "a", "b")},
		"folder keeps versions": store.Folder{Path: t.TempDir(), Keep: 3},
	} {
		t.Run(name, func(t *testing.T) { testkit.CheckBucket(t, b) })
	}
}

func TestFolderVersions(t *testing.T) {
	t.Parallel()
	testkit.CheckVersions(t, store.Folder{Path: t.TempDir(), Keep: 5, KeepOf: ".ckpt"}, 5)
}

// TestNoVersions: a bucket that keeps no versions says so.
func TestNoVersions(t *testing.T) {
	t.Parallel()
	if _, err := store.AsVersioner(&store.Memory{}); !errors.Is(err, store.ErrNoVersions) {
		t.Errorf("memory: %v, want ErrNoVersions", err)
	}
	for name, f := range map[string]store.Folder{"of no name": {Path: t.TempDir()}, "of other names": {Path: t.TempDir(), Keep: 1, KeepOf: ".csv"}} {
		for range 2 {
			if err := f.Put(t.Context(), web, fmt.Append(nil, time.Now())); err != nil {
				t.Fatal(err)
			}
		}
		_, list := f.Versions(t.Context(), web)
		_, get := f.GetVersion(t.Context(), web, "x", 0)
		if _, err := os.Stat(filepath.Join(f.Path, ".versions")); !errors.Is(list, store.ErrNoVersions) || !errors.Is(get, store.ErrNoVersions) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder that keeps versions %s: %v, %v, want ErrNoVersions; .versions: %v", name, list, get, err)
		}
	}
}

// TestFolderKeepsCopies: a file that was copied there stays as a version; the same
// bytes again are no version; a copy over the current file changes no version.
func TestFolderKeepsCopies(t *testing.T) {
	t.Parallel()
	f := store.Folder{Path: t.TempDir(), Keep: 5}
	file := filepath.Join(f.Path, filepath.FromSlash(web))
	write := func(text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	put := func(text string) {
		t.Helper()
		if err := f.Put(t.Context(), web, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	put("new")
	write("copied over it")
	put("newest")
	put("newest")
	list, err := f.Versions(t.Context(), web)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range list {
		data, err := f.GetVersion(t.Context(), web, v.ID, 0)
		if err != nil {
			t.Error(err)
		}
		got = append(got, string(data))
	}
	if s := strings.Join(got, ", "); s != "newest, copied over it, old" {
		t.Errorf("the versions are %s", s)
	}
	for _, id := range []string{"", "..", "../../web.ckpt", "20000101T000000.000000000Z"} {
		if data, err := f.GetVersion(t.Context(), web, id, 0); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("GetVersion(%q) = %q, %v, want ErrNotFound", id, data, err)
		}
	}
}

// TestFolderStaysInside: no name and no link leads out of the folder.
func TestFolderStaysInside(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret.ckpt")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "cpu")); err != nil {
		testkit.Lacking(t, "this system has no symbolic links: "+err.Error())
	}
	f := store.Folder{Path: dir, Keep: 1}
	for _, name := range []string{"cpu/secret.ckpt", "../" + filepath.Base(outside) + "/secret.ckpt", secret, "a/../b", ".hidden", "cpu/.hidden", "", ".", "a//b"} {
		if b, _, err := f.Get(t.Context(), name, 0); err == nil {
			t.Errorf("read %q through %q", b, name)
		}
		if err := f.Put(t.Context(), name, []byte("overwritten")); err == nil {
			t.Errorf("wrote through %q", name)
		}
		if err := f.Delete(t.Context(), name); err == nil && name != "cpu/secret.ckpt" {
			t.Errorf("deleted %q", name)
		}
	}
	if b, _ := os.ReadFile(secret); string(b) != "secret" {
		t.Errorf("what lies outside is now %q", b)
	}
}

// TestFolderLinks: a link within the folder is read, as a mounted volume has them,
// and replaced by a file; what it led to stays.
func TestFolderLinks(t *testing.T) {
	t.Parallel()
	f := store.Folder{Path: t.TempDir(), Keep: 2}
	real := filepath.Join(f.Path, "..data", "web.ckpt")
	if err := errors.Join(os.MkdirAll(filepath.Dir(real), 0o755), os.Mkdir(filepath.Join(f.Path, "cpu"), 0o755), os.WriteFile(real, []byte("old"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "..data", "web.ckpt"), filepath.Join(f.Path, filepath.FromSlash(web))); err != nil {
		testkit.Lacking(t, "this system has no symbolic links: "+err.Error())
	}
	if l := testkit.ListAll(t, f, "", ""); len(l) != 1 || l[0].Name != web || l[0].Size != 3 {
		t.Errorf("List = %+v", l)
	}
	if err := f.Put(t.Context(), web, []byte("new")); err != nil {
		t.Fatal(err)
	}
	list, err := f.Versions(t.Context(), web)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if data, err := f.GetVersion(t.Context(), web, list[1].ID, 0); err != nil || string(data) != "old" {
		t.Errorf("the version is %q, %v", data, err)
	}
	if b, err := os.ReadFile(real); err != nil || string(b) != "old" {
		t.Errorf("the link led to %q, %v", b, err)
	}
}

// TestUnwritable: a folder that cannot be written to is an error before any work,
// with its name.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f := store.Folder{Path: filepath.Join(file, "checkpoints")}
	want := "store: cannot write to " + f.Path + ": not a directory"
	if err := f.Check(t.Context()); err == nil || err.Error() != want {
		t.Errorf("Check: %v, want %q", err, want)
	}
	if err := f.Put(t.Context(), "cpu/a.ckpt", nil); err == nil || !strings.Contains(err.Error(), filepath.Join(f.Path, "cpu", "a.ckpt")) {
		t.Errorf("Put: %v", err)
	}
	if os.Getuid() == 0 {
		return // permissions do not stop root
	}
	locked := store.Folder{Path: filepath.Join(dir, "locked")}
	if err := os.Mkdir(locked.Path, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := locked.Check(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "locked: permission denied") {
		t.Errorf("Check: %v", err)
	}
}

// TestFullDisk: a full disk leaves what was there, and nothing half-written. A limit
// on the size of files stands for the disk.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv("FORETIDE_TEST_DIR"); dir != "" { // the limited process
		err := store.Folder{Path: dir, Keep: 1}.Put(context.Background(), web, bytes.Repeat([]byte("x"), 1<<20))
		if err == nil {
			t.Fatal("written")
		}
		t.Log(err)
		return
	}
	testkit.Program(t, "sh", "a shell sets the limit")
	f := store.Folder{Path: t.TempDir(), Keep: 1}
	if err := f.Put(t.Context(), web, []byte("before")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -f 64; exec "$0" -test.run '^TestFullDisk$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_DIR="+f.Path)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "cannot write "+f.Address(web)+": file too large") {
		t.Fatalf("%v\n%s", err, out)
	}
	files, _ := os.ReadDir(filepath.Join(f.Path, "cpu"))
	if b, _ := os.ReadFile(f.Address(web)); string(b) != "before" || len(files) != 1 {
		t.Errorf("the checkpoint is now %.20q, among %v", b, files)
	}
}

// text is what a writer puts in a round.
func text(who string, round int) []byte {
	return append(fmt.Appendf(nil, "%s %d ", who, round), bytes.Repeat([]byte(who), 1<<16)...)
}

// TestFolderProcesses: processes write the same name at the same time. Each write is
// a version of its own, in the order of its writer, the last complete one is
// current, and readers get whole ones. One process is killed amid its writes.
func TestFolderProcesses(t *testing.T) {
	const rounds = 50
	if who := os.Getenv("FORETIDE_TEST_WRITER"); who != "" {
		for round := 0; round < rounds || who == "k"; round++ {
			if err := (store.Folder{Path: os.Getenv("FORETIDE_TEST_DIR"), Keep: 1 << 20}).Put(context.Background(), web, text(who, round)); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	f := store.Folder{Path: t.TempDir(), Keep: 1 << 20}
	start := func(who string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFolderProcesses$")
		cmd.Env = append(os.Environ(), "FORETIDE_TEST_WRITER="+who, "FORETIDE_TEST_DIR="+f.Path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	a, b, k := start("a"), start("b"), start("k")
	whole := func(data []byte) (who string, round int) {
		t.Helper()
		if _, err := fmt.Sscan(string(data[:min(len(data), 20)]), &who, &round); err != nil || !bytes.Equal(data, text(who, round)) {
			t.Fatalf("%d bytes that nobody wrote, %.20q", len(data), data)
		}
		return who, round
	}
	done := make(chan error, 1)
	go func() { done <- errors.Join(a.Wait(), b.Wait()) }()
	for reads, running := 0, true; running; reads++ {
		data, _, err := f.Get(t.Context(), web, 0)
		if err == nil {
			whole(data)
		} else if !errors.Is(err, store.ErrNotFound) || reads > 1000000 {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
		}
	}
	if err := k.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = k.Wait() // "signal: killed"
	if err := f.Put(t.Context(), web, text("last", 0)); err != nil {
		t.Fatal(err)
	}
	list, err := f.Versions(t.Context(), web)
	if err != nil {
		t.Fatal(err)
	}
	count, turns, before := map[string]int{}, 0, ""
	for i := range list { // from the oldest
		data, err := f.GetVersion(t.Context(), web, list[len(list)-1-i].ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		who, round := whole(data)
		if round != count[who] {
			t.Fatalf("round %d of %s comes after %d of its versions", round, who, count[who])
		}
		if count[who]++; who != before {
			turns++
		}
		before = who
	}
	if count["a"] != rounds || count["b"] != rounds || count["k"] == 0 || before != "last" || turns < 5 {
		t.Errorf("versions by writer: %v in %d turns, the last by %s", count, turns, before)
	}
}

// TestFolderGoroutines: goroutines exclude each other too.
func TestFolderGoroutines(t *testing.T) {
	t.Parallel()
	f := store.Folder{Path: t.TempDir(), Keep: 1000}
	var wg sync.WaitGroup
	for _, who := range []string{"a", "b", "c"} {
		wg.Go(func() {
			for round := range 20 {
				if err := f.Put(t.Context(), web, text(who, round)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if list, err := f.Versions(t.Context(), web); err != nil || len(list) != 60 {
		t.Errorf("%d versions of 60 writes: %v", len(list), err)
	}
}
