package fleet

import (
	"context"
	"testing"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// TestDigest: other values, metrics or containers give another digest, their
// order does not matter across metrics, and one job's is its checkpoint's.
func TestDigest(t *testing.T) {
	all := jobs("a", "b")
	memory := series.FrameOf("a", series.Memory, series.Series{Start: 1722470400, Step: 300, Values: []float64{1, 2, 3}})
	m := Job{Frame: &memory, Config: config.Defaults(series.Memory)}
	seen := map[string]string{}
	for name, js := range map[string][]Job{"a": all[:1], "b": all[1:], "ab": all, "abm": {all[0], all[1], m}, "am": {all[0], m}, "m": {m}} {
		d := Digest(js)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have the digest %s", name, other, d)
		}
		seen[d] = name
	}
	if Digest([]Job{m, all[0]}) != Digest([]Job{all[0], m}) {
		t.Error("the order of metrics matters")
	}
	c, _, err := fitted(all[0])
	if err != nil || c.Provenance.DataDigest != Digest(all[:1]) {
		t.Errorf("%v: the checkpoint has %s", err, c.Provenance.DataDigest)
	}
}

// TestDone: each job is passed on once it has ended, with its outcome.
func TestDone(t *testing.T) {
	all := jobs("a", "b", "c")
	got := map[int]string{}
	results, err := Train(context.Background(), all, &store.Memory{}, Options{Workers: 3, Done: func(i int, r *Result) {
		if r.Name == "" || r.Start.IsZero() || len(r.Report.Horizons) == 0 {
			t.Errorf("%+v", r)
		}
		got[i] = r.Container
	}})
	if err != nil || len(got) != 3 {
		t.Fatal(err, got)
	}
	for i := range results {
		if got[i] != results[i].Container {
			t.Errorf("job %d is %s, and was told as %s", i, results[i].Container, got[i])
		}
	}
}
