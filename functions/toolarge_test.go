package functions_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
)

// outcome says of each container what became of it: how many metrics failed with
// which reason, or that it remains. The others were done.
func outcome(a event.Answer) string {
	var out []string
	for _, f := range a.Failed {
		out = append(out, f.Container+f.Metric+" "+f.Reason)
	}
	for _, i := range a.Remaining {
		out = append(out, i.Container+" remains")
	}
	slices.Sort(out)
	return fmt.Sprintf("%d done; %s", a.Done, strings.Join(out, ", "))
}

// both invokes train and predict.
func (w *world) both(payload, want string) {
	w.t.Helper()
	for name, h := range map[string]*event.Answer{"train": {}, "predict": {}} {
		handler := w.train.Handle
		if name == "predict" {
			handler = w.predict.Handle
		}
		w.must(handler, []byte(payload), h)
		if got := outcome(*h); got != want {
			w.t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestTooLarge: samples are read shard after shard; where those of one are more than
// may be read at a time, its containers alone fail.
func TestTooLarge(t *testing.T) {
	w := newWorld(t)
	w.lake.Shards = 2
	sizes := map[int]int64{}
	files, err := w.lake.Files(context.Background(), until-3*86400, until)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		sizes[f.Shard] += f.Size
	}
	shard := map[int][]string{}
	for _, c := range []string{"db", "shop/cart", "web"} {
		s := lake.ShardOf(c, 2)
		shard[s] = append(shard[s], c)
	}
	large, small := 0, 1
	if sizes[1] > sizes[0] {
		large, small = 1, 0
	}
	if sizes[small] == 0 || sizes[0] == sizes[1] {
		t.Fatalf("the shards have %v", sizes)
	}
	all := `{"items": [{"container": "web"}, {"container": "db"}, {"container": "shop/cart"}], "until": "2024-08-04T00:00:00Z"}`
	w.lake.MaxBytes = sizes[large]
	w.both(all, "6 done; ")
	w.lake.MaxBytes = sizes[large] - 1
	want := fmt.Sprintf("%d done; ", 2*len(shard[small]))
	for i, c := range shard[large] {
		if i > 0 {
			want += ", "
		}
		want += c + " too_large"
	}
	w.both(all, want)
	// A model that all containers share fails, and no container's own.
	var a event.Answer
	w.must(w.train.Handle, []byte(strings.Replace(all, `[{`, `[{"metrics": ["cpu"]}, {`, 1)), &a)
	if got, want := outcome(a), strings.Replace(want, "; ", "; cpu too_large, ", 1); got != want {
		t.Errorf("with a shared one: %s, want %s", got, want)
	}
}

// TestTooLong: a container whose samples are too far apart fails alone.
func TestTooLong(t *testing.T) {
	w := newWorld(t)
	var samples []parquet.Sample
	for i := range int64(200) { // a value a second, and one two years before
		at := until - 900 + i
		if i == 0 {
			at = until - 740*86400
		}
		samples = append(samples, parquet.Sample{Container: "far", Metric: "cpu", Time: at * 1000, Value: 1})
	}
	if _, err := w.lake.Write(context.Background(), until-741*86400, until, samples); err != nil {
		t.Fatal(err)
	}
	w.trainer.History, w.forecaster.Window = 750*24*time.Hour, 750*24*time.Hour
	w.both(`{"items": [{"container": "web"}, {"container": "far"}, {"container": "db"}, {"container": "shop/cart"}], "until": "2024-08-04T00:00:00Z"}`, "6 done; far too_large")
}

// TestFull: containers beyond what may be held at a time remain, however they lie
// in shards.
func TestFull(t *testing.T) {
	w := newWorld(t)
	w.trainer.MaxValues = 2 * 2 * 3 * 288 // of two containers
	payload := `{"items": [{"container": "web"}, {"container": "db"}, {"container": "shop/cart"}, {"container": "gone"}], "until": "2024-08-04T00:00:00Z"}`
	var a event.Answer
	w.must(w.train.Handle, []byte(payload), &a)
	var b event.Answer
	for _, item := range a.Remaining {
		var one event.Answer
		w.must(w.train.Handle, fmt.Appendf(nil, `{"items": [{"container": %q}], "until": "2024-08-04T00:00:00Z"}`, item.Container), &one)
		b.Join(&one)
	}
	if a.Done != 4 || b.Done != 2 || len(a.Failed)+len(b.Failed) != 1 || len(b.Remaining) != 0 {
		t.Errorf("%s; then %s", outcome(a), outcome(b))
	}
}
