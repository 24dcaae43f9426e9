package calibrate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/naive"
)

// TestMovesAreUncertain: of a model that forecasts a jump now and then, which comes
// true more or less, the interval is wide at jumps and narrow elsewhere. (One width for all would hold none.)
func TestMovesAreUncertain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []Row
	for i := range 2000 {
		r := Row{Origin: int64(i) * 300, Last: 100}
		move := 0.1
		if i%20 == 0 {
			move = 50
		}
		r.Model = r.Last + move
		r.Actual = r.Last + move*(1+0.4*rng.NormFloat64())
		for k := partHours; k < partMove; k++ {
			r.parts[k] = 0.05 // restless alike at all times
		}
		rows = append(rows, r)
	}
	f, reports := Defaults().Fit(naive.Unfitted(taskOf(300), 0), nil, [][]Row{rows, rows, rows})
	h, report := f.at[0], reports[0]
	inside, jumps := 0.0, 0.0
	var widths []float64
	for i := range rows {
		r := &rows[i]
		point := h.point(r)
		parts := r.partsOf(point, h.run)
		s := h.blend.scale(&parts)
		lo, hi := point+h.table.at(0.1)*s, point+h.table.at(0.9)*s
		if i%20 != 0 {
			widths = append(widths, hi-lo)
			continue
		}
		jumps++
		if lo <= r.Actual && r.Actual <= hi {
			inside++
		}
	}
	if h.blend[partMove] == 0 || math.Abs(report.Coverage80-0.8) > 0.05 || inside/jumps < 0.35 || slices.Max(widths) > 10 {
		t.Errorf("scale %v: covers %.2f, %.2f at jumps; elsewhere it is up to %.3g wide", h.blend, report.Coverage80, inside/jumps, slices.Max(widths))
	}
}

// TestEarlierBlends: checkpoints from before the last parts are read as they were.
func TestEarlierBlends(t *testing.T) {
	for n := range partCount + 2 {
		w := codec.NewWriter(nil)
		w.Floats(6, slices.Repeat([]float64{0.5}, n))
		r := codec.NewReader(w.Bytes())
		r.Next()
		var b blend
		readBlend(r, &b)
		if ok := n >= partSpread && n <= partCount; (r.Err() == nil) != ok {
			t.Errorf("%d weights: %v", n, r.Err())
		} else if ok && (b[n-1] != 0.5 || n < partCount && b[n] != 0) {
			t.Errorf("%d weights: %v", n, b)
		}
	}
}
