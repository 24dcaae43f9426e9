package functions_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/loader/store"
)

// silent is a store that does not tell of a name.
type silent struct {
	store.Memory
	name  string
	asked atomic.Int32
}

func (s *silent) Stat(ctx context.Context, name string) (store.Object, error) {
	s.asked.Add(1)
	if name == s.name {
		return store.Object{}, &store.Error{Op: "look at", Name: name, Err: errors.New("503 SlowDown")}
	}
	return s.Memory.Stat(ctx, name)
}

// TestUnknownCheckpoint: where the store does not tell of one checkpoint, its series
// alone fails, and is asked for again; once the model is known it serves on.
func TestUnknownCheckpoint(t *testing.T) {
	w := newWorld(t)
	faulty := &silent{}
	w.trainer.Store, w.models.Store, w.models.Every = faulty, faulty, time.Hour
	w.must(w.train.Handle, w.event("train_direct"), nil) // cpu and memory of web
	payload := []byte(`{"items": [{"container": "web", "metrics": ["cpu", "memory"]}], "until": "2024-08-04T00:00:00Z"}`)
	predict := func() (a event.Answer) {
		t.Helper()
		w.log.Reset()
		w.must(w.predict.Handle, payload, &a)
		return a
	}
	faulty.name = "memory/web.ckpt"
	if a := predict(); a.Done != 1 || len(a.Failed) != 1 || a.Failed[0].Metric != "memory" || a.Failed[0].Reason != event.Storage5xx || len(a.Remaining) != 1 {
		t.Errorf("not known: %+v", a)
	}
	if !bytes.Contains(w.log.Bytes(), []byte("checkpoints as they were")) {
		t.Errorf("the log is %s", w.log.String())
	}
	faulty.name = ""
	faulty.asked.Store(0)
	if a := predict(); a.Done != 2 || len(a.Failed) != 0 || faulty.asked.Load() != 1 {
		t.Errorf("then: %+v, %d asked", a, faulty.asked.Load())
	}
	faulty.name, w.models.Every = "memory/web.ckpt", 0
	if a := predict(); a.Done != 2 || len(a.Failed) != 0 || a.Results[1].Model != "linear" {
		t.Errorf("known: %+v", a)
	}
}
