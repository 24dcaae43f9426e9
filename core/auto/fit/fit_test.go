package fit

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/auto"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	linear "github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/series"
)

func withGeneral() Config {
	return Config{Members: []forecast.Model{linear.Defaults(), general.Model{}}, Guard: general.Name}
}

func history() []series.Frame {
	v := make([]float64, 10*288)
	for i := range v {
		v[i] = 50 + 20*math.Sin(2*math.Pi*float64(i)/288) + float64(i*i%17)
	}
	return []series.Frame{series.FrameOf("web", "cpu", series.Series{Start: 1700006400, Step: 300, Values: v})}
}

func task(horizons ...int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: 300, Horizons: horizons, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

func TestFitAndRefit(t *testing.T) {
	c := withGeneral()
	f, report, err := c.Fit(history(), task(300, 1800), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	members := f.(*auto.Fitted).Members()
	if len(members) != 2 || !strings.HasPrefix(report.Summary, "mean of ") || c.Renewal() != 86400 || report.Points != 2880 {
		t.Errorf("%d members, %+v, renewed after %d s", len(members), report, c.Renewal())
	}
	longer := history()
	longer[0].Columns[0][2879] = 500
	again, _, err := c.Refit(f, longer, task(300, 1800), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	after := again.(*auto.Fitted).Members()
	if len(after) != 2 || string(after[0].AppendPayload(nil)) == string(members[0].AppendPayload(nil)) {
		t.Error("the linear member was not refitted")
	}
}

// TestLeftOut: a member that cannot serve the task is left out, with a note.
func TestLeftOut(t *testing.T) {
	f, report, err := withGeneral().Fit(history(), task(300, 5*3600), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m := f.(*auto.Fitted).Members(); len(m) != 1 || m[0].Spec().Model != "linear" || len(report.Notes) == 0 ||
		!strings.Contains(report.Notes[0], "general is left out: ") {
		t.Errorf("%d members, notes %q", len(m), report.Notes)
	}
	only := Config{Members: []forecast.Model{general.Model{}}}
	if _, _, err := only.Fit(history(), task(5*3600), forecast.Options{}); !errors.Is(err, general.ErrFar) {
		t.Errorf("without any member: %v", err)
	}
}
