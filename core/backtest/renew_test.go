package backtest

import (
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A renewer fits means again as time goes by, and notes what it was given.
type renewer struct {
	trainer
	every int64
	seen  *[]int
}

func (r renewer) Renewal(string) int64 { return r.every }

func (r renewer) Renew(f forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, error) {
	*r.seen = append(*r.seen, history[0].Len())
	renewed, _, err := r.Train(history, task, opts)
	return renewed, err
}

// some looks at five cells.
var some = trainer{needs: forecast.Needs{Recent: 5}}

// TestRenewal: renewals are as far apart as they say, see nothing that is later
// than their time, and change nothing where models stay as they are fitted.
func TestRenewal(t *testing.T) {
	frames := []series.Frame{wave("a", 1000, 0)}
	c := config(1)
	c.Select = func(_, metric string) bool { return metric == "cpu" }
	var seen []int
	rows, result := collect(t, frames, renewer{some, 6 * 3600, &seen}, c)
	if want := []int{772, 844, 916, 988}; !slices.Equal(seen, want) { // 700 and every 72
		t.Errorf("renewed at %v, not %v", seen, want)
	}
	if result.Series[0].Fits != 1 {
		t.Errorf("%d fits", result.Series[0].Fits)
	}
	plain, _ := collect(t, frames, some, c)
	if len(rows) != len(plain) {
		t.Fatalf("%d rows, not %d", len(rows), len(plain))
	}
	for i := range rows {
		early := rows[i].Origin < frames[0].Time(772)
		if same := rows[i].Point == plain[i].Point; same != early || rows[i].Origin != plain[i].Origin {
			t.Fatalf("row %d: %+v, %+v", i, rows[i], plain[i])
		}
	}
	seen = nil
	c.Fixed = true
	if fixed, _ := collect(t, frames, renewer{some, 6 * 3600, &seen}, c); len(seen) != 0 || !slices.EqualFunc(fixed, plain, func(a, b Row) bool { return a.Point == b.Point }) {
		t.Errorf("fixed, but renewed at %v", seen)
	}
	seen, c.Fixed, c.Refit = nil, false, 12*3600
	if _, result := collect(t, frames, renewer{some, 6 * 3600, &seen}, c); result.Series[0].Fits != 3 || !slices.Equal(seen, []int{772, 916}) {
		t.Errorf("%d fits, and renewals at %v between", result.Series[0].Fits, seen)
	}
}

// TestRenewalNoLeak: what comes after an origin changes no forecast from there.
func TestRenewalNoLeak(t *testing.T) {
	c := config(1)
	c.Select = func(_, metric string) bool { return metric == "cpu" }
	var seen []int
	r := renewer{some, 5 * 3600, &seen}
	a, b := wave("a", 1000, 0), wave("a", 1000, 0)
	const cut = 900
	for i := cut; i < 1000; i++ {
		b.Columns[0][i] = 1e6
	}
	before, _ := collect(t, []series.Frame{a}, r, c)
	after, _ := collect(t, []series.Frame{b}, r, c)
	later := 0
	find := func(rows []Row, origin, horizon int64) *Row {
		for i := range rows {
			if rows[i].Origin == origin && rows[i].Horizon == horizon {
				return &rows[i]
			}
		}
		return nil
	}
	for i := range before {
		other := find(after, before[i].Origin, before[i].Horizon)
		switch {
		case before[i].Origin >= a.Time(cut):
			later++
		case other == nil || other.Point != before[i].Point:
			t.Fatalf("%+v, %+v", before[i], other)
		}
	}
	if later == 0 {
		t.Error("no origin is later")
	}
}
