package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

func taskOf(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

func wave(days float64, seed uint64) series.Frame {
	rng := rand.New(rand.NewPCG(seed, 4))
	v := make([]float64, int(days*288))
	for i := range v {
		v[i] = 100 + 30*math.Sin(2*math.Pi*float64(i)/288) + 5*rng.NormFloat64()
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 300, Step: 300, Values: v})
}

func numbers(t *testing.T, f forecast.Fitted, frame *series.Frame) []float64 {
	t.Helper()
	w := forecast.WindowOf(frame, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	var out []float64
	for _, h := range dst.At {
		out = append(append(out, h.Mean), h.Quantiles...)
	}
	return out
}

func TestNaive(t *testing.T) {
	frame := wave(14, 1)
	var last forecast.Event
	opts := forecast.Options{Progress: func(e forecast.Event) { last = e }}
	f, report, err := Defaults().Fit(naive.Defaults(), []series.Frame{frame}, taskOf(300), opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range report.Horizons {
		if h.Ratio > 0.85 || math.Abs(h.Coverage80-0.8) > 0.05 || h.Source != "model" {
			t.Errorf("%d s: ratio %.3f, coverage %.3f, source %s", h.Ahead, h.Ratio, h.Coverage80, h.Source)
		}
	}
	if last.Stage == "" || last.Done != last.Total {
		t.Errorf("the last event is %+v", last)
	}
	if _, err := json.Marshal(report); err != nil {
		t.Error(err)
	}
	again, _, err := Defaults().Fit(naive.Defaults(), []series.Frame{frame}, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.AppendPayload(nil), again.AppendPayload(nil)) {
		t.Error("the same history gave other bytes")
	}
}

// odd is a model that fails, or forecasts NaN.
type odd struct{ err error }

func (odd) Name() string { return "odd" }
func (odd) Global() bool { return false }
func (o odd) Fit(history []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if o.err != nil {
		return nil, forecast.Report{}, o.err
	}
	return oddFitted{forecast.Spec{Task: task, Model: "odd"}}, forecast.Report{}, nil
}

type oddFitted struct{ spec forecast.Spec }

func (o oddFitted) Spec() *forecast.Spec            { return &o.spec }
func (o oddFitted) Kind() string                    { return "odd.1" }
func (o oddFitted) AppendPayload(dst []byte) []byte { return dst }
func (o oddFitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	dst.Reset(&o.spec, w)
	return nil
}

func TestFallbacks(t *testing.T) {
	frame := wave(10, 2)
	cases := map[string]struct {
		model forecast.Model
		want  forecast.Reasons
	}{
		"not finite": {odd{}, forecast.NotBetter},
		"fails":      {odd{errors.New("singular")}, forecast.FitFailed},
	}
	for name, c := range cases {
		f, report, err := Defaults().Fit(c.model, []series.Frame{frame}, taskOf(300), forecast.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !report.Reasons.Has(c.want) {
			t.Errorf("%s: report's reasons %q", name, report.Reasons)
		}
		w := forecast.WindowOf(&frame, f.Spec().Needs)
		var dst forecast.Forecast
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for _, h := range dst.At {
			if h.Model != naive.Name || !h.Reasons.Has(c.want) || math.IsNaN(h.Mean) {
				t.Errorf("%s: model %q, reasons %q, mean %g", name, h.Model, h.Reasons, h.Mean)
			}
		}
	}
}

func TestShortHistories(t *testing.T) {
	full := wave(10, 3)
	for _, n := range []int{1, 2, 7, 30, 100, 400} {
		frame := full.Slice(0, n)
		f, report, err := Defaults().Fit(naive.Defaults(), []series.Frame{frame}, taskOf(300), forecast.Options{})
		if err != nil {
			t.Fatalf("%d points: %v", n, err)
		}
		if n < 50 && !report.Reasons.Has(forecast.ShortHistory|forecast.Uncalibrated) {
			t.Errorf("%d points: reasons %q", n, report.Reasons)
		}
		for _, x := range numbers(t, f, &full) {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%d points: a number is %g", n, x)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	frame := wave(1, 4)
	other := taskOf(300)
	other.Metric = "memory"
	uneven := taskOf(300)
	uneven.Horizons = []int64{400}
	cases := map[string]struct {
		history []series.Frame
		task    forecast.Task
		want    error
	}{
		"no history":     {nil, taskOf(300), forecast.ErrEmpty},
		"empty frame":    {[]series.Frame{frame.Slice(0, 0)}, taskOf(300), forecast.ErrEmpty},
		"no such metric": {[]series.Frame{frame}, other, forecast.ErrMetric},
		"another step":   {[]series.Frame{frame}, taskOf(60), forecast.ErrStep},
		"uneven horizon": {[]series.Frame{frame}, uneven, forecast.ErrHorizon},
	}
	for name, c := range cases {
		if _, _, err := Defaults().Fit(naive.Defaults(), c.history, c.task, forecast.Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	opts := forecast.Options{Interrupt: func() bool { return true }}
	if _, _, err := Defaults().Fit(naive.Defaults(), []series.Frame{frame}, taskOf(300), opts); !errors.Is(err, forecast.ErrInterrupted) {
		t.Errorf("interrupted: error %v", err)
	}
}

// TestValidationSeesNoFuture changes the validation part's future and finds
// the same calibration rows before it.
func TestValidationSeesNoFuture(t *testing.T) {
	frame := wave(10, 5)
	changed := wave(10, 5)
	n, cut := frame.Len(), frame.Len()/2
	for i := n - 300; i < n; i++ {
		changed.Columns[0][i] = 1e6
	}
	m, _, err := naive.Defaults().Fit([]series.Frame{frame.Slice(0, cut)}, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := calibrate.Collect(m, nil, &frame, series.Part{From: cut, To: n}, 1, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := calibrate.Collect(m, nil, &changed, series.Part{From: cut, To: n}, 1, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k := range a {
		for i := range n - 300 - cut - 6 {
			if a[k][i] != b[k][i] {
				t.Fatalf("horizon %d: row %d differs", k, i)
			}
		}
	}
}
