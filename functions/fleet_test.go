package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/plan"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// fleetSize is how many containers the state machine's test has, a batch each.
const fleetSize = 200

// TestFleet: the state machine that ships trains and forecasts 200 containers
// with the bootstraps that ship and a real S3 server, on an engine that runs
// distributed maps. On the way the service is busy, functions fail, batches are
// done in part and containers cannot be: what can be done is, and the summary has
// the rest.
func TestFleet(t *testing.T) {
	testkit.Python(t, "moto.server", "moto.stepfunctions")
	s := start(t, localstack.Options{
		Env:     []string{"FORETIDE_MODEL_TYPE=naive", "FORETIDE_TRAIN_BATCH=1", "FORETIDE_PREDICT_BATCH=10", "FORETIDE_REFRESH=0s"},
		Timeout: time.Minute, Concurrency: 2,
	})
	until := time.Now().Truncate(time.Second)
	fillFleet(t, s, until)
	r := &router{stack: s, tried: map[string]int{}, trouble: map[string]trouble{
		"train 3":   {partly: 1},             // Train again
		"train 5":   {partly: 9},             // more often than is tried
		"train 11":  {broken: 1},             // and well after that
		"train 17":  {broken: 9},             // never well
		"train 20":  {gone: true},            // with a container that has no samples
		"predict 2": {partly: 2},             // Predict again, twice
		"predict 4": {partly: 1, gone: true}, // which later tries do not try again
		"predict 6": {broken: 1, partly: 1},
	}}
	engine := startEngine(t, r)
	out := engine.run(t, fmt.Sprintf(`{"train": true, "predict": true, "run": "night", "until": %q}`, until.UTC().Format(time.RFC3339)))
	var sum plan.Summary
	if err := json.Unmarshal([]byte(out), &sum); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	gone := []event.Failure{{Container: "gone", Reason: event.NoData}}
	if got := sum.Train; got.Batches != fleetSize || got.Answered != fleetSize-1 || got.Done != fleetSize-2 || got.Remaining != 1 || !fails(got.Failed, gone) {
		t.Errorf("training: %+v", got)
	}
	if got := sum.Predict; got.Batches < fleetSize/10 || got.Answered != got.Batches || got.Done != fleetSize || got.Remaining != 0 || !fails(got.Failed, gone) {
		t.Errorf("forecasting: %+v", got)
	}
	tries := map[string]int{"train 3": 2, "train 5": 6, "train 11": 2, "train 17": 3, "train 20": 1, "predict 2": 3, "predict 4": 2, "predict 6": 3}
	for batch, n := range r.tried {
		if want := max(tries[batch], 1); n != want {
			t.Errorf("%s was tried %d times, want %d", batch, n, want)
		}
	}
	if got := object(t, s, "latest/c000.json"); !bytes.Contains(got, []byte(`"container":"c000"`)) {
		t.Errorf("the latest forecast is %s", got)
	}
	if r.failed.Load() == 0 {
		t.Error("the service was never busy")
	}
}

// fails reports whether the failures are those, whatever their text.
func fails(got, want []event.Failure) bool {
	return slices.EqualFunc(got, want, func(a, b event.Failure) bool {
		return a.Container == b.Container && a.Metric == b.Metric && a.Reason == b.Reason && a.Retry == b.Retry
	})
}

// fillFleet stores a day of samples of many containers.
func fillFleet(t *testing.T, s *localstack.Stack, until time.Time) {
	t.Helper()
	var samples []parquet.Sample
	from := until.Unix()/300*300 - 86400/4
	for c := range fleetSize {
		for i := range 72 {
			samples = append(samples, parquet.Sample{Container: fmt.Sprintf("c%03d", c), Metric: "cpu", Time: (from + int64(i)*300) * 1000, Value: float64(1 + (c+i*i)%17)})
		}
	}
	for name, value := range s.S3.Env() {
		t.Setenv(name, value)
	}
	t.Setenv("FORETIDE_STORE", s.Store)
	if _, err := openLake(t).Write(context.Background(), from, from+72*300, samples); err != nil {
		t.Fatal(err)
	}
}

// A router is what the engine takes for AWS: calls of Lambda go to the stack's
// functions, some of them failing first, and reads of S3 to its server.
type router struct {
	stack         *localstack.Stack
	calls, failed atomic.Int64
	trouble       map[string]trouble // by function and batch, as "train 3"

	mu    sync.Mutex
	tried map[string]int // times that a batch came
}

// A trouble is what becomes of a batch.
type trouble struct {
	broken int  // times that the function fails as a whole, first of all
	partly int  // times after that that half of it remains, or all of a single item
	gone   bool // there is a container in it that has no samples
}

func (r *router) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if path, ok := strings.CutPrefix(q.URL.Path, "/2015-03-31/functions/"); ok {
		if r.calls.Add(1)%23 == 7 { // the service is busy, as it is at times
			r.failed.Add(1)
			w.Header().Set("X-Amzn-ErrorType", "ServiceException")
			respond(w, http.StatusInternalServerError, `{"Type": "Service", "Message": "injected"}`)
			return
		}
		name, _, _ := strings.Cut(path, "/")
		name = name[strings.LastIndex(name, ":")+1:]
		payload, err := io.ReadAll(q.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var b event.Batch
		if json.Unmarshal(payload, &b) == nil && len(b.Items) > 0 && r.troubled(w, q, name, b) {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(payload))
		r.stack.Lambda.ServeHTTP(w, q)
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(q.URL.Path, "/"), "/")
	out, err := r.stack.S3.Client().GetObject(q.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("ETag", aws.ToString(out.ETag))
	w.Header().Set("Content-Type", "application/json")
	if q.Method != http.MethodHead {
		_, _ = w.Write(data) // the engine is gone
	}
}

// troubled answers for a batch that has trouble.
func (r *router) troubled(w http.ResponseWriter, q *http.Request, name string, b event.Batch) bool {
	key := fmt.Sprintf("%s %d", name, b.Batch)
	r.mu.Lock()
	n := r.tried[key]
	r.tried[key]++
	r.mu.Unlock()
	x, there := r.trouble[key]
	if !there {
		return false
	}
	if n < x.broken {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		respond(w, http.StatusOK, `{"errorType": "Runtime.ExitError", "errorMessage": "injected"}`)
		return true
	}
	later := []event.Item{}
	if n < x.broken+x.partly {
		half := len(b.Items) / 2
		later, b.Items = b.Items[half:], slices.Clip(b.Items[:half])
	}
	if x.gone && n == 0 {
		b.Items = append(b.Items, event.Item{Container: "gone"})
	}
	var a event.Answer
	if len(b.Items) > 0 {
		payload, err := json.Marshal(b)
		if err != nil {
			panic(err) // it was read from JSON
		}
		out, err := r.stack.Lambda.Invoke(q.Context(), name, payload)
		if err != nil || out.Failed != "" || json.Unmarshal(out.Payload, &a) != nil {
			http.Error(w, string(out.Payload), http.StatusBadGateway)
			return true
		}
	}
	a.Remaining = append(a.Remaining, later...)
	a.Settle()
	text, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	// What a function answers it keeps, too.
	kept := fmt.Sprintf("%s%06d-%03d.json", steps.AnswerFolder(b.Run, name), b.Batch, b.Attempt)
	if _, err := r.stack.S3.Client().PutObject(q.Context(), &s3.PutObjectInput{Bucket: aws.String(localstack.Bucket), Key: &kept, Body: bytes.NewReader(text)}); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return true
	}
	respond(w, http.StatusOK, string(text))
	return true
}

// respond gives an answer as Lambda does.
func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("X-Amzn-RequestId", "00000000-0000-4000-8000-000000000000") // the engine reads it
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the engine is gone
}

// An engine is moto's of Step Functions.
type engine struct{ url string }

// startEngine starts it, with the router as its AWS.
func startEngine(t *testing.T, r *router) *engine {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: r}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	_, routed, _ := net.SplitHostPort(l.Addr().String())
	e := &engine{servers.StartMoto(t, "MOTO_PORT="+routed)}
	e.post(t, "/moto-api/reset", "", "{}", nil)
	e.post(t, "/moto-api/config", "", `{"stepfunctions": {"execute_state_machine": true}}`, nil)
	return e
}

// post makes a request of the engine.
func (e *engine) post(t *testing.T, path, target, body string, answer any) {
	t.Helper()
	q, err := http.NewRequest(http.MethodPost, e.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-amz-json-1.0")
	if target != "" {
		q.Header.Set("X-Amz-Target", "AWSStepFunctions."+target)
		q.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0")
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %v %d %s", path, target, err, resp.StatusCode, data)
	}
	if answer != nil {
		if err := json.Unmarshal(data, answer); err != nil {
			t.Fatal(err)
		}
	}
}

// run executes the state machine that ships and returns its output.
func (e *engine) run(t *testing.T, input string) string {
	t.Helper()
	definition, err := os.ReadFile("../infra/deploy/fleet.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("${Bucket}", localstack.Bucket, "${PlanArn}", arnOf("plan"), "${TrainArn}", arnOf("train"), "${PredictArn}", arnOf("predict"),
		// The engine takes no whole number here, and the service takes one as well.
		`"ToleratedFailurePercentage": 10,`, `"ToleratedFailurePercentage": 10.5,`).Replace(string(definition))
	var made struct {
		StateMachineArn, ExecutionArn string
	}
	body, _ := json.Marshal(map[string]string{"name": "fleet", "definition": text, "roleArn": "arn:aws:iam::123456789012:role/fleet"})
	e.post(t, "/", "CreateStateMachine", string(body), &made)
	body, _ = json.Marshal(map[string]string{"stateMachineArn": made.StateMachineArn, "input": input})
	e.post(t, "/", "StartExecution", string(body), &made)
	body, _ = json.Marshal(map[string]string{"executionArn": made.ExecutionArn})
	for deadline := time.Now().Add(8 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		var x struct{ Status, Output, Error, Cause string }
		e.post(t, "/", "DescribeExecution", string(body), &x)
		if x.Status != "RUNNING" {
			if x.Status != "SUCCEEDED" {
				var history json.RawMessage
				e.post(t, "/", "GetExecutionHistory", string(body), &history)
				t.Fatalf("the run %s: %s %s\n…%s", x.Status, x.Error, x.Cause, history[max(0, len(history)-3000):])
			}
			return x.Output
		}
	}
	t.Fatal("the run does not end")
	return ""
}

func arnOf(name string) string { return "arn:aws:lambda:us-east-1:123456789012:function:" + name }
