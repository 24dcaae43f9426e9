package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// fillWeb stores two days of samples of one container.
func fillWeb(t *testing.T, s *localstack.Stack, until time.Time) {
	t.Helper()
	var samples []parquet.Sample
	from := until.Unix()/300*300 - 2*86400
	for i := range 2 * 288 {
		x := 10 + 5*math.Sin(2*math.Pi*float64(i)/288) + float64(i*i%13)/10
		samples = append(samples, parquet.Sample{Container: "web", Metric: "cpu", Time: (from + int64(i)*300) * 1000, Value: x})
	}
	for name, value := range s.S3.Env() {
		t.Setenv(name, value)
	}
	t.Setenv("FORETIDE_STORE", s.Store)
	if _, err := openLake(t).Write(context.Background(), from, from+2*86400, samples); err != nil {
		t.Fatal(err)
	}
}

// environOf is what the functions of a stack are run with.
func environOf(s *localstack.Stack) []string {
	env := []string{"FORETIDE_STORE=" + s.Store, "FORETIDE_SHARDS=2", "FORETIDE_MODEL_TYPE=linear"}
	for name, value := range s.S3.Env() {
		env = append(env, name+"="+value)
	}
	return env
}

// trainPredictForecast invokes the three functions and returns the forecast of the
// last, which is what predict wrote.
func trainPredictForecast(t *testing.T, s *localstack.Stack, invoke func(name, payload string, answer any)) httpapi.Forecast {
	t.Helper()
	for _, name := range []string{"train", "predict"} {
		var a event.Answer
		invoke(name, `{"items": [{"container": "web"}]}`, &a)
		if a.Done != 1 || len(a.Failed)+len(a.Remaining) != 0 {
			t.Fatalf("%s: %+v", name, a)
		}
	}
	var a httpapi.Answer
	invoke("forecast", `{"container": "web"}`, &a)
	var latest struct{ Forecasts []httpapi.Forecast }
	if err := json.Unmarshal(object(t, s, "latest/web.json"), &latest); err != nil || len(latest.Forecasts) != 1 || len(a.Forecasts) != 1 {
		t.Fatalf("%v: %+v, %+v", err, latest, a)
	}
	same(t, "forecast", latest.Forecasts, a.Forecasts)
	return a.Forecasts[0]
}

// TestEmulator: AWS's own Runtime Interface Emulator runs the bootstraps.
func TestEmulator(t *testing.T) {
	python := testkit.Python(t, "samcli")
	path, err := exec.Command(python, "-c", "import platform, samcli.local.rapid as r; print(list(r.__path__)[0] + '/aws-lambda-rie-' + {'aarch64': 'arm64'}.get(platform.machine(), platform.machine()))").Output()
	if err != nil {
		t.Fatal(err)
	}
	emulator, err := os.ReadFile(strings.TrimSpace(string(path)))
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "aws-lambda-rie")
	if err := os.WriteFile(program, emulator, 0o755); err != nil { // as it is packed it need not be executable
		t.Fatal(err)
	}
	s := start(t, localstack.Options{})
	fillWeb(t, s, time.Now())
	trainPredictForecast(t, s, func(name, payload string, answer any) {
		url := emulate(t, program, bootstraps.paths[name], environOf(s))
		resp, err := http.Post(url, "application/json", strings.NewReader(payload))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, answer) != nil {
			t.Fatalf("%s: %v %d %s", name, err, resp.StatusCode, body)
		}
	})
}

// emulate runs a bootstrap under the emulator and returns where it is invoked.
func emulate(t *testing.T, program, bootstrap string, env []string) string {
	t.Helper()
	var addresses [2]string
	for i := range addresses {
		var err error
		if addresses[i], err = servers.FreeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--runtime-interface-emulator-address", addresses[0], "--runtime-api-address", addresses[1], bootstrap)
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=/tmp", "AWS_LAMBDA_FUNCTION_TIMEOUT=300"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with the bootstrap
		_ = cmd.Wait()                                      // "signal: killed"
		if t.Failed() {
			t.Logf("the emulator said\n%s", log.String()[max(0, log.Len()-4000):])
		}
	})
	url := "http://" + addresses[0] + "/2015-03-31/functions/function/invocations"
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get(url); err == nil {
			resp.Body.Close()
			return url
		} else if time.Now().After(deadline) {
			t.Fatalf("the emulator does not listen: %v", err)
		}
	}
}

// TestArm64: the bootstraps as "sam build" makes them for arm64, the template's
// default, do their work under an emulated processor, and forecast as those of
// this machine do.
func TestArm64(t *testing.T) {
	testkit.Program(t, "qemu-aarch64", "Debian: apt-get install qemu-user")
	testkit.Program(t, "make", "Debian: apt-get install make")
	s := start(t, localstack.Options{})
	fillWeb(t, s, time.Now())
	run := func(through []string, paths map[string]string) httpapi.Forecast {
		var functions []localstack.Function
		for _, name := range []string{"train", "predict", "forecast"} {
			functions = append(functions, localstack.Function{Name: name, Bootstrap: paths[name], Through: through, Env: environOf(s), Timeout: 5 * time.Minute, Memory: 512})
		}
		service := localstack.NewService(1, functions...)
		defer service.Close()
		return trainPredictForecast(t, s, func(name, payload string, answer any) {
			r, err := service.Invoke(context.Background(), name, []byte(payload))
			if err != nil || r.Failed != "" || json.Unmarshal(r.Payload, answer) != nil {
				t.Fatalf("%s: %v %s\n%s", name, err, r.Payload, r.Log)
			}
		})
	}
	paths := map[string]string{}
	for name, target := range map[string]string{"train": "build-TrainFunction", "predict": "build-PredictFunction", "forecast": "build-ForecastFunction"} {
		dir := t.TempDir()
		cmd := exec.Command("make", "-C", "..", "ARTIFACTS_DIR="+dir, target)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
		paths[name] = filepath.Join(dir, "bootstrap")
	}
	got, want := run([]string{"qemu-aarch64"}, paths), run(nil, bootstraps.paths)
	for i, h := range want.Horizons {
		if g := got.Horizons[i]; !near(g.Median, h.Median) || !near(g.Lo80, h.Lo80) || !near(g.Hi80, h.Hi80) {
			t.Errorf("arm64 forecasts %+v, this machine %+v", g, h)
		}
	}
}

// near: the processors round sums in different places (fused multiply and add).
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(b)) }
