package functions_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/predict"
	"github.com/foretide/foretide/loader/store"
)

// breaking is a store that panics when some names are read or written, as a model
// with a fault does.
type breaking struct {
	store.Memory
	reads, writes string
}

func (b *breaking) Get(ctx context.Context, name string, limit int64) ([]byte, store.Object, error) {
	if name == b.reads {
		panic("a fault")
	}
	return b.Memory.Get(ctx, name, limit)
}

func (b *breaking) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	if name == b.writes {
		panic("a fault")
	}
	return b.Memory.Put(ctx, name, data, opts...)
}

// TestPanics: what panics fails alone, with a reason and, in the log, the stack.
func TestPanics(t *testing.T) {
	w := newWorld(t)
	faulty := &breaking{writes: "memory/web.ckpt"}
	w.trainer.Store, w.models.Store = faulty, faulty
	one := func(what string, a event.Answer, done int, container, metric, reason string) {
		t.Helper()
		if a.Done != done || len(a.Failed) != 1 || a.Failed[0].Container != container || a.Failed[0].Metric != metric || a.Failed[0].Reason != reason || a.Failed[0].Retry {
			t.Errorf("%s: %+v", what, a)
		}
		if !bytes.Contains(w.log.Bytes(), []byte(`"stack":"goroutine`)) {
			t.Errorf("%s: no stack in the log", what)
		}
		w.log.Reset()
	}
	payload := []byte(`{"items": [{"container": "web"}, {"container": "db"}], "until": "2024-08-04T00:00:00Z"}`)
	var a event.Answer
	w.must(w.train.Handle, payload, &a)
	one("training", a, 3, "web", "memory", event.Failed)

	faulty.reads = "cpu/db.ckpt"
	a = event.Answer{}
	w.must(w.predict.Handle, payload, &a)
	one("forecasting", a, 3, "db", "cpu", event.Failed)

	faulty.reads = ""
	w.latest.before = func() { panic("a fault") }
	a = event.Answer{}
	w.must(w.predict.Handle, []byte(`{"items": [{"container": "web"}], "until": "2024-08-04T00:00:00Z"}`), &a)
	one("writing", a, 2, "web", "", event.Failed)

	w.forecaster.SinkTime = time.Minute
	w.forecaster.Sinks = []predict.Sink{{Name: "test", Push: func(context.Context, *steps.Invocation, []*serve.Answer) error { panic("a fault") }}}
	a = event.Answer{}
	w.must(w.predict.Handle, payload, &a)
	one("pushing", a, 4, "", "", event.Sink)
}
