package fit

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

func testTask(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

// load is a positive series with a slow wave, persistent noise and spikes.
func load(t testing.TB, n int, step int64) series.Frame {
	v := simulated(t, sarima.Order{P: 1}, []float64{0.9}, n, 5)
	for i := range v {
		v[i] = math.Exp(0.2*v[i]) * (3 + math.Sin(2*math.Pi*float64(int64(i)*step)/86400))
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 1000 * step, Step: step, Values: v})
}

// TestModelBeatsPersistence out of sample at every horizon, at the full step
// and on blocks.
func TestModelBeatsPersistence(t *testing.T) {
	for _, step := range []int64{300, 60} {
		frame := load(t, 3000, step)
		cut := 2000
		f, report, err := Defaults().Fit([]series.Frame{frame.Slice(0, cut)}, testTask(step), forecast.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Status != forecast.Converged || report.Summary == "" || report.Points != cut {
			t.Errorf("report %+v", report)
		}
		ws := forecast.NewWindows(&frame, f.Spec().Needs)
		y := frame.Columns[0]
		var w forecast.Window
		var dst forecast.Forecast
		for k, ahead := range f.Spec().Horizons {
			model, naive := 0.0, 0.0
			for i := cut; i+int(ahead/step) < len(y); i += 3 {
				ws.At(&w, i)
				if err := f.Forecast(&dst, &w); err != nil {
					t.Fatal(err)
				}
				actual := y[i+int(ahead/step)]
				model += math.Abs(actual - dst.Median(&dst.At[k]))
				naive += math.Abs(actual - y[i])
			}
			t.Logf("step %d s, %d s ahead: %.3f of persistence; %s", step, ahead, model/naive, dst.At[k].Detail)
			if !(model < naive) {
				t.Errorf("step %d s, %d s ahead: mean absolute error %.4f, of the last value %.4f", step, ahead, model, naive)
			}
		}
	}
}

// TestProgress: events go from nothing done to all; a fit that is interrupted
// says so, and keeps a model.
func TestProgress(t *testing.T) {
	frame := load(t, 1500, 300)
	done, last := 0, forecast.Event{}
	opts := forecast.Options{Progress: func(e forecast.Event) {
		if e.Done < done || e.Total < e.Done {
			t.Errorf("%+v after %d were done", e, done)
		}
		done, last = e.Done, e
	}}
	if _, _, err := Defaults().Fit([]series.Frame{frame}, testTask(300), opts); err != nil {
		t.Fatal(err)
	}
	if last.Stage != "fit" || last.Done != last.Total || last.Total < 2 {
		t.Errorf("the last event is %+v", last)
	}
	opts = forecast.Options{Interrupt: func() bool { return true }}
	f, report, err := Defaults().Fit([]series.Frame{frame}, testTask(300), opts)
	if err != nil || f == nil || report.Status != forecast.Interrupted {
		t.Errorf("interrupted: %v, %+v, %v", f, report, err)
	}
}

// TestSameBytes: the same history gives the same payload, which decodes.
func TestSameBytes(t *testing.T) {
	frame := load(t, 1500, 300)
	var payloads [2][]byte
	for i := range payloads {
		f, _, err := Defaults().Fit([]series.Frame{frame}, testTask(300), forecast.Options{})
		if err != nil {
			t.Fatal(err)
		}
		payloads[i] = f.AppendPayload(nil)
	}
	if !bytes.Equal(payloads[0], payloads[1]) {
		t.Error("two fits of one history have different payloads")
	}
	if _, err := arima.Decode(payloads[0]); err != nil {
		t.Error(err)
	}
}

// TestPoorHistories: whatever the history, a model that forecasts.
func TestPoorHistories(t *testing.T) {
	for name, fill := range map[string]func(i int) float64{
		"constant":      func(int) float64 { return 4 },
		"zero":          func(int) float64 { return 0 },
		"all missing":   func(int) float64 { return math.NaN() },
		"ramp":          func(i int) float64 { return float64(i) },
		"huge":          func(i int) float64 { return 1e300 * float64(1+i%3) },
		"mostly zero":   func(i int) float64 { return float64(max(0, i%50-48)) },
		"mostly absent": func(i int) float64 { return map[bool]float64{true: float64(i % 7), false: math.NaN()}[i%9 == 0] },
	} {
		for _, n := range []int{1, 3, 12, 500} {
			v := make([]float64, n)
			for i := range v {
				v[i] = fill(i)
			}
			frame := series.FrameOf("web", "cpu", series.Series{Start: 0, Step: 300, Values: v})
			f, report, err := Defaults().Fit([]series.Frame{frame}, testTask(300), forecast.Options{})
			if err != nil {
				t.Errorf("%s, %d values: %v", name, n, err)
				continue
			}
			w := forecast.WindowOf(&frame, f.Spec().Needs)
			var dst forecast.Forecast
			if err := f.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
			for _, h := range dst.At {
				for _, q := range append([]float64{h.Mean}, h.Quantiles...) {
					if math.IsNaN(q) || math.IsInf(q, 0) || q < 0 {
						t.Errorf("%s, %d values, %v: %v", name, n, report, h)
					}
				}
			}
		}
	}
}

func TestFitRefuses(t *testing.T) {
	frame := load(t, 100, 300)
	other := testTask(300)
	other.Metric = "memory"
	uneven := testTask(300)
	uneven.Horizons = []int64{400}
	for name, c := range map[string]struct {
		history []series.Frame
		task    forecast.Task
		want    error
	}{
		"no history":     {nil, testTask(300), forecast.ErrEmpty},
		"no such metric": {[]series.Frame{frame}, other, forecast.ErrMetric},
		"another step":   {[]series.Frame{frame}, testTask(60), forecast.ErrStep},
		"uneven horizon": {[]series.Frame{frame}, uneven, forecast.ErrHorizon},
	} {
		if _, _, err := Defaults().Fit(c.history, c.task, forecast.Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}
