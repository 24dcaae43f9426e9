package servers

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit"
)

// WithoutDocker skips the test, and says so for whoever reads the log of a check: an
// engine cannot be started on every machine, so that it does not fail there.
func WithoutDocker(t *testing.T, why string) {
	t.Helper()
	t.Skip("WARNING: there is no Docker engine, containers were NOT tried: " + why)
}

// Docker makes docker's environment that of an engine that runs, or, in the
// project's own check, of one that it starts for the test. There, programs that
// are not installed are a failure.
func Docker(t *testing.T) {
	t.Helper()
	testkit.Program(t, "docker", "Debian: apt-get install docker.io")
	if exec.Command("docker", "info").Run() == nil {
		return
	}
	if os.Getenv("FORETIDE_CI") != "1" {
		WithoutDocker(t, "docker info fails, and a test starts none on a user's machine")
	}
	testkit.Program(t, "dockerd", "Debian: apt-get install docker.io")
	if os.Getuid() != 0 {
		WithoutDocker(t, "docker info fails; starting one takes root")
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
		WithoutDocker(t, err.Error())
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
			WithoutDocker(t, "dockerd ended: "+err.Error()+"\n"+log.String()[max(0, log.Len()-1500):])
		default:
		}
		if time.Now().After(deadline) {
			stop()
			WithoutDocker(t, "dockerd is not ready after two minutes\n"+log.String()[max(0, log.Len()-1500):])
		}
	}
	t.Cleanup(stop)
}
