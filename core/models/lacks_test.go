package models_test

import (
	"math"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"

	linearfit "github.com/foretide/foretide/core/linear/fit"
)

// long is nine days of a daily pattern at 5-minute steps.
func long() series.Frame {
	v := make([]float64, 9*288)
	for i := range v {
		v[i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + 0.3*math.Sin(float64(i)*1.7)
	}
	return series.FrameOf("webapp", series.CPU, series.Series{Start: 1700000100, Step: 300, Values: v})
}

// TestLacks: every model that reads what was an hour, a day or a week before says
// which of it the window does not have, at each horizon, and still forecasts.
func TestLacks(t *testing.T) {
	all := examples(t)
	fitted := map[string]forecast.Fitted{}
	for _, kind := range []string{"linear.1", "network.1", "general.1", "auto.1", "lstm.1"} {
		fitted[kind] = all[kind]
	}
	var err error
	if fitted["nothing is known"], err = general.Bind(task(), 0); err != nil {
		t.Fatal(err)
	}
	h := long()
	if fitted["calibrated"], _, err = train.Defaults().Fit(linearfit.Defaults(), []series.Frame{h}, task(), forecast.Options{}); err != nil {
		t.Fatal(err)
	}
	const every = forecast.NoHour | forecast.NoDay | forecast.NoWeek
	for name, m := range fitted {
		for _, c := range []struct {
			what  string
			cells int
			want  forecast.Reasons
		}{
			{"10 minutes", 2, every},
			{"2 hours", 24, forecast.NoDay | forecast.NoWeek},
			{"a day", 288, forecast.NoWeek},
			{"3 days", 3 * 288, forecast.NoWeek},
			{"9 days", 9 * 288, 0},
		} {
			f := h.Slice(h.Len()-c.cells, h.Len())
			w := forecast.WindowOf(&f, m.Spec().Needs)
			var dst forecast.Forecast
			if err := m.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
			for i := range dst.At {
				at := &dst.At[i]
				if got := at.Reasons & every; got != c.want {
					t.Errorf("%s from %s, %d s ahead, lacks %q, not %q", name, c.what, at.Ahead, got, c.want)
				}
				if !(at.Quantiles[0] <= at.Mean && at.Mean <= at.Quantiles[8]) {
					t.Errorf("%s from %s: %+v", name, c.what, at)
				}
			}
		}
	}
}
