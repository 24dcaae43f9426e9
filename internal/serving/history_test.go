package serving

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
)

var nan = math.NaN()

// TestHistory: frames are the last window of what was added, end together, and
// stay as they are; what is gone is forgotten, and its room is free again.
func TestHistory(t *testing.T) {
	t.Parallel()
	h := newHistory(60, 600, 600, 3)
	metrics := []string{"cpu", "memory", "net_rx"}
	for i := int64(0); i < 200; i++ {
		h.add(6000+60*i, "web", metrics, []float64{float64(i), -float64(i), nan})
		if i%5 == 0 {
			h.add(6000+60*i, "db", metrics, []float64{float64(i), nan, nan})
		}
		if i == 100 {
			h.add(6000+60*i, "late", metrics, []float64{1, nan, nan}) // a fourth series
			h.settle(6000 + 60*i)
			if _, _, refused := h.counts(); refused != 1 {
				t.Errorf("%d containers are refused, want 1", refused)
			}
		}
	}
	h.settle(6000 + 60*201)
	web, err := h.frame("web")
	if err != nil || web.Len() != 10 || !slices.Equal(web.Metrics, []string{"cpu", "memory"}) || web.Start != 6000+60*192 {
		t.Fatalf("%v %+v", err, web)
	}
	if c := web.Columns[0]; c[0] != 192 || c[7] != 199 || !math.IsNaN(c[8]) || !math.IsNaN(c[9]) {
		t.Errorf("got %v", c)
	}
	db, err := h.frame("db")
	if err != nil || db.Len() != 10 || db.Columns[0][3] != 195 || !math.IsNaN(db.Columns[0][4]) {
		t.Errorf("%v %+v", err, db)
	}
	before := slices.Clone(web.Columns[0])
	for i := int64(202); i < 500; i++ {
		h.add(6000+60*i, "web", metrics, []float64{float64(i), nan, nan})
		h.add(6000+60*i, "web", metrics, []float64{-1, nan, nan}) // twice: the first counts
	}
	h.settle(6000 + 60*499)
	for i, v := range before {
		if w := web.Columns[0][i]; w != v && !(math.IsNaN(w) && math.IsNaN(v)) {
			t.Errorf("a frame that was handed out has changed: %v, was %v", web.Columns[0], before)
			break
		}
	}
	if _, err := h.frame("db"); !errors.Is(err, forecast.ErrEmpty) {
		t.Errorf("a container that is gone: %v", err)
	}
	if f, _ := h.frame("web"); f.Len() != 10 || f.Columns[0][9] != 499 {
		t.Errorf("%+v", f)
	}
	h.add(6000+60*500, "new", metrics, []float64{1, nan, nan})
	h.settle(6000 + 60*500)
	containers, series, refused := h.counts()
	if containers != 2 || series != 3 || refused != 0 {
		t.Errorf("%d containers, %d series, %d refused", containers, series, refused)
	}
	for _, r := range h.records {
		for _, c := range r.columns {
			if cap(c) > h.room {
				t.Errorf("a series has room for %d values, more than %d", cap(c), h.room)
			}
		}
	}
}
