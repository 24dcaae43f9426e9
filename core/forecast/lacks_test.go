package forecast

import (
	"math"
	"testing"

	"github.com/foretide/foretide/core/series"
)

// TestLacks: what a window of minutes to days does not know of the hour, the day
// and the week before, at each horizon.
func TestLacks(t *testing.T) {
	const minute, hour, day = 60, 3600, 24 * 3600
	needs := Needs{Recent: 420, Long: 8 * 288, LongStep: 300}
	for _, c := range []struct {
		name             string
		step, length     int64
		gap              [2]int64 // seconds before the end that are missing
		at5, at30, at120 Reasons
	}{
		{name: "10 minutes", step: 15, length: 10 * minute, at5: NoHour | NoDay | NoWeek, at30: NoHour | NoDay | NoWeek, at120: NoHour | NoDay | NoWeek},
		{name: "45 minutes", step: 60, length: 45 * minute, at5: NoHour | NoDay | NoWeek, at30: NoDay | NoWeek, at120: NoHour | NoDay | NoWeek},
		{name: "2 hours", step: 60, length: 2 * hour, at5: NoDay | NoWeek, at30: NoDay | NoWeek, at120: NoDay | NoWeek},
		{name: "23 hours", step: 60, length: 23 * hour, at5: NoDay | NoWeek, at30: NoDay | NoWeek, at120: NoWeek},
		{name: "a day", step: 300, length: day, at5: NoWeek, at30: NoWeek, at120: NoWeek},
		{name: "3 days", step: 15, length: 3 * day, at5: NoWeek, at30: NoWeek, at120: NoWeek},
		{name: "9 days", step: 60, length: 9 * day},
		{name: "9 days without two hours of yesterday", step: 60, length: 9 * day, gap: [2]int64{day - hour, day + hour}, at5: NoDay, at30: NoDay},
		{name: "9 days, yesterday's last seen 20 minutes away", step: 60, length: 9 * day, gap: [2]int64{day - 25*minute, day + 15*minute}, at5: NoDay},
		{name: "9 days without the first two", step: 300, length: 9 * day, gap: [2]int64{6 * day, 9 * day}, at5: NoWeek, at30: NoWeek, at120: NoWeek},
	} {
		values := make([]float64, c.length/c.step)
		for i := range values {
			values[i] = float64(i)
			if back := c.length - int64(i)*c.step; back > c.gap[0] && back <= c.gap[1] {
				values[i] = math.NaN()
			}
		}
		f := series.FrameOf("web", "cpu", series.Series{Start: 1700006400, Step: c.step, Values: values})
		w := WindowOf(&f, needs)
		recent, _ := w.Recent.Series("cpu")
		long, _ := w.Long.Series("cpu")
		for _, h := range []struct {
			ahead int64
			want  Reasons
		}{{5 * minute, c.at5}, {30 * minute, c.at30}, {2 * hour, c.at120}} {
			if got := Lacks(recent, long, h.ahead); got != h.want {
				t.Errorf("%s, %d s ahead: it lacks %q, not %q", c.name, h.ahead, got, h.want)
			}
		}
	}
	if got := Lacks(series.Series{Step: 60, Values: []float64{math.NaN(), math.NaN()}}, series.Series{}, 300); got != 0 {
		t.Errorf("a window without a value lacks %q", got)
	}
}
