package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// A cli is SAM's command line, with what every call has.
type cli struct {
	python, build, env string
}

// TestSAM: what README.md says about SAM, with the template and samconfig.toml
// that ship. Functions in containers collect, train and forecast, from a
// Prometheus and to an S3 server of this machine; what the API answers is what
// predict wrote.
func TestSAM(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs containers")
	}
	servers.Docker(t)
	servers.NeedS3(t)
	servers.NeedPrometheus(t)
	c := &cli{python: testkit.Python(t, "samcli"), build: filepath.Join(t.TempDir(), "build"), env: filepath.Join(t.TempDir(), "env.json")}
	image(t)
	bridge, err := localstack.FindBridge(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(-2*time.Minute).Unix() / 60 * 60
	s, err := localstack.Start(localstack.Options{Host: bridge.Listen, From: localstack.DemoEnd - 2*86400, To: localstack.DemoEnd, Shift: end - localstack.DemoEnd})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.EnvFile(c.env, bridge, "FORETIDE_MODEL_TYPE=linear"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ARCH", runtime.GOARCH)
	t.Setenv("SAM_CLI_TELEMETRY", "0")
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1") // SAM asks whose account it is
	for name, value := range s.S3.Env() {
		t.Setenv(name, value)
	}
	if out, err := c.command("build", "--build-dir", c.build).CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, out)
	}

	lambda := c.serve(t, "start-lambda")
	var collected struct{ Samples, Containers int }
	invoke(t, lambda, "CollectFunction", `{}`, &collected)
	if collected.Containers != 2 || collected.Samples < 3*2800 {
		t.Fatalf("collected %+v", collected)
	}
	for _, name := range []string{"TrainFunction", "PredictFunction"} {
		var a event.Answer
		invoke(t, lambda, name, `{"items": [{"container": "pool"}]}`, &a)
		if a.Done != 2 || len(a.Failed)+len(a.Remaining) != 0 {
			t.Fatalf("%s: %+v", name, a)
		}
	}
	latest, err := os.ReadFile(filepath.Join(s.S3.Folder, localstack.Bucket, "latest/pool.json")) // versitygw keeps objects as files
	if err != nil {
		t.Fatal(err)
	}

	api := c.serve(t, "start-api")
	resp, body := api.ask(t, func() (*http.Response, error) { return http.Get(api.url + "/forecast?container=pool") })
	if resp.StatusCode != http.StatusOK || !bytes.Equal(forecasts(t, body), forecasts(t, latest)) {
		t.Errorf("the API: %d\n%s\npredict:\n%s", resp.StatusCode, body, latest)
	}
	if got := c.invoke(t, "ForecastFunction", `{"container": "pool"}`); !bytes.Equal(forecasts(t, got), forecasts(t, latest)) {
		t.Errorf("sam local invoke:\n%s\npredict:\n%s", got, latest)
	}
}

// forecasts returns what a document has under that name, compact.
func forecasts(t *testing.T, document []byte) []byte {
	t.Helper()
	var d struct{ Forecasts json.RawMessage }
	var out bytes.Buffer
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	if err := json.Compact(&out, d.Forecasts); err != nil || out.Len() < 100 {
		t.Fatalf("no forecasts in %s", document)
	}
	return out.Bytes()
}

// command is a call of SAM in the module's top folder.
func (c *cli) command(args ...string) *exec.Cmd {
	config := "local"
	if runtime.GOARCH == "arm64" {
		config = "arm64"
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		panic(err) // there is a working directory
	}
	// SAM would look for its configuration beside the template that was built.
	cmd := exec.Command(c.python, append(append([]string{"-m", "samcli"}, args...), "--config-env", config, "--config-file", filepath.Join(top, "samconfig.toml"))...)
	cmd.Dir = top
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return e == "AWS_PROFILE=" || e == "AWS_SESSION_TOKEN=" }) // to Python, empty is a name
	return cmd
}

// local is a call of "sam local".
func (c *cli) local(args ...string) *exec.Cmd {
	return c.command(append(append([]string{"local"}, args...), "--template", filepath.Join(c.build, "template.yaml"), "--env-vars", c.env, "--skip-pull-image")...)
}

// unanswered is what SAM says where it gave up on a container: 0.7 seconds after
// the engine opened the port, in which a busy machine may not have started the
// program behind it. The next call starts another container.
const (
	unanswered = "No response from invoke container"
	mostCalls  = 10
)

// invoke is "sam local invoke".
func (c *cli) invoke(t *testing.T, function, payload string) []byte {
	t.Helper()
	for calls := 1; ; calls++ {
		cmd := c.local("invoke", function, "--event", "-")
		cmd.Stdin = strings.NewReader(payload)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("sam local invoke %s: %v\n%s", function, err, errs.String())
		}
		if calls == mostCalls || !strings.Contains(errs.String(), unanswered) {
			return out
		}
	}
}

// A server is one of SAM's.
type server struct {
	url string
	log testkit.Buffer // what it says
}

// ask returns the answer to a request, which is made again where it never reached
// the function.
func (s *server) ask(t *testing.T, request func() (*http.Response, error)) (*http.Response, []byte) {
	t.Helper()
	for calls := 1; ; calls++ {
		before := strings.Count(s.log.String(), unanswered)
		resp, err := request()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK || len(body) == 0 {
			time.Sleep(time.Second) // it says why on another way than it answers
		}
		if calls == mostCalls || strings.Count(s.log.String(), unanswered) == before {
			return resp, body
		}
	}
}

// serve starts one of SAM's servers.
func (c *cli) serve(t *testing.T, name string) *server {
	t.Helper()
	address, err := servers.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := c.local(name, "--port", port)
	s := &server{url: "http://" + address}
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it removes its containers; it may be gone
		select {
		case <-ended:
		case <-time.After(2 * time.Minute):
			_ = cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			said := s.log.String()
			t.Logf("sam local %s said\n%s", name, said[max(0, len(said)-6000):])
		}
	})
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return s
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("sam local %s ended: %v\n%s", name, err, s.log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("sam local %s does not listen", name)
		}
	}
}

// invoke calls a function of "sam local start-lambda", as an SDK does.
func invoke(t *testing.T, lambda *server, function, payload string, answer any) {
	t.Helper()
	resp, body := lambda.ask(t, func() (*http.Response, error) {
		return http.Post(lambda.url+"/2015-03-31/functions/"+function+"/invocations", "application/json", strings.NewReader(payload))
	})
	if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Amz-Function-Error") != "" || json.Unmarshal(body, answer) != nil {
		t.Fatalf("%s: %d %s", function, resp.StatusCode, body)
	}
}
