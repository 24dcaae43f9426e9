package functions_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/drift"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/plan"
	"github.com/foretide/foretide/loader/store"
)

// marks returns the names of the marks of drift.
func (w *world) marks() string {
	w.t.Helper()
	objects, err := store.All(context.Background(), w.objects, steps.DriftFolder)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, o := range objects {
		out = append(out, o.Name)
	}
	return strings.Join(out, " ")
}

// TestDriftMarked: predict marks the one series that changed since its training;
// plan plans it for that reason; the mark's notification has train fit it again,
// and then there is no mark.
func TestDriftMarked(t *testing.T) {
	w := newWorld(t)
	w.forecaster.Drift = drift.Options{Last: steps.Day, Every: 20 * time.Minute}
	var trained event.Answer
	w.must(w.train.Handle, []byte(`{"items": [{"container": "db"}, {"container": "shop/cart"}, {"container": "web"}], "until": "2024-08-03T00:00:00Z"}`), &trained)
	if trained.Done != 6 {
		t.Fatalf("trained %+v", trained)
	}
	var changed []parquet.Sample
	for i := range 288 {
		changed = append(changed, parquet.Sample{Container: "shop/cart", Metric: "cpu", Time: (until - 86400 + int64(i)*300) * 1000, Value: 3 + 40*float64(i*i%7)})
	}
	if _, err := w.lake.Write(context.Background(), until-86400, until, changed); err != nil {
		t.Fatal(err)
	}
	predict := func(drift string) {
		t.Helper()
		var a event.Answer
		w.must(w.predict.Handle, []byte(`{"items": [{"container": "db"}, {"container": "shop/cart"}, {"container": "web"}], "until": "2024-08-04T00:00:00Z"`+drift+`}`), &a)
		if a.Done != 6 || len(a.Failed) != 0 {
			t.Fatalf("forecast %+v", a)
		}
	}
	predict("") // a run that does not train
	if got := w.marks(); got != "" {
		t.Errorf("marks %q without being asked for", got)
	}
	predict(`, "drift": true`)
	const mark = "drift/cpu/shop%2Fcart.ckpt"
	if got := w.marks(); got != mark {
		t.Errorf("marks %q, want %q", got, mark)
	}
	if !strings.Contains(w.log.String(), `"Drifted":1`) {
		t.Errorf("no count of the marks in\n%s", w.log.String())
	}
	var planned plan.Plan
	w.must(w.planner.Handle, []byte(`{"train": true, "predict": true, "max_age": "1000000h", "until": "2024-08-04T00:00:00Z"}`), &planned)
	manifest, _, err := w.objects.Get(context.Background(), planned.Predict.Key, 1<<20)
	if planned.Train.Series != 1 || planned.Due[plan.Drift] != 1 || err != nil || !bytes.Contains(manifest, []byte(`"drift":true`)) {
		t.Errorf("planned %+v, %v: %s", planned, err, manifest)
	}
	var again event.Answer
	w.must(w.train.Handle, bytes.ReplaceAll(w.event("train_s3"), []byte("memory"), []byte("cpu")), &again)
	if again.Done != 1 || again.Results[0].Container != "shop/cart" || again.Results[0].Metric != "cpu" || again.Results[0].Unchanged {
		t.Errorf("trained again: %+v", again)
	}
	predict(`, "drift": true`)
	if got := w.marks(); got != "" {
		t.Errorf("marks %q after the training", got)
	}
}
