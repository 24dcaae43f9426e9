// Package functions_test runs the functions' handlers on the example events of
// testdata.
package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretide/foretide/functions/internal/gateway"
	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/internal/steps/plan"
	"github.com/foretide/foretide/internal/steps/predict"
	"github.com/foretide/foretide/internal/steps/train"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// until is the end of the samples, 2024-08-04.
const until = 1722729600

// A world is storage with samples, and the handlers over it.
type world struct {
	t          *testing.T
	objects    *store.Memory
	latest     latest
	lake       *lake.Lake
	store      *flaky
	trainer    *train.Trainer
	train      *batch.Worker
	predict    *batch.Worker
	forecaster *predict.Forecaster
	models     *batch.Models
	planner    *plan.Planner
	answering  *gateway.Answerer
	log        bytes.Buffer
}

// flaky is a store some of whose names cannot be written.
type flaky struct {
	store.Memory
	broken string
}

func (f *flaky) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	if f.broken != "" && strings.HasPrefix(name, f.broken) {
		return &store.Error{Op: "write", Name: name, Err: errors.New("503 SlowDown")}
	}
	return f.Memory.Put(ctx, name, data, opts...)
}

// newWorld has three days of samples, every five minutes, of three containers.
func newWorld(t *testing.T) *world {
	w := &world{t: t, objects: &store.Memory{}, store: &flaky{}}
	w.latest.Memory = w.objects
	w.lake = &lake.Lake{Objects: &w.latest, Shards: 2, MaxBytes: lake.DefaultMaxBytes}
	var samples []parquet.Sample
	for k, c := range []string{"web", "db", "shop/cart"} {
		for m, metric := range []string{"cpu", "memory"} {
			for i := range 3 * 288 {
				v := 3 + math.Sin(2*math.Pi*float64(i)/288+float64(k)) + 0.2*math.Sin(float64((i+k)*(i+m)))
				samples = append(samples, parquet.Sample{Container: c, Metric: metric, Time: (until - 3*86400 + int64(i)*300) * 1000, Value: v})
			}
		}
	}
	if _, err := w.lake.Write(context.Background(), until-3*86400, until, samples); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(until, 0) }
	configs := &steps.Configs{Objects: w.objects, Environ: []string{"FORETIDE_MODEL_TYPE=linear"}, Check: train.Check}
	w.trainer = &train.Trainer{Lake: w.lake, Store: w.store, Config: configs.Of, History: 60 * 24 * time.Hour, MaxValues: 1 << 20, Now: now}
	w.train = &batch.Worker{Name: "train", Objects: w.objects, Do: w.trainer.Train, Items: train.Drifted}
	w.models = &batch.Models{Store: w.store}
	f := &predict.Forecaster{Lake: w.lake, Models: w.models, Window: 9 * 24 * time.Hour, Now: now}
	w.forecaster = f
	w.predict = &batch.Worker{Name: "predict", Objects: w.objects, Do: f.Predict, Items: f.Of}
	w.planner = &plan.Planner{Lake: w.lake, Store: w.store, Config: configs.Of, MaxAge: 24 * time.Hour, Recent: time.Hour, TrainBatch: 2, PredictBatch: 2, Now: now}
	w.answering = &gateway.Answerer{Lake: w.lake, Models: w.models, Window: 9 * 24 * time.Hour, Now: now}
	return w
}

// event returns an example event.
func (w *world) event(name string) []byte {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// call invokes a handler as the runtime would, and decodes its answer.
func (w *world) call(ctx context.Context, h steps.Handler, payload []byte, answer any) error {
	w.t.Helper()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "req-1"})
	s := runtime.Settings{Function: "test", Out: &w.log, Level: slog.LevelDebug, Margin: 100 * time.Millisecond}
	out, err := s.Lambda(h).Invoke(ctx, payload)
	if err == nil && answer != nil {
		if err := json.Unmarshal(out, answer); err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
	}
	return err
}

func (w *world) must(h steps.Handler, payload []byte, answer any) {
	w.t.Helper()
	if err := w.call(context.Background(), h, payload, answer); err != nil {
		w.t.Fatalf("%v\n%s", err, w.log.String())
	}
}

// names returns what the store has.
func (w *world) names() string {
	objects, err := store.All(context.Background(), w.store, "")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, o := range objects {
		out = append(out, o.Name)
	}
	return strings.Join(out, " ")
}

// TestTrain: what can be trained is, what cannot is listed with its reason, and
// to do it again does nothing.
func TestTrain(t *testing.T) {
	w := newWorld(t)
	var a event.Answer
	w.must(w.train.Handle, w.event("train_direct"), &a)
	if a.Done != 2 || len(a.Failed) != 1 || a.Failed[0].Container != "gone" || a.Failed[0].Reason != event.NoData || a.Failed[0].Retry || len(a.Remaining) != 0 {
		t.Errorf("the answer is %+v", a)
	}
	if w.names() != "cpu/web.ckpt memory/web.ckpt" {
		t.Errorf("stored %s", w.names())
	}
	before, _, _ := w.store.Get(context.Background(), "cpu/web.ckpt", 0)
	w.must(w.train.Handle, w.event("train_direct"), &a)
	after, _, _ := w.store.Get(context.Background(), "cpu/web.ckpt", 0)
	if a.Done != 2 || !a.Results[0].Unchanged || !a.Results[1].Unchanged || !bytes.Equal(before, after) {
		t.Errorf("the second time: %+v", a)
	}
}

// TestTrainPartly: a checkpoint that cannot be stored fails alone, and a retry
// with what remains does the rest.
func TestTrainPartly(t *testing.T) {
	w := newWorld(t)
	w.store.broken = "memory/"
	payload := []byte(`{"items": [{"container": "web", "metrics": ["cpu", "memory"]}, {"container": "db"}], "until": "2024-08-04T00:00:00Z", "run": "r", "batch": 7}`)
	var a event.Answer
	w.must(w.train.Handle, payload, &a)
	if a.Done != 2 || len(a.Failed) != 1 || a.Failed[0].Count != 2 || a.Failed[0].Reason != event.Storage5xx || !a.Failed[0].Retry {
		t.Fatalf("the answer is %+v", a)
	}
	kept, _, err := w.objects.Get(context.Background(), "runs/r/train/000007-000.json", 1<<20)
	if err != nil || !bytes.Contains(kept, []byte("SlowDown")) {
		t.Errorf("the answer is kept as %s, %v", kept, err)
	}
	w.store.broken = ""
	again, _ := json.Marshal(event.Batch{Items: a.Remaining, Until: time.Unix(until, 0)})
	a = event.Answer{}
	w.must(w.train.Handle, again, &a)
	if a.Done != 2 || len(a.Failed) != 0 || w.names() != "cpu/db.ckpt cpu/web.ckpt memory/db.ckpt memory/web.ckpt" {
		t.Errorf("the retry: %+v, stored %s", a, w.names())
	}
}

// TestTrainQueue: of the messages of a queue those come again that cannot be
// read, or of which something remains.
func TestTrainQueue(t *testing.T) {
	w := newWorld(t)
	var q event.QueueAnswer
	w.must(w.train.Handle, w.event("train_sqs"), &q)
	if len(q.Failures) != 1 || q.Failures[0].ID != "2e1424d4-f796-459a-8184-9c92662be6da" || w.names() != "cpu/db.ckpt cpu/web.ckpt" {
		t.Errorf("the answer is %+v, stored %s", q, w.names())
	}
	w.store.broken = "cpu/web"
	_ = w.objects.Put(context.Background(), "configs/cpu.yaml", []byte("metric_name: cpu\ntraining:\n  seed: 5\n"))
	w.trainer.Config = (&steps.Configs{Objects: w.objects, Check: train.Check}).Of
	w.must(w.train.Handle, w.event("train_sqs"), &q)
	if len(q.Failures) != 2 || q.Failures[0].ID != "059f36b4-87a3-44ab-83d2-661975830a7d" {
		t.Errorf("with a store that fails: %+v", q)
	}
}

// TestTrainNotified: a mark of drift, and an event of another system, train.
func TestTrainNotified(t *testing.T) {
	w := newWorld(t)
	var a event.Answer
	if err := w.objects.Put(context.Background(), "drift/memory/shop%2Fcart.ckpt", nil); err != nil {
		t.Fatal(err)
	}
	w.must(w.train.Handle, w.event("train_s3"), &a)
	if a.Done != 1 || a.Results[0].Container != "shop/cart" || a.Results[0].Metric != "memory" {
		t.Errorf("the answer is %+v", a)
	}
	if marks, _ := store.All(context.Background(), w.objects, "drift/"); len(marks) != 0 {
		t.Errorf("the mark is still there: %v", marks)
	}
	w.must(w.train.Handle, w.event("train_eventbridge"), &a)
	if a.Done != 2 || a.Results[0].Container != "web" {
		t.Errorf("the answer is %+v", a)
	}
}

// TestTrainDeadline: a network that cannot be trained in the time is stored as
// far as it came, the answer says what remains, and another invocation ends the
// training: with the result of one that was never stopped.
func TestTrainDeadline(t *testing.T) {
	began := time.Now()
	whole, rounds := trainedWithin(t, 0)
	took := time.Since(began)
	if rounds != 1 {
		t.Errorf("%d rounds without a deadline", rounds)
	}
	// A machine that was busy in the first training is faster in the second: then
	// it has less time.
	for limit := took / 3; ; limit /= 2 {
		got, rounds := trainedWithin(t, limit)
		if !bytes.Equal(got, whole) {
			t.Error("the training that was stopped and went on gave another model")
		}
		if rounds > 1 {
			return
		}
		if limit < took/1000 {
			t.Fatalf("%v was enough for what had taken %v", limit, took)
		}
	}
}

// trainedWithin trains LSTMs for two containers, in an invocation that has so much
// time (0: all it needs) and, as long as something remains, in others that have
// all they need. It returns one of the checkpoints and how many they were.
func trainedWithin(t *testing.T, limit time.Duration) (checkpoint []byte, rounds int) {
	t.Helper()
	w := newWorld(t)
	config := "metric_name: cpu\nmodel:\n  model_type: lstm\n  hidden_size: 8\n  head_size: 0\ntraining:\n  epochs: 5\n  epoch_windows: 1024\n  patience: 5\n"
	_ = w.objects.Put(context.Background(), "configs/cpu.yaml", []byte(config))
	w.trainer.Config = (&steps.Configs{Objects: w.objects, Check: train.Check}).Of
	payload := []byte(`{"items": [{"container": "web", "metrics": ["cpu"]}, {"container": "db", "metrics": ["cpu"]}], "until": "2024-08-04T00:00:00Z"}`)
	for ; payload != nil; rounds++ {
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if limit > 0 && rounds == 0 {
			ctx, cancel = context.WithTimeout(ctx, limit)
		}
		var a event.Answer
		if err := w.call(ctx, w.train.Handle, payload, &a); err != nil {
			t.Fatalf("%v\n%s", err, w.log.String())
		}
		cancel()
		if payload = nil; len(a.Remaining) > 0 {
			payload, _ = json.Marshal(event.Batch{Items: a.Remaining, Until: time.Unix(until, 0)})
		}
		if len(a.Failed) > 0 || rounds > 20 {
			t.Fatalf("round %d: %+v", rounds, a)
		}
	}
	if strings.Contains(w.names(), "training") {
		t.Errorf("the state is still there: %s", w.names())
	}
	checkpoint, _, err := w.store.Get(context.Background(), "cpu/web.ckpt", 0)
	if err != nil {
		t.Fatal(err)
	}
	return checkpoint, rounds
}

// TestPredict: forecasts are written, by container and as a table; what fails is
// listed.
func TestPredict(t *testing.T) {
	w := newWorld(t)
	w.must(w.train.Handle, w.event("train_direct"), nil)
	var a event.Answer
	w.must(w.predict.Handle, w.event("predict_direct"), &a)
	if a.Done != 4 || len(a.Failed) != 1 || a.Failed[0].Container != "gone" || len(a.Files) != 2 {
		t.Fatalf("the answer is %+v\n%s", a, w.log.String())
	}
	var latest predict.Latest
	data, _, err := w.objects.Get(context.Background(), "latest/shop%2Fcart.json", 1<<20)
	if err != nil || json.Unmarshal(data, &latest) != nil || len(latest.Forecasts) != 2 || len(latest.Forecasts[0].Horizons) != 2 {
		t.Fatalf("%v: %s", err, data)
	}
	h := latest.Forecasts[0].Horizons[0]
	if !slices.Contains(h.Reasons, "no_checkpoint") || h.Seconds != 300 || latest.Forecasts[0].Origin != time.Unix(until-300, 0).UTC() {
		t.Errorf("of a container without a checkpoint: %+v", latest.Forecasts[0])
	}
	lines, _, err := w.objects.Get(context.Background(), a.Files[1], 1<<20)
	if err != nil || bytes.Count(lines, []byte{'\n'}) != 4 {
		t.Errorf("%v: %s", err, lines)
	}
	// A metric alone leaves the other's latest forecast.
	w.must(w.predict.Handle, []byte(`{"items": [{"container": "shop/cart", "metrics": ["memory"]}], "until": "2024-08-04T00:00:00Z"}`), &a)
	data, _, _ = w.objects.Get(context.Background(), "latest/shop%2Fcart.json", 1<<20)
	if json.Unmarshal(data, &latest) != nil || len(latest.Forecasts) != 2 || len(latest.Forecasts[0].Horizons) != 3 {
		t.Errorf("after one metric: %s", data)
	}
}

// TestPredictNotified: new samples bring new forecasts.
func TestPredictNotified(t *testing.T) {
	w := newWorld(t)
	keys, _ := store.All(context.Background(), w.objects, lake.Folder)
	payload := bytes.Replace(w.event("predict_s3"), []byte("SAMPLES"), []byte(keys[0].Name), 1)
	var a event.Answer
	w.must(w.predict.Handle, payload, &a)
	if a.Done == 0 || len(a.Failed) != 0 {
		t.Errorf("the answer is %+v", a)
	}
	w.must(w.predict.Handle, w.event("predict_s3"), &a) // of something else
	if a.Done != 0 {
		t.Errorf("the answer is %+v", a)
	}
}

// TestRevalidation: a checkpoint that changed in the store serves from the next
// invocation on, and one that did not is not read again.
func TestRevalidation(t *testing.T) {
	w := newWorld(t)
	w.must(w.train.Handle, w.event("train_direct"), nil)
	get := func() httpapi.Answer {
		var out struct {
			Body string `json:"body"`
		}
		w.must(w.answering.Handle, bytes.Replace(w.event("forecast_get"), []byte(`"container": "shop/cart"`), []byte(`"container": "web"`), 1), &out)
		var a httpapi.Answer
		if err := json.Unmarshal([]byte(out.Body), &a); err != nil || len(a.Forecasts) != 1 {
			t.Fatalf("%v: %s", err, out.Body)
		}
		return a
	}
	first := get()
	m1, _, _ := w.fresh().Model(context.Background(), "web", "cpu")
	if m2, _, _ := w.fresh().Model(context.Background(), "web", "cpu"); m1 != m2 {
		t.Error("a checkpoint that did not change was read again")
	}
	w.must(w.train.Handle, bytes.Replace(w.event("train_direct"), []byte("linear"), []byte("arima"), 1), nil)
	if m3, _, _ := w.fresh().Model(context.Background(), "web", "cpu"); m1 == m3 {
		t.Error("a checkpoint that changed was not read again")
	}
	if second := get(); second.Forecasts[0].Horizons[0].Detail == first.Forecasts[0].Horizons[0].Detail {
		t.Errorf("the forecast is still by %s", first.Forecasts[0].Horizons[0].Detail)
	}
}

func (w *world) fresh() *loader.Predictor {
	p, err := w.models.Fresh(context.Background(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// TestPlan: what is new, old or drifted is planned, in batches; the summary adds
// up what became of it.
func TestPlan(t *testing.T) {
	w := newWorld(t)
	var planned plan.Plan
	w.must(w.planner.Handle, w.event("plan_schedule"), &planned)
	if planned.Train.Batches != 2 || planned.Train.Series != 6 || planned.Predict.Series != 6 || planned.Due[plan.New] != 6 {
		t.Fatalf("of a new fleet: %+v", planned)
	}
	w.runAll(planned)
	var s plan.Summary
	w.must(w.planner.Handle, w.event("plan_summary"), &s)
	if s.Train.Batches != 2 || s.Train.Answered != 2 || s.Train.Done != 6 || s.Predict.Done != 6 || s.Train.Failures+s.Predict.Failures != 0 {
		t.Errorf("the summary is %+v", s)
	}
	// The memory's times are the clock's: the plan is made for days later.
	w.must(w.planner.Handle, []byte(`{"train": true, "max_age": "1000000h", "drift": [{"container": "db", "metrics": ["cpu"]}], "until": "2024-08-04T00:00:00Z"}`), &planned)
	if planned.Train.Series != 1 || planned.Due[plan.Drift] != 1 || planned.Predict.Key != "" {
		t.Errorf("of a drifted one: %+v", planned)
	}
	for _, bad := range []string{`{}`, `{"train": true, "run": "a/b"}`, `{"train": true, "max_age": "old"}`, `{"trian": true}`} {
		if err := w.call(context.Background(), w.planner.Handle, []byte(bad), nil); !errors.Is(err, event.ErrEvent) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// runAll does the batches of a plan.
func (w *world) runAll(planned plan.Plan) {
	w.t.Helper()
	for key, h := range map[string]steps.Handler{planned.Train.Key: w.train.Handle, planned.Predict.Key: w.predict.Handle} {
		data, _, err := w.objects.Get(context.Background(), key, 1<<20)
		var batches []json.RawMessage
		if err == nil {
			err = json.Unmarshal(data, &batches)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		for _, b := range batches {
			w.must(h, b, nil)
		}
	}
}

// TestLogs: every line is JSON; what concerns a series names it, and the request.
func TestLogs(t *testing.T) {
	w := newWorld(t)
	w.must(w.train.Handle, w.event("train_direct"), nil)
	trained, failed, metrics := 0, 0, 0
	for line := range strings.Lines(w.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if m["request_id"] != "req-1" {
			t.Errorf("no request's id: %s", line)
		}
		switch {
		case m["msg"] == "trained" && m["container"] == "web" && m["model"] == "linear" && m["ms"].(float64) > 0:
			trained++
		case m["msg"] == "not trained" && m["reason"] == event.NoData:
			failed++
		case m["_aws"] != nil && m["Trained"] == 2.0 && m["Duration"].(float64) > 0 && m["Function"] == "test":
			metrics++
		}
	}
	if trained != 2 || failed != 1 || metrics != 1 {
		t.Errorf("%d trained, %d failed, %d metrics:\n%s", trained, failed, metrics, w.log.String())
	}
}
