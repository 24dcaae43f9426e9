package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/collect"
	"github.com/foretide/foretide/internal/steps/plan"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// bootstraps are the functions as they ship, built once.
var bootstraps struct {
	once  sync.Once
	paths map[string]string
	dir   string
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if bootstraps.dir != "" {
		_ = os.RemoveAll(bootstraps.dir) // the system's own folder
	}
	os.Exit(code)
}

// start starts a stack with the bootstraps.
func start(t *testing.T, o localstack.Options) *localstack.Stack {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: builds and runs the functions")
	}
	servers.NeedS3(t)
	servers.NeedPrometheus(t)
	bootstraps.once.Do(func() { bootstraps.paths, bootstraps.dir, bootstraps.err = localstack.Build(context.Background()) })
	if bootstraps.err != nil {
		t.Fatal(bootstraps.err)
	}
	o.Bootstraps = bootstraps.paths
	s, err := localstack.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// call invokes a function of a stack and decodes its answer.
func call(t *testing.T, s *localstack.Stack, name, payload string, answer any) {
	t.Helper()
	r, err := s.Lambda.Invoke(context.Background(), name, []byte(payload))
	if err != nil || r.Failed != "" {
		t.Fatalf("%s: %v %s\n%s", name, err, r.Payload, r.Log)
	}
	if answer != nil {
		if err := json.Unmarshal(r.Payload, answer); err != nil {
			t.Fatalf("%s: %v: %s", name, err, r.Payload)
		}
	}
}

// object returns an object of a stack.
func object(t *testing.T, s *localstack.Stack, key string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.S3.Folder, localstack.Bucket, key)) // versitygw keeps objects as files
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestWholeWay: from Prometheus over collect, S3, plan, train, S3, predict and S3
// to a forecast over HTTP, with the bootstraps that ship; the numbers are those of
// the command line on the same data.
func TestWholeWay(t *testing.T) {
	end := time.Now().Add(-2*time.Minute).Unix() / 60 * 60
	s := start(t, localstack.Options{
		From: localstack.DemoEnd - 4*86400, To: localstack.DemoEnd, Shift: end - localstack.DemoEnd,
		Env: []string{"FORETIDE_MODEL_TYPE=linear", "FORETIDE_PREDICT_BATCH=1"}, Timeout: 5 * time.Minute, Concurrency: 1,
	})
	from := end - 4*86400
	stamp := func(t int64) string { return time.Unix(t, 0).UTC().Format(time.RFC3339) }
	var c collect.Answer
	call(t, s, "collect", fmt.Sprintf(`{"from": %q, "to": %q}`, stamp(from), stamp(end+60)), &c)
	if c.Containers != 2 || c.Samples < 3*5000 || c.Behind || len(c.Files) == 0 {
		t.Fatalf("collected %+v", c)
	}
	samples := c.Samples
	call(t, s, "collect", fmt.Sprintf(`{"from": %q, "to": %q}`, stamp(from), stamp(end+60)), &c) // changes nothing
	var planned plan.Plan
	call(t, s, "plan", `{"train": true, "predict": true}`, &planned)
	if planned.Train.Series != 3 || planned.Predict.Batches != 2 || c.Samples != samples {
		t.Fatalf("planned %+v; collected %d, then %d", planned, samples, c.Samples)
	}
	batches(t, s, "train", planned.Train.Key)
	batches(t, s, "predict", planned.Predict.Key)
	var sum plan.Summary
	call(t, s, "plan", fmt.Sprintf(`{"summarize": %q}`, planned.Run), &sum)
	if sum.Train.Done != 3 || sum.Predict.Done != 3 || sum.Train.Failures+sum.Predict.Failures != 0 {
		t.Errorf("the summary is %+v", sum)
	}
	want := commandLine(t, s, from, end)
	for _, key := range []string{"pool cpu", "pool memory", "other memory"} {
		container, metric, _ := strings.Cut(key, " ")
		var latest struct{ Forecasts []httpapi.Forecast }
		if err := json.Unmarshal(object(t, s, "latest/"+container+".json"), &latest); err != nil {
			t.Fatal(err)
		}
		same(t, key+" of predict", want, latest.Forecasts)
		same(t, key+" over HTTP", want, overHTTP(t, s, container, metric))
	}
}

// batches does those of a manifest.
func batches(t *testing.T, s *localstack.Stack, name, key string) {
	t.Helper()
	var all []json.RawMessage
	if err := json.Unmarshal(object(t, s, key), &all); err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		var a event.Answer
		call(t, s, name, string(b), &a)
		if len(a.Failed)+len(a.Remaining) != 0 || a.Done == 0 {
			t.Fatalf("%s of %s: %+v", name, b, a)
		}
	}
}

func overHTTP(t *testing.T, s *localstack.Stack, container, metric string) []httpapi.Forecast {
	t.Helper()
	r, err := http.Get(s.URL + "/url/forecast/forecast?container=" + container + "&metric=" + metric)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	var a httpapi.Answer
	if err != nil || r.StatusCode != 200 || json.Unmarshal(body, &a) != nil || len(a.Forecasts) != 1 {
		t.Fatalf("%v %d %s", err, r.StatusCode, body)
	}
	return a.Forecasts
}

// commandLine exports, trains and predicts by the command line.
func commandLine(t *testing.T, s *localstack.Stack, from, end int64) []httpapi.Forecast {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "foretide")
	run := func(name string, args ...string) []byte {
		cmd := exec.Command(name, args...)
		var errs strings.Builder
		cmd.Stderr = &errs
		if name == program {
			cmd.Dir = dir
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, errs.String())
		}
		return out
	}
	run("go", "build", "-o", program, "github.com/foretide/foretide/cmd/foretide")
	run(program, "export", "--url", s.Prometheus.URL, "--start", strconv.FormatInt(from, 10), "--end", strconv.FormatInt(end, 10), "--step", "1m", "--rate-window", "4m", "--out", "metrics.csv")
	run(program, "train", "--data", "metrics.csv", "--model", "linear")
	var out []httpapi.Forecast
	if err := json.Unmarshal(run(program, "predict", "--data", "metrics.csv", "--json"), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// same compares forecasts with those of the command line, bit for bit.
func same(t *testing.T, what string, want, got []httpapi.Forecast) {
	t.Helper()
	found := 0
	for _, w := range want {
		for _, g := range got {
			if g.Container != w.Container || g.Metric != w.Metric {
				continue
			}
			found++
			a, _ := json.Marshal(w)
			b, _ := json.Marshal(g)
			if string(a) != string(b) {
				t.Errorf("%s: got\n%s\nwant\n%s", what, b, a)
			}
		}
	}
	if found != len(got) || found == 0 {
		t.Errorf("%s: %d of %d forecasts are the command line's too", what, found, len(got))
	}
}

// openLake returns the lake of the environment's store.
func openLake(t *testing.T) *lake.Lake {
	t.Helper()
	s, err := steps.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &lake.Lake{Objects: s.Objects, Shards: 2, MaxBytes: lake.DefaultMaxBytes}
}
