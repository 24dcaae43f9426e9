package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/predict"
	"github.com/foretide/foretide/loader/store"
)

// latest is a memory in which tests meddle with the writes of latest forecasts.
type latest struct {
	*store.Memory
	mu     sync.Mutex
	before func() // is called once, before one of them
	err    error  // of each
	writes int
}

func (l *latest) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	if !strings.HasPrefix(name, predict.LatestFolder) {
		return l.Memory.Put(ctx, name, data, opts...)
	}
	if do := l.before; do != nil {
		l.before = nil
		do()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes++
	if l.err != nil {
		return l.err
	}
	return l.Memory.Put(ctx, name, data, opts...)
}

// predictUntil forecasts a container's metrics from the samples before a time.
func (w *world) predictUntil(t time.Time, container string, metrics ...string) (a event.Answer) {
	w.t.Helper()
	payload, _ := json.Marshal(event.Batch{Items: []event.Item{{Container: container, Metrics: metrics}}, Until: t})
	w.must(w.predict.Handle, payload, &a)
	return a
}

// origins returns where the data of a container's latest forecasts end, by metric,
// in hours before the end of the samples.
func (w *world) origins(container string) map[string]int {
	w.t.Helper()
	data, _, err := w.objects.Get(context.Background(), predict.LatestName(container), 1<<20)
	var l predict.Latest
	if err == nil {
		err = json.Unmarshal(data, &l)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]int{}
	for _, f := range l.Forecasts {
		out[f.Metric] = int(time.Unix(until-300, 0).Sub(f.Origin).Hours())
	}
	return out
}

// TestLatestOrder: of each metric the forecast whose data end later stays, in
// whatever order they are made, and sinks are told of no other.
func TestLatestOrder(t *testing.T) {
	w := newWorld(t)
	var pushed []string
	w.forecaster.SinkTime = time.Minute
	w.forecaster.Sinks = []predict.Sink{{Name: "test", Push: func(_ context.Context, _ *steps.Invocation, items []*serve.Answer) error {
		for _, i := range items {
			pushed = append(pushed, fmt.Sprintf("%s %d", i.Metric, (until-300-i.Origin)/3600))
		}
		return nil
	}}}
	hours := func(n int) time.Time { return time.Unix(until-int64(n)*3600, 0) }
	check := func(what, latest, sinks string) {
		t.Helper()
		if got := fmt.Sprint(w.origins("web")); got != latest {
			t.Errorf("%s: the latest are %s, want %s", what, got, latest)
		}
		if got := fmt.Sprint(pushed); got != sinks {
			t.Errorf("%s: pushed %s, want %s", what, got, sinks)
		}
		pushed = nil
	}
	w.predictUntil(hours(5), "web")
	check("the first", "map[cpu:5 memory:5]", "[cpu 5 memory 5]")
	w.predictUntil(hours(2), "web", "cpu")
	check("one metric", "map[cpu:2 memory:5]", "[cpu 2]")
	if a := w.predictUntil(hours(3), "web"); a.Done != 2 || len(a.Failed)+len(a.Remaining) != 0 || len(a.Files) != 2 {
		t.Errorf("of an older batch: %+v", a)
	}
	check("older of one, newer of the other", "map[cpu:2 memory:3]", "[memory 3]")
	writes := w.latest.writes
	w.predictUntil(hours(9), "web")
	check("older", "map[cpu:2 memory:3]", "[]")
	if w.latest.writes != writes {
		t.Error("what was older was written")
	}
	w.predictUntil(hours(2), "web")
	check("the same data again", "map[cpu:2 memory:2]", "[cpu 2 memory 2]")
	w.latest.before = func() { w.predictUntil(hours(0), "web") }
	w.predictUntil(hours(1), "web")
	check("older, while a newer one was written", "map[cpu:0 memory:0]", "[cpu 0 memory 0]")
}

// TestLatestFails: what is not written is not pushed; the retry does both.
func TestLatestFails(t *testing.T) {
	w := newWorld(t)
	pushed := 0
	w.forecaster.SinkTime = time.Minute
	w.forecaster.Sinks = []predict.Sink{{Name: "test", Push: func(_ context.Context, _ *steps.Invocation, items []*serve.Answer) error {
		pushed += len(items)
		return nil
	}}}
	w.latest.err = &store.Error{Op: "write", Name: "latest", Err: store.ErrChanged}
	a := w.predictUntil(time.Unix(until, 0), "web")
	if a.Done != 2 || len(a.Failed) != 1 || a.Failed[0].Reason != event.Storage5xx || len(a.Remaining) != 1 || pushed != 0 || w.latest.writes < 2 {
		t.Errorf("%+v, %d pushed after %d writes", a, pushed, w.latest.writes)
	}
	w.latest.err = nil
	if a = w.predictUntil(time.Unix(until, 0), a.Remaining[0].Container); len(a.Failed) != 0 || pushed != 2 {
		t.Errorf("%+v, %d pushed", a, pushed)
	}
}
