package terminal

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// tell tells of some work in a way, and returns what was printed.
func tell(way string, bytes_ bool) string {
	var b bytes.Buffer
	m := NewMeter(&b, way, "training", bytes_)
	m.Set(2e6, 8e6)
	m.Note("waiting")
	m.Epoch(Epoch{Number: 2, Most: 16, Loss: 0.5, Rate: 9000, Left: 30 * time.Second})
	m.Finish()
	return b.String()
}

// TestWays: without a terminal nobody is told how far it is unless he asks, but
// always that it waits.
func TestWays(t *testing.T) {
	t.Parallel()
	const epoch = "training: epoch 2 of at most 16, validation loss 0.5, 9000 windows a second, at most 30s left\n"
	for way, want := range map[string]string{
		ProgressAuto: "waiting\n", ProgressPlain: "waiting\n" + epoch, ProgressNone: "",
	} {
		if got := tell(way, false); got != want {
			t.Errorf("%s prints\n%q, want\n%q", way, got, want)
		}
	}
}

// TestPlain: a line every ten seconds says how long it will take.
func TestPlain(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := NewMeter(&b, ProgressPlain, "reading", true).(*lines)
	l.start = l.start.Add(-20 * time.Second)
	l.Set(1e6, 4e6)
	if b.Len() > 0 {
		t.Errorf("too early: %q", b.String())
	}
	l.last = l.last.Add(-20 * time.Second)
	l.Set(2e6, 8e6)
	l.Set(3e6, 8e6)
	if want := "reading: 2.0 MB of 8.0 MB, 1m0s left\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// TestObjects: every line is an object, and the last one says that it is over.
func TestObjects(t *testing.T) {
	t.Parallel()
	var all []map[string]any
	for line := range strings.Lines(tell(ProgressJSON, false)) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil || o["stage"] != "training" {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, o)
	}
	if len(all) != 4 || all[0]["done"] != 2e6 || all[0]["finished"] != nil || all[1]["note"] != "waiting" ||
		all[2]["epoch"] != 2.0 || all[2]["loss"] != 0.5 || all[3]["finished"] != true || all[3]["total"] != 8e6 {
		t.Errorf("%v", all)
	}
	var b bytes.Buffer
	NewMeter(&b, ProgressJSON, "x", false).Epoch(Epoch{Loss: math.NaN()})
	if !strings.Contains(b.String(), `"loss":null`) {
		t.Errorf("a loss that is no number: %q", b.String())
	}
}

// TestLeft: the rest takes as long as what was done did, in proportion.
func TestLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		done, total int64
		want        time.Duration
	}{{0, 10, 0}, {1, 4, 30 * time.Second}, {4, 4, 0}, {5, 0, 0}} {
		if got := left(10*time.Second, c.done, c.total); got != c.want {
			t.Errorf("%d of %d: %v, want %v", c.done, c.total, got, c.want)
		}
	}
}
