package train

import (
	"bytes"
	"errors"
	"testing"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/series"
)

// counting is a model that is renewed daily, and notes the lengths that it was
// fitted to.
type counting struct {
	fit.Config
	lengths *[]int
	from    *[]forecast.Fitted // what refits went on from; may be nil
	err     error              // of refits
}

func (c counting) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	*c.lengths = append(*c.lengths, history[0].Len())
	return c.Config.Fit(history, task, opts)
}

func (c counting) Refit(f forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	*c.lengths = append(*c.lengths, history[0].Len())
	if c.from != nil {
		*c.from = append(*c.from, f)
	}
	if c.err != nil && len(*c.lengths) == 3 {
		return nil, forecast.Report{}, c.err
	}
	return c.Config.Refit(f, history, task, opts)
}

// TestValidatedAsRenewed: a model that is renewed daily is validated so, on parts
// that come after what it was fitted to.
func TestValidatedAsRenewed(t *testing.T) {
	h := wave(10, 3)
	var lengths []int
	m := counting{Config: fit.Defaults(), lengths: &lengths}
	for _, failing := range []error{nil, errors.New("odd")} {
		lengths, m.err = nil, failing
		_, report, err := Defaults().Fit(m, []series.Frame{h}, taskOf(300), forecast.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := []int{2016, 2304, 2592, 2880} // 70 %, a day each, all
		if len(lengths) != 4 || lengths[0] != want[0] || lengths[1] != want[1] || lengths[2] != want[2] || lengths[3] != want[3] {
			t.Errorf("fitted to %v, not %v", lengths, want)
		}
		if report.Reasons.Has(forecast.FitFailed) || report.Horizons[0].Rows < 800 {
			t.Errorf("%+v", report)
		}
	}
}

// TestKept: training keeps the judged model only if it learns from its own
// forecasts. A linear model, renewed as it is judged, is refitted from its first fit.
func TestKept(t *testing.T) {
	h := wave(10, 3)
	var lengths []int
	var from []forecast.Fitted
	m := counting{Config: fit.Defaults(), lengths: &lengths, from: &from}
	if _, _, err := Defaults().Fit(m, []series.Frame{h}, taskOf(300), forecast.Options{}); err != nil {
		t.Fatal(err)
	}
	if len(from) != 3 || from[1] == from[0] || from[2] != from[0] {
		t.Errorf("got refits from %p, want the last from the first's", from)
	}
}

// TestRenew: a renewed model is fitted to more and keeps gate and intervals.
func TestRenew(t *testing.T) {
	h := wave(12, 4)
	tr := Trainer{Config: Defaults(), Model: fit.Defaults()}
	if tr.Renewal("cpu") != 86400 {
		t.Errorf("renewed every %d s", tr.Renewal("cpu"))
	}
	early := h.Slice(0, 10*288)
	f, _, err := tr.Train([]series.Frame{early}, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := tr.Renew(f, []series.Frame{h}, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := f.(*calibrate.Fitted), renewed.(*calibrate.Fitted)
	if bytes.Equal(a.Model().AppendPayload(nil), b.Model().AppendPayload(nil)) {
		t.Error("nothing was refitted")
	}
	if !bytes.Equal(a.AppendPayload(nil), b.With(a.Model(), a.Fallback()).AppendPayload(nil)) {
		t.Error("gate or intervals are others")
	}
	same, err := tr.Renew(f, []series.Frame{early}, taskOf(300), forecast.Options{Interrupt: func() bool { return true }})
	if err != nil || !bytes.Equal(same.AppendPayload(nil), f.AppendPayload(nil)) {
		t.Errorf("interrupted: %v", err)
	}
}
