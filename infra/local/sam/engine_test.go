package sam

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// without skips the test, and says so for whoever reads the log of a check: an
// engine cannot be started on every machine, so that it does not fail there.
func without(t *testing.T, why string) {
	t.Helper()
	t.Skip("WARNING: there is no Docker engine, SAM's containers were NOT tried: " + why)
}

// engine makes docker's environment that of an engine that runs, or, in the
// project's own check, of one that it starts for the test.
func engine(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("docker"); err != nil {
		without(t, err.Error())
	}
	if exec.Command("docker", "info").Run() == nil {
		return
	}
	if os.Getenv("FORETIDE_CI") != "1" {
		without(t, "docker info fails, and a test starts none on a user's machine")
	}
	if _, err := exec.LookPath("dockerd"); err != nil || os.Getuid() != 0 {
		without(t, "docker info fails; starting one takes dockerd and root")
	}
	dir, err := os.MkdirTemp("/tmp", "foretide-docker-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // of the system's own folder
	socket := "unix://" + filepath.Join(dir, "docker.sock")
	cmd := exec.Command("dockerd", "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "-H", socket)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		without(t, err.Error())
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it ends its containers; it may be gone
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	t.Setenv("DOCKER_HOST", socket)
	for deadline := time.Now().Add(2 * time.Minute); exec.Command("docker", "info").Run() != nil; time.Sleep(200 * time.Millisecond) {
		select {
		case err := <-ended:
			without(t, "dockerd ended: "+err.Error()+"\n"+log.String()[max(0, log.Len()-1500):])
		default:
		}
		if time.Now().After(deadline) {
			stop()
			without(t, "dockerd is not ready after two minutes\n"+log.String()[max(0, log.Len()-1500):])
		}
	}
	t.Cleanup(stop)
}

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
		without(t, "the engine has no "+name+", and a stand-in takes busybox-static: "+err.Error())
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
