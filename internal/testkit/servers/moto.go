package servers

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit"
)

// StartMoto starts moto's server for a test, with variables of its own, as NAME=VALUE, and
// returns its URL. It is empty.
func StartMoto(t testing.TB, env ...string) string {
	t.Helper()
	python := testkit.Python(t, "moto.server")
	// Before 5.2.5 it takes requests that the SDK has compressed for damaged ones.
	const recent = "import moto, sys; sys.exit([int(n) for n in moto.__version__.split('.')[:3]] < [5, 2, 5])"
	if exec.Command(python, "-c", recent).Run() != nil {
		testkit.Lacking(t, "moto is older than 5.2.5 (pip install -U 'moto[server]')")
	}
	address, err := FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(python, "-m", "moto.server", "-H", "127.0.0.1", "-p", port)
	clean := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "AWS_") }) // an empty profile is none that there is
	cmd.Env = append(append(clean, env...), "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // "signal: killed"
		if t.Failed() {
			t.Logf("moto said\n%s", log.String()[max(0, log.Len()-4000):])
		}
	})
	url := "http://" + address
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if resp, err := http.Get(url + "/moto-api/data.json"); err == nil {
			resp.Body.Close()
			return url
		} else if time.Now().After(deadline) {
			t.Fatalf("moto does not start: %v", err)
		}
	}
}

// MotoEnv lets the test's environment name a server for a service, as CLOUDWATCH, and
// keeps the machine's own AWS settings out.
func MotoEnv(t *testing.T, service, url string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "", "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
		"AWS_ENDPOINT_URL_" + service: url,
	} {
		t.Setenv(name, value)
	}
}
