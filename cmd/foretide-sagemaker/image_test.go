package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// TestImage builds the image and runs it as SageMaker does: a training whose
// container is stopped and another that goes on, and an endpoint of its model.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds an image and runs containers")
	}
	servers.Docker(t)
	docker := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "docker", args...)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := docker(args...)
		if err != nil {
			t.Fatalf("docker %v: %v\n%s", args, err, out)
		}
		return out
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "build", "foretide-sagemaker"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	recipe, err := os.ReadFile("../../infra/sagemaker/Dockerfile")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "Dockerfile"), recipe, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	const image = "foretide-sagemaker:test"
	must("build", "-t", image, dir)
	defer docker("rmi", "-f", image)

	hyper := small("metric", "cpu", "epochs", "40", "patience", "40")
	w := newWorld(t, hyper, "web", "db")
	id := must("run", "-d", "-v", w.dir+":/opt/ml", image, "train")
	defer docker("rm", "-f", id)
	until(t, func() bool { return strings.Contains(must("logs", id), "epoch 2 of at most 40") })
	must("stop", "-t", "120", id)
	if code := must("inspect", "-f", "{{.State.ExitCode}}", id); code != "143" || !strings.Contains(must("logs", id), "stopped by SIGTERM") {
		t.Errorf("stopped, its exit code is %s\n%s", code, must("logs", id))
	}
	if err := os.RemoveAll(w.Model()); err != nil {
		t.Fatal(err)
	}
	out := must("run", "--rm", "-v", w.dir+":/opt/ml", image, "train")
	if strings.Contains(out, "epoch 1 of") || namesOf(files(t, w.Model())) != "cpu/_shared.ckpt" {
		t.Errorf("it does not go on:\n%s", out)
	}
	w.configure("hyperparameters", map[string]string{"epoch": "1"})
	if out, err := docker("run", "--rm", "-v", w.dir+":/opt/ml", image, "train"); err == nil || !strings.Contains(out, "epochs") || files(t, w.dir)["output/failure"] == "" {
		t.Errorf("a failure: %v\n%s", err, out)
	}

	id = must("run", "-d", "-p", "127.0.0.1::8080", "-v", w.Model()+":/opt/ml/model:ro", "--memory", "512m", image, "serve")
	defer docker("rm", "-f", id)
	address := "http://" + strings.SplitN(must("port", id, "8080/tcp"), "\n", 2)[0]
	until(t, func() bool {
		r, err := http.Get(address + "/ping")
		if err == nil {
			r.Body.Close()
		}
		return err == nil && r.StatusCode == 200
	})
	for kind, body := range map[string]string{kindJSON: window("web", ""), kindCSV: metricsFile(300, "web", "db")} {
		r, err := http.Post(address+"/invocations", kind, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != 200 || !strings.Contains(string(b), "lstm") && kind == kindCSV || strings.Contains(string(b), "no_checkpoint") && kind == kindJSON {
			t.Errorf("%s: %v %d %.300s", kind, err, r.StatusCode, b)
		}
	}
	must("stop", id)
	if code := must("inspect", "-f", "{{.State.ExitCode}}", id); code != "0" {
		t.Errorf("the endpoint's exit code is %s", code)
	}
	t.Log(must("image", "inspect", "-f", "{{.Size}} bytes", image))
}

// until waits for what comes in its time.
func until(t *testing.T, there func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}
