package record

import (
	"fmt"
	"math"
	"testing"

	"github.com/foretide/foretide/core/backtest"
)

// TestGallery: however many series there are, and forecasts of each, the newest of
// the worst are kept.
func TestGallery(t *testing.T) {
	t.Parallel()
	var g gallery
	for i := range 3 * mostReported {
		for k := range 4 {
			g.add(&backtest.Row{Container: fmt.Sprint("c", i), Metric: "cpu", Origin: int64(k), Actual: 1, Point: 1 - float64(i), Last: 2})
		}
	}
	if len(g.kept) != mostReported {
		t.Fatalf("%d series", len(g.kept))
	}
	for k, s := range g.kept {
		if want := fmt.Sprint("c", 2*mostReported+k); s.container != want || len(s.rows) != 4 {
			t.Errorf("%d: %s, want %s; %d rows", k, s.container, want, len(s.rows))
		}
	}
	g = gallery{}
	for k := range 5*mostRows + 1 {
		g.add(&backtest.Row{Container: "a", Metric: "cpu", Origin: int64(k), Point: math.NaN()})
	}
	if n := len(g.kept[0].rows); n > 2*mostRows || n < mostRows || g.kept[0].rows[n-1].Origin != 5*mostRows {
		t.Errorf("%d rows", n)
	}
}
