package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// TestBucketStore: a bucket serves as a folder does, in every command.
func TestBucketStore(t *testing.T) {
	server := servers.NewS3(t, "fleet", "plain")
	if err := server.EnableVersioning("fleet"); err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	s.twoContainers()
	const store = "s3://fleet/a/b?attempts=2"
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
	if len(rows) != 2 || rows[0].Version == "" || !rows[0].Current || rows[1].Current || rows[0].Checkpoint != "cpu/web.ckpt" {
		t.Error(rows)
	}
	if out := s.ok("checkpoint", "rollback", "cpu/web", "cpu/db.ckpt", "--store", store); !strings.Contains(out, "cpu/web.ckpt is version "+rows[1].Version+" of ") {
		t.Error(out)
	}
	if forecast(store) != first {
		t.Error("rolled back, it is another model")
	}
	s.ok("checkpoint", "rollback", "cpu/web", "--to", rows[0].Version, "--store", store)
	s.ok("checkpoint", "rollback", "cpu/db", "--store", store)
	if forecast(store) != second {
		t.Error("rolled back again, it is another model")
	}
	if out := s.ok("checkpoint", "versions", "--store", store); strings.Count(out, "current") != 2 || strings.Count(out, "cpu/db.ckpt") != 4 {
		t.Error(out)
	}
	s.fails(exitFailure, `version "9": store: not found`, "checkpoint", "rollback", "cpu/web", "--to", "9", "--store", store)
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--store", "s3://plain")
	for _, command := range []string{"versions", "rollback"} {
		s.fails(exitFailure, "s3://plain/cpu/web.ckpt: the store keeps no versions", "checkpoint", command, "cpu/web", "--store", "s3://plain")
	}
	s.fails(exitUsage, `"cpu" is no checkpoint`, "checkpoint", "rollback", "cpu", "--store", store)
	s.fails(exitUsage, `"atempts" is not known`, "predict", "--data", "m.csv", "--store", "s3://fleet?atempts=2")
	s.fails(exitCheckpoint, "cannot open s3://fleet/elsewhere: no checkpoint METRIC/CONTAINER.ckpt in it", "predict", "--strict", "--data", "m.csv", "--store", "s3://fleet/elsewhere")
	s.fails(exitFailure, "no such bucket; create it (aws s3 mb s3://none)", "train", "--data", "m.csv", "--store", "s3://none/x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	s.fails(exitFailure, "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID", "train", "--data", "m.csv", "--store", store)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.S3SecretKey)
	// A byte of what is stored is another.
	file := filepath.Join(server.Folder, "fleet", "a", "b", "cpu", "web.ckpt")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	s.fails(exitCheckpoint, "damaged object; return to an earlier version", "checkpoint", "verify", store)
	s.ok("checkpoint", "rollback", "cpu/web", "--store", store)
	s.ok("checkpoint", "verify", store)
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
	s.fails(exitFailure, "not found", "checkpoint", "rollback", "cpu/web", "--to", "1")
	s.fails(exitFailure, "not found", "checkpoint", "rollback", "cpu/none")
}
