package report

import (
	"testing"
)

// TestJudged: the page says on how much it judged, not on how much it was to.
func TestJudged(t *testing.T) {
	t.Parallel()
	part := func(days ...float64) *Report {
		r := &Report{Last: Week, Every: 2100}
		for _, d := range days {
			s := Series{Step: 300, To: 100 * 86400}
			s.Test = s.To - int64(d*86400)
			if d > 0 {
				s.Scores = make([]Score, 1)
			}
			r.Series = append(r.Series, s)
		}
		return r
	}
	const every = ", with a forecast every 35 minutes by the stored checkpoints."
	for _, x := range []struct {
		days []float64
		want string
	}{
		{[]float64{7, 7}, "Judged on the last 7 days of each" + every},
		{[]float64{7, 7, 0.125, 0}, "Judged on the last 7 days of 2 series, and on less of 1 (3 hours at the least)" + every},
		{[]float64{2.5}, "Judged on the last 2.5 days" + every},
		{[]float64{2.5, 0.01}, "Judged on the last 14 minutes to 2.5 days of each" + every},
		{[]float64{0}, "Nothing could be judged."},
	} {
		if got := judged(part(x.days...)); got != x.want {
			t.Errorf("%v: %q, want %q", x.days, got, x.want)
		}
	}
	r := part(7)
	r.Backtest = true
	if got, want := judged(r), "Judged on the last 7 days, with a forecast every 35 minutes by models that were fitted to what came before."; got != want {
		t.Errorf("%q", got)
	}
}
