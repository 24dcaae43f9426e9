package collect

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/lake"
)

// TestManySamples: a chunk with more samples than can be held is halved, down to a
// step, and nothing is lost or there twice; those that follow are as short.
func TestManySamples(t *testing.T) {
	w := newWorld(t)
	w.MaxSamples = 11 // five minutes of two containers
	a, asked := w.must(at(120))
	if want := "60-80 60-70 60-65 65-70 70-75 75-80 80-85 85-90 90-95 95-100 100-105 105-110 110-115 115-119"; asked != want || a.Samples != 118 || a.Containers != 2 {
		t.Errorf("asked for %s: %+v", asked, a)
	}
	w.check("web", 60, 119, nil)
	w.MaxSamples, w.Step, w.Chunk = 2, time.Minute, 90*time.Second // no whole steps
	if a, asked := w.must(at(123)); asked != "119-120 120-121 121-122" || a.Samples != 6 {
		t.Errorf("asked for %s: %+v", asked, a)
	}
	w.check("db", 60, 122, nil)
}

// TestNotCompacted: files that cannot be put together, for a damaged one among
// them or for what storage says, fail no collection.
func TestNotCompacted(t *testing.T) {
	w := newWorld(t)
	w.First = 2 * time.Minute
	for m := range mostFiles {
		w.must(at(100 + m))
	}
	bad := w.files()[2]
	data, _, _ := w.lake.Get(context.Background(), bad, 1<<20)
	data[len(data)/2] ^= 1
	_ = w.lake.Put(context.Background(), bad, data)
	compacted := 0
	for m := range 3 {
		w.out.Reset()
		a, _ := w.must(at(100 + mostFiles + m))
		compacted += a.Compacted
		if log := w.out.String(); !strings.Contains(log, `"key":"`+bad+`"`) || !strings.Contains(log, `"DamagedFiles":1`) || !strings.Contains(log, `"Samples":2`) {
			t.Errorf("the log is\n%s", log)
		}
	}
	if compacted == 0 || !slices.Contains(w.files(), bad) {
		t.Errorf("%d files are put together, %d are left", compacted, len(w.files()))
	}
	w.out.Reset()
	w.Lake.MaxBytes = 1
	for m := range mostFiles + 1 {
		w.must(at(100 + mostFiles + 4 + m))
	}
	if log := w.out.String(); !strings.Contains(log, `"CompactErrors":1`) || !strings.Contains(log, lake.DayFolder(began)) || !strings.Contains(log, "too large") {
		t.Errorf("the log is\n%s", log)
	}
}
