package functions_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/internal/steps/plan"
)

// damage flips a bit of a file of samples that shop/cart is in, alone of three
// days', and returns its key.
func (w *world) damage() string {
	w.t.Helper()
	ctx := context.Background()
	files, err := w.lake.Files(ctx, until-86400, until)
	for _, f := range files {
		if f.Shard != lake.ShardOf("shop/cart", f.Shards) || f.From != until-86400 {
			continue
		}
		var data []byte
		if data, _, err = w.objects.Get(ctx, f.Name, f.Size); err == nil {
			data[len(data)/2] ^= 1
			if err = w.objects.Put(ctx, f.Name, data); err == nil {
				return f.Name
			}
		}
	}
	w.t.Fatal("no file is damaged", err)
	return ""
}

// TestDamagedFile: one damaged file of samples costs its containers what it has, and
// fails nothing; the log of each function names it, and a metric counts it.
func TestDamagedFile(t *testing.T) {
	w := newWorld(t)
	key := w.damage()
	check := func(what string) {
		t.Helper()
		named, counted := 0, 0
		for line := range strings.Lines(w.log.String()) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			if m["key"] == key && m["level"] == "ERROR" {
				named++
			}
			if m["DamagedFiles"] == 1.0 {
				counted++
			}
		}
		if named != 1 || counted != 1 {
			t.Errorf("%s: named %d times, counted %d times:\n%s", what, named, counted, w.log.String())
		}
		w.log.Reset()
	}
	var planned plan.Plan
	w.must(w.planner.Handle, []byte(`{"train": true, "predict": true, "until": "2024-08-04T00:00:00Z"}`), &planned)
	check("plan")
	if planned.Train.Series == 0 || planned.Train.Series == 6 {
		t.Errorf("%d series are planned", planned.Train.Series)
	}
	items := `{"items": [{"container": "db"}, {"container": "shop/cart"}, {"container": "web"}]}`
	for name, h := range map[string]*batch.Worker{"train": w.train, "predict": w.predict} {
		var a event.Answer
		w.must(h.Handle, []byte(items), &a)
		check(name)
		if a.Done != 6 || len(a.Failed) != 0 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	w.must(steps.Watched(w.answering.Handle), []byte(`{"container": "shop/cart"}`), nil)
	check("forecast")
}
