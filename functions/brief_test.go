package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/internal/steps/predict"
	"github.com/foretide/foretide/internal/steps/train"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// maxResult is the most bytes that Step Functions takes of a function's result.
const maxResult = 262_144

// unavailable is a store of an S3 that is there and does not serve.
type unavailable struct{ store.Memory }

func (d *unavailable) fail(op, name string) error {
	return &store.Error{Op: op, Name: "s3://foretide-eu-central-1-123456789012/checkpoints/" + name, Err: s3.ErrUnavailable,
		Hint: "it is tried again with the next batch; see the service's health", Detail: "503 SlowDown: Please reduce your request rate. (request 4442587FB7D0A2F9, " + strings.Repeat("host", 20) + ")"}
}

func (d *unavailable) Get(_ context.Context, name string, _ int64) ([]byte, store.Object, error) {
	return nil, store.Object{}, d.fail("read", name)
}

func (d *unavailable) Put(_ context.Context, name string, _ []byte, _ ...store.PutOption) error {
	return d.fail("write", name)
}

// TestBrownout: the answer to the largest batch of a run, none of which can be done,
// is one that the state machine takes, and asks for all of it again. The whole one
// is kept.
func TestBrownout(t *testing.T) {
	metrics := []string{"cpu", "memory", "net_rx", "net_tx"}
	var items []event.Item
	var samples []parquet.Sample
	var objects store.Memory
	checkpoints := &unavailable{}
	for c := range 200 {
		item := event.Item{Container: fmt.Sprintf("production-cluster-eu-central-1/payments/service-%04d", c), Metrics: metrics}
		items = append(items, item)
		for _, m := range metrics {
			for i := range 12 {
				samples = append(samples, parquet.Sample{Container: item.Container, Metric: m, Time: (until - 3600 + int64(i)*300) * 1000, Value: float64(1 + i*i%7)})
			}
			_ = checkpoints.Memory.Put(context.Background(), loader.Key{Metric: m, Container: item.Container}.Name(), nil)
		}
	}
	l := &lake.Lake{Objects: &objects, Shards: 16, MaxBytes: lake.DefaultMaxBytes}
	if _, err := l.Write(context.Background(), until-3600, until, samples); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(until, 0) }
	naive, err := config.Parse("test", []byte("metric_name: cpu\nmodel:\n  model_type: naive\n"))
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]*config.Config{}
	for _, m := range metrics {
		of[m] = naive.Clone()
		of[m].MetricName = m
	}
	trainer := &train.Trainer{Lake: l, Store: checkpoints, History: time.Hour, MaxValues: 1 << 20, Now: now,
		Config: func(_ context.Context, metric, _ string) (*config.Config, error) { return of[metric], nil }}
	forecaster := &predict.Forecaster{Lake: l, Models: &batch.Models{Store: checkpoints}, Window: time.Hour, Now: now}
	for _, w := range []*batch.Worker{
		{Name: "predict", Objects: &objects, Do: forecaster.Predict},
		{Name: "train", Objects: &objects, Do: trainer.Train},
	} {
		payload, _ := json.Marshal(event.Batch{Items: items, Run: "night", Until: now()})
		s := runtime.Settings{Function: w.Name, Out: &strings.Builder{}, Margin: time.Second}
		out, err := s.Lambda(w.Handle).Invoke(context.Background(), payload)
		var a event.Answer
		if err == nil {
			err = json.Unmarshal(out, &a)
		}
		kept, _, _ := objects.Get(context.Background(), steps.AnswerFolder("night", w.Name)+"000000-000.json", 8<<20)
		switch {
		case err != nil:
			t.Errorf("%s: %v", w.Name, err)
		case len(kept) < maxResult:
			t.Errorf("%s: the whole answer has %d bytes: this test has no point", w.Name, len(kept))
		case len(out) > maxResult/2: // the machine's state has the batch beside it
			t.Errorf("%s: the answer has %d bytes of %d", w.Name, len(out), len(kept))
		case a.Done != 0 || len(a.Failed) != 1 || a.Failed[0].Count != len(samples)/12 || len(a.Remaining) != len(items) || len(a.Remaining[0].Metrics) != len(metrics):
			t.Errorf("%s: %d done, failed %+v, %d remain", w.Name, a.Done, a.Failed, len(a.Remaining))
		}
		t.Logf("%s: %d bytes of %d", w.Name, len(out), len(kept))
	}
}
