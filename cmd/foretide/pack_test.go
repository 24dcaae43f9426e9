package main

import (
	"archive/tar"
	"compress/gzip"
	"os"
	"testing"
)

// TestPackCommand: a store's checkpoints become a model; what cannot be is said,
// and leaves no file.
func TestPackCommand(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "naive", "--no-run")
	s.ok("checkpoint", "pack", "-o", "model.tar.gz")
	f, err := os.Open("model.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := tar.NewReader(zip).Next(); err != nil || h.Name != "cpu/db.ckpt" {
		t.Errorf("%v: it begins with %+v", err, h)
	}
	s.fails(exitUsage, "--out is missing", "checkpoint", "pack")
	s.fails(exitUsage, "unexpected argument", "checkpoint", "pack", "x", "-o", "y")
	s.fails(exitCheckpoint, "no checkpoint METRIC/CONTAINER.ckpt", "checkpoint", "pack", "--store", "none", "-o", "none.tar.gz")
	if _, err := os.Stat("none.tar.gz"); err == nil {
		t.Error("a failure left a file")
	}
}
