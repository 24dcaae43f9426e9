package plan

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

const began = 1722470400 // 2024-08-01

// made is a store that tells when each checkpoint was made.
type made struct {
	store.Memory
	at map[string]time.Time
}

func (m *made) List(context.Context, string, string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for name, at := range m.at {
			if !yield(store.Object{Name: name, Modified: at}, nil) {
				return
			}
		}
	}
}

// world is a planner of containers with a sample of cpu at the end of each hour.
type world struct {
	*Planner
	t     *testing.T
	store *made
	lake  *store.Memory
	clock time.Time
}

func newWorld(t *testing.T, containers ...string) *world {
	w := &world{t: t, store: &made{at: map[string]time.Time{}}, lake: &store.Memory{}, clock: time.Unix(began+86400, 0)}
	w.Planner = &Planner{
		Lake: &lake.Lake{Objects: w.lake, Shards: 4, MaxBytes: lake.DefaultMaxBytes}, Store: w.store, MaxAge: DefaultMaxAge, Recent: 2 * time.Hour,
		Config:     func(_ context.Context, metric, _ string) (*config.Config, error) { return config.Defaults(metric), nil },
		TrainBatch: 2, PredictBatch: 3, Concurrency: 1, Now: func() time.Time { return w.clock },
	}
	var samples []parquet.Sample
	for _, c := range containers {
		for h := range int64(96) {
			samples = append(samples, parquet.Sample{Container: c, Metric: "cpu", Time: (began + h*3600 + 3540) * 1000, Value: 1})
		}
	}
	if _, err := w.Lake.Write(context.Background(), began, began+96*3600, samples); err != nil {
		t.Fatal(err)
	}
	return w
}

// plan invokes the function.
func (w *world) plan(payload string) Plan {
	w.t.Helper()
	return w.request("", payload)
}

// request invokes the function by a request.
func (w *world) request(id, payload string) (p Plan) {
	w.t.Helper()
	out, err := w.Handle(context.Background(), steps.NewInvocation(io.Discard, slog.LevelInfo, "", "plan", id), []byte(payload))
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.(*Plan)
}

// TestEveryNight: of plans a day apart each has every model trained, whatever the
// training took.
func TestEveryNight(t *testing.T) {
	w := newWorld(t, "web", "db")
	for night, took := range []time.Duration{time.Second, 20 * time.Minute, 3 * time.Hour} {
		p := w.plan(fmt.Sprintf(`{"train": true, "until": %q}`, w.clock.UTC().Format(time.RFC3339)))
		if p.Train.Series != 2 {
			t.Errorf("night %d: %+v", night, p)
		}
		for _, c := range []string{"web", "db"} {
			w.store.at[loader.Key{Metric: "cpu", Container: c}.Name()] = w.clock.Add(took)
		}
		w.clock = w.clock.Add(24 * time.Hour)
	}
}

// TestRuns: two plans of one second are two runs, and a request that is tried again
// is one; a name that is given stays.
func TestRuns(t *testing.T) {
	w := newWorld(t, "web")
	names := map[string]bool{}
	for _, id := range []string{"", "", "one", "two", "one"} {
		p := w.request(id, `{"predict": true}`)
		if err := (&event.Batch{Items: []event.Item{{Container: "x"}}, Run: p.Run}).Check(); err != nil || p.Run[:17] != "20240802T000000Z-" {
			t.Errorf("%s: %v", p.Run, err)
		}
		names[p.Run] = true
	}
	if len(names) != 4 {
		t.Errorf("runs %v", names)
	}
	if p := w.request("one", `{"predict": true, "run": "night"}`); p.Run != "night" || p.Predict.Key != "runs/night/predict.json" {
		t.Errorf("%+v", p)
	}
}

// TestBatches: a batch has whole shards or a part of one, and everything is in one.
func TestBatches(t *testing.T) {
	for _, c := range []struct{ containers, size, most int }{{40, 3, 18}, {40, 10, 8}, {5, 3, 4}, {3, 10, 1}, {200, 20, 16}} {
		w := newWorld(t)
		r := &round{Planner: w.Planner}
		have, whole := map[string][]string{}, map[int]int{}
		for i := range c.containers {
			name := fmt.Sprintf("c%03d", i)
			have[name] = []string{"cpu"}
			whole[lake.ShardOf(name, 4)]++
		}
		items := []event.Item{{Metrics: []string{"memory"}}, {Metrics: []string{"queue"}}}
		for _, name := range r.ordered(have) {
			items = append(items, event.Item{Container: name, Metrics: []string{"cpu"}})
		}
		batches, total := r.batches(items, c.size), 0
		for i, b := range batches {
			parts := map[int]int{}
			for _, item := range b {
				parts[lake.ShardOf(item.Container, 4)]++
			}
			total += len(b)
			for shard, n := range parts {
				if i >= 2 && len(parts) > 1 && n != whole[shard] {
					t.Errorf("%+v: batch %d has %d of the %d of shard %d, and others", c, i, n, whole[shard], shard)
				}
			}
			if i < 2 != (b[0].Container == "") || i < 2 && len(b) != 1 || len(b) > c.size {
				t.Errorf("%+v: batch %d has %v", c, i, b)
			}
		}
		if total != len(items) || len(batches) > c.most+2 {
			t.Errorf("%+v: %d of %d items in %d batches", c, total, len(items), len(batches))
		}
	}
}

// TestSummary: the last try of a batch counts, and of the tries before what is not
// tried again; results are not so much as looked at.
func TestSummary(t *testing.T) {
	w := newWorld(t)
	put := func(key, text string) {
		if err := w.lake.Put(context.Background(), "runs/night/"+key, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	put("train.json", `[{"items": [{"container": "a"}]}, {"items": [{"container": "b"}]}, {"batch": 2}]`)
	put("train/000000-000.json", `{"done": 3, "results": [{"ms": "none"}], "failed": [{"container": "a", "retry": true}, {"container": "c"}], "remaining": [{"container": "a"}]}`)
	put("train/000000-001.json", `{"done": 1, "failed": [{"container": "a", "retry": true}], "remaining": [{"container": "a"}, {"container": "d"}]}`)
	put("train/000001-000.json", `{"done": 2, "failed": [], "remaining": []}`)
	out, err := w.Handle(context.Background(), nil, []byte(`{"summarize": "night"}`))
	if err != nil {
		t.Fatal(err)
	}
	got := out.(*Summary).Train
	if got.Batches != 3 || got.Answered != 2 || got.Done != 6 || got.Failures != 2 || got.Remaining != 2 || got.Failed[0].Container != "c" {
		t.Errorf("%+v", got)
	}
}
