package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit/s3test"
)

// TestBucketStore: a bucket serves as a folder does, in every command.
func TestBucketStore(t *testing.T) {
	server := s3test.New(t, "fleet")
	s := newSession(t)
	s.twoContainers()
	const store = "s3://fleet/a/b?keep=2"
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--store", "folder")
	if _, text, code := s.run("train", "--data", "m.csv", "--metric", "cpu", "--store", store); code != exitOK || !strings.Contains(text, "2 of 2 checkpoints are in "+store) {
		t.Fatal(code, text)
	}
	forecast := func(store string) string {
		t.Helper()
		return s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--store", store, "--json")
	}
	first := forecast(store)
	if first != forecast("folder") {
		t.Error("the bucket forecasts otherwise than the folder")
	}
	if out := s.ok("checkpoint", "verify", store); strings.Count(out, "ok  s3://fleet/a/b/cpu/") != 2 {
		t.Error(out)
	}
	if a, b := s.ok("checkpoint", "inspect", "s3://fleet/a/b/cpu/web.ckpt"), s.ok("checkpoint", "inspect", filepath.Join("folder", "cpu", "web.ckpt")); after(a) != after(b) {
		t.Errorf("%s\n%s", a, b)
	}
	// Another model, and back again.
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--store", store, "--model", "linear")
	second := forecast(store)
	if second == first {
		t.Fatal("another model forecasts the same")
	}
	var rows []versionJSON
	if err := json.Unmarshal([]byte(s.ok("checkpoint", "versions", "cpu/web", "--store", store, "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Version != 2 || !rows[0].Current || rows[1].Current || rows[0].Checkpoint != "cpu/web.ckpt" {
		t.Error(rows)
	}
	if out := s.ok("checkpoint", "rollback", "cpu/web", "cpu/db.ckpt", "--store", store); !strings.Contains(out, "cpu/web.ckpt is version 1 again") {
		t.Error(out)
	}
	if forecast(store) != first {
		t.Error("rolled back, it is another model")
	}
	s.ok("checkpoint", "rollback", "cpu/web", "cpu/db", "--to", "2", "--store", store)
	if forecast(store) != second {
		t.Error("rolled back again, it is another model")
	}
	if out := s.ok("checkpoint", "versions", "--store", store); strings.Count(out, "current") != 2 || strings.Count(out, "cpu/db.ckpt") != 2 {
		t.Error(out)
	}
	s.fails(exitFailure, "no version 9 is kept; kept: 2, 1", "checkpoint", "rollback", "cpu/web", "--to", "9", "--store", store)
	s.fails(exitUsage, `"cpu" is no checkpoint`, "checkpoint", "rollback", "cpu", "--store", store)
	s.fails(exitUsage, `"kep" is not known`, "predict", "--data", "m.csv", "--store", "s3://fleet?kep=2")
	s.fails(exitCheckpoint, "cannot open s3://fleet/elsewhere: no checkpoint METRIC/CONTAINER.ckpt in it", "predict", "--strict", "--data", "m.csv", "--store", "s3://fleet/elsewhere")
	s.fails(exitFailure, "no such bucket; create it (aws s3 mb s3://none)", "train", "--data", "m.csv", "--store", "s3://none/x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	s.fails(exitFailure, "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID", "train", "--data", "m.csv", "--store", store)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3test.SecretKey)
	// A byte of what is stored is another.
	files, err := filepath.Glob(filepath.Join(server.Folder, "fleet", "a", "b", ".versions", "cpu", "web.ckpt", "*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(f, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.fails(exitCheckpoint, "foretide checkpoint rollback cpu/web.ckpt", "checkpoint", "verify", store)
	s.fails(exitCheckpoint, "damaged", "checkpoint", "rollback", "cpu/web", "--store", store)
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--store", store)
	if forecast(store) != first {
		t.Error("trained anew, it is another model")
	}
}

// after is what an inspection says after the file's name.
func after(text string) string {
	_, text, _ = strings.Cut(text, "\n")
	return text
}

// TestFolderVersions: a folder keeps versions, too.
func TestFolderVersions(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.fails(exitCheckpoint, "cannot open checkpoints: no checkpoint", "checkpoint", "versions")
	s.ok("train", "--data", "m.csv", "--metric", "cpu")
	first := s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--json")
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "linear")
	if out := s.ok("checkpoint", "versions", "cpu/web"); !strings.HasPrefix(out, "checkpoint") || strings.Count(out, "\n") != 3 {
		t.Error(out)
	}
	s.ok("checkpoint", "rollback", "cpu/web", "cpu/db")
	if s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--json") != first {
		t.Error("rolled back, it is another model")
	}
	if out := s.ok("checkpoint", "verify", "checkpoints"); strings.Count(out, "ok  ") != 2 {
		t.Error(out)
	}
	s.fails(exitUsage, "versions count from 1", "checkpoint", "rollback", "cpu/web", "--to", "0")
	s.fails(exitFailure, "not found", "checkpoint", "rollback", "cpu/none")
}
