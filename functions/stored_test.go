package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/plan"
	"github.com/foretide/foretide/internal/steps/train"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// stored are bytes that a series of auto leaves behind, as infra/deploy/costs.py
// reckons with them.
type stored struct {
	Checkpoint float64 `json:"checkpoint"`
	Parquet    float64 `json:"forecasts_parquet"` // of a run
	Lines      float64 `json:"forecasts_jsonl"`
	Latest     float64 `json:"latest"`
	Runs       float64 `json:"runs"` // manifests and answers of a run that forecasts
	TrainRuns  float64 `json:"train_runs"`
	Log        float64 `json:"log"` // of a forecast
	TrainLog   float64 `json:"train_log"`
}

// TestStored: infra/deploy/measured/stored.json has the bytes that the functions
// write for batches of 200 containers with four metrics each.
func TestStored(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains and forecasts 800 series")
	}
	var want stored
	if data, err := os.ReadFile("../infra/deploy/measured/stored.json"); err != nil || json.Unmarshal(data, &want) != nil {
		t.Fatalf("%v: %s", err, data)
	}
	got := measureStored(t)
	text, _ := json.MarshalIndent(got, "", "  ")
	t.Logf("%s", text)
	of := func(s stored) []float64 {
		return []float64{s.Checkpoint, s.Parquet, s.Lines, s.Latest, s.Runs, s.TrainRuns, s.Log, s.TrainLog}
	}
	for i, v := range of(got) {
		if w := of(want)[i]; math.Abs(v-w) > 0.15*w {
			t.Errorf("number %d is %.0f bytes, and %.0f in infra/deploy/measured/stored.json; the whole is\n%s", i, v, w, text)
		}
	}
}

func measureStored(t *testing.T) stored {
	const containers, trained, perTraining = 200, 2, 20
	metrics := []string{"cpu", "memory", "net_rx", "net_tx"}
	w := newWorld(t)
	*w.objects = store.Memory{}
	w.trainer.Config = (&steps.Configs{Objects: w.objects, Check: train.Check}).Of
	var samples []parquet.Sample
	for c := range containers {
		for m, metric := range metrics {
			for i := range 288 * 3 {
				v := 3 + math.Sin(2*math.Pi*float64(i)/288+float64(c)) + 0.2*math.Sin(float64((i+c)*(i+m)))
				samples = append(samples, parquet.Sample{Container: fmt.Sprintf("shop/web-%03d", c), Metric: metric, Time: (until - 3*86400 + int64(i)*300) * 1000, Value: v})
			}
		}
	}
	if _, err := w.lake.Write(context.Background(), until-3*86400, until, samples); err != nil {
		t.Fatal(err)
	}
	log := func(h steps.Handler, payload string) float64 {
		var out strings.Builder
		s := runtime.Settings{Function: "test", Stack: "foretide", Out: &out, Level: slog.LevelInfo}
		if _, err := s.Lambda(h).Invoke(context.Background(), []byte(payload)); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return float64(out.Len())
	}
	size := func(prefix, suffix string) (sum float64) {
		objects, err := store.All(context.Background(), w.objects, prefix)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			if strings.HasSuffix(o.Name, suffix) {
				sum += float64(o.Size)
			}
		}
		return sum
	}
	w.planner.TrainBatch, w.planner.PredictBatch = perTraining, containers
	var planned plan.Plan
	w.must(w.planner.Handle, fmt.Appendf(nil, `{"train": true, "predict": true, "run": "r", "until": %q}`, time.Unix(until, 0).UTC().Format(time.RFC3339)), &planned)
	const series = containers * 4
	out := stored{TrainRuns: size("runs/r/train.json", "") / series, Runs: size("runs/r/predict.json", "") / series}
	names := make([]string, trained)
	for i := range names {
		names[i] = fmt.Sprintf(`{"container": "shop/web-%03d"}`, i)
	}
	out.TrainLog = log(w.train.Handle, fmt.Sprintf(`{"items": [%s], "until": "2024-08-04T00:00:00Z", "run": "r"}`, strings.Join(names, ","))) / (trained * 4)
	out.TrainRuns += size("runs/r/train/", "") / (trained * 4)
	for c := range containers {
		for _, m := range metrics {
			checkpoint, err := loader.Read(context.Background(), w.store, loader.Key{Metric: m, Container: fmt.Sprintf("shop/web-%03d", c%trained)})
			if err != nil {
				t.Fatal(err)
			}
			checkpoint.Container = fmt.Sprintf("shop/web-%03d", c)
			if _, err := loader.Save(context.Background(), w.store, checkpoint); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := store.All(context.Background(), w.store, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		out.Checkpoint += float64(o.Size) / series
	}
	batch, _, err := w.objects.Get(context.Background(), planned.Predict.Key, 1<<20)
	var batches []json.RawMessage
	if err == nil {
		err = json.Unmarshal(batch, &batches)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		out.Log += log(w.predict.Handle, string(b)) / series
	}
	out.Parquet, out.Lines = size("forecasts/", ".parquet")/series, size("forecasts/", ".jsonl")/series
	out.Latest, out.Runs = size("latest/", "")/series, out.Runs+size("runs/r/predict/", "")/series
	for _, v := range []*float64{&out.Checkpoint, &out.Parquet, &out.Lines, &out.Latest, &out.Runs, &out.TrainRuns, &out.Log, &out.TrainLog} {
		*v = math.Round(*v*10) / 10
	}
	return out
}
