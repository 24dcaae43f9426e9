package main_test

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// architecture is this machine's as AWS calls it.
var architecture = map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]

// image provides the runtime's image. Where the engine has none, one of a static
// busybox stands for it until the test ends: a bootstrap needs nothing of the
// system, and SAM builds upon it with sh, mv and chmod.
func image(t *testing.T) {
	t.Helper()
	name := "public.ecr.aws/lambda/provided:al2023-" + architecture
	if exec.Command("docker", "image", "inspect", name).Run() == nil {
		return
	}
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		servers.WithoutDocker(t, "the engine has no "+name+", and a stand-in takes busybox-static: "+err.Error())
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	for _, h := range []tar.Header{
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))},
		{Name: "bin/sh", Typeflag: tar.TypeSymlink, Linkname: "busybox"},
		{Name: "bin/mv", Typeflag: tar.TypeSymlink, Linkname: "busybox"},
		{Name: "bin/chmod", Typeflag: tar.TypeSymlink, Linkname: "busybox"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write(program); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker", "import", "-", name)
	cmd.Stdin = &files
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		out, _ := exec.Command("docker", "images", "--quiet", "public.ecr.aws/lambda/provided").Output() // SAM's too, which is built on it
		for id := range strings.FieldsSeq(string(out)) {
			_ = exec.Command("docker", "rmi", "--force", id).Run() // the engine may be gone
		}
	})
}
