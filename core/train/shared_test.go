package train

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// everyHour is a global model for tests: the value of an hour ago, for all
// containers. It can fail.
type everyHour struct{ err error }

func (everyHour) Name() string { return "hour" }
func (everyHour) Global() bool { return true }

func (e everyHour) Fit(history []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if e.err != nil {
		return nil, forecast.Report{}, e.err
	}
	return &hourAgo{forecast.Spec{Task: task, Model: "hour", Needs: forecast.Needs{Recent: 13}}}, forecast.Report{Points: len(history)}, nil
}

type hourAgo struct{ spec forecast.Spec }

func (h *hourAgo) Spec() *forecast.Spec            { return &h.spec }
func (*hourAgo) Kind() string                      { return "hour.1" }
func (h *hourAgo) AppendPayload(dst []byte) []byte { return dst }
func (h *hourAgo) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, _, err := w.Check(&h.spec)
	if err != nil {
		return err
	}
	dst.Reset(&h.spec, w)
	for k := range dst.At {
		x := recent.At(w.Origin() + dst.At[k].Ahead - 3600)
		for j := range dst.At[k].Quantiles {
			dst.At[k].Quantiles[j] = x
		}
		dst.At[k].Mean = x
	}
	return nil
}

// hourly repeats every hour, in a unit of its own, or is a random walk.
func hourly(name string, unit float64, walk bool, seed uint64) series.Frame {
	r := rand.New(rand.NewPCG(seed, 8))
	v := make([]float64, 8*288)
	for i := range v {
		v[i] = unit * (50 + 20*math.Sin(2*math.Pi*float64(i)/12) + 3*r.NormFloat64())
		if walk && i > 0 {
			v[i] = v[i-1] + unit*r.NormFloat64()
		}
	}
	return series.FrameOf(name, "cpu", series.Series{Start: 300, Step: 300, Values: v})
}

func reasonsOf(t *testing.T, f forecast.Fitted, frame series.Frame) (forecast.Reasons, *forecast.Forecast) {
	t.Helper()
	w := forecast.WindowOf(&frame, f.Spec().Needs)
	dst := new(forecast.Forecast)
	if err := f.Forecast(dst, &w); err != nil {
		t.Fatal(err)
	}
	return dst.Reasons(), dst
}

// TestShared: each container has its own gate and calibration.
func TestShared(t *testing.T) {
	history := []series.Frame{hourly("a", 1, false, 1), hourly("walk", 5, true, 2), hourly("b", 1e6, false, 3)}
	f, report, err := Defaults().FitShared(everyHour{}, history, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Containers) != 3 || report.Containers[1].Container != "walk" || report.Points != 3*8*288 {
		t.Errorf("report %+v", report)
	}
	for _, c := range report.Containers {
		for _, h := range c.Horizons {
			want := "model"
			if c.Container == "walk" {
				want = "fallback"
				if h.Source == "persistence" {
					want = h.Source
				}
			}
			if h.Source != want || math.Abs(h.Coverage80-0.8) > 0.06 {
				t.Errorf("%s, %d s: %s, coverage %.2f", c.Container, h.Ahead, h.Source, h.Coverage80)
			}
		}
	}
	if r, _ := reasonsOf(t, f, history[1]); !r.Has(forecast.NotBetter) {
		t.Errorf("of a random walk: %q", r)
	}
	if _, d := reasonsOf(t, f, history[0]); d.At[0].Model != "hour" {
		t.Errorf("of a: by %s", d.At[0].Model)
	}
}

// TestSharedLater: a container that comes later gets the model, with intervals
// that hold in its own unit.
func TestSharedLater(t *testing.T) {
	history := []series.Frame{hourly("a", 1, false, 1), hourly("b", 1e6, false, 3)}
	f, _, err := Defaults().FitShared(everyHour{}, history, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	later := hourly("later", 1e-3, false, 4)
	windows := forecast.NewWindows(&later, f.Spec().Needs)
	var w forecast.Window
	var dst forecast.Forecast
	inside, n := 0, 0
	for i := 600; i+6 < later.Len(); i += 5 {
		windows.At(&w, i)
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		lo, hi := dst.Interval(&dst.At[2], 0.8)
		if x := later.Columns[0][i+6]; lo <= x && x <= hi {
			inside++
		}
		n++
	}
	if share := float64(inside) / float64(n); dst.At[2].Model != "hour" || share < 0.7 || share > 0.92 {
		t.Errorf("of a container that comes later: by %s, %.2f inside the 80 %% interval", dst.At[2].Model, share)
	}
}

// TestSharedPayload: a shared model comes back as it was.
func TestSharedPayload(t *testing.T) {
	history := []series.Frame{hourly("b", 1, false, 1), hourly("a", 5, true, 2)}
	f, _, err := Defaults().FitShared(everyHour{}, history, taskOf(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	payload := f.AppendPayload(nil)
	decode := func(kind string, payload []byte) (forecast.Fitted, error) {
		if kind == "hour.1" {
			return &hourAgo{forecast.Spec{Task: taskOf(300), Model: "hour", Needs: forecast.Needs{Recent: 13}}}, nil
		}
		return naive.Decode(payload)
	}
	g, err := calibrate.DecodeShared(payload, decode)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.AppendPayload(nil), payload) {
		t.Error("other bytes")
	}
	for _, frame := range append(history, hourly("new", 2, false, 3)) {
		_, a := reasonsOf(t, f, frame)
		_, b := reasonsOf(t, g, frame)
		if a.At[1].Quantiles[2] != b.At[1].Quantiles[2] || a.At[1].Model != b.At[1].Model {
			t.Errorf("%s: %+v, not %+v", frame.Container, b.At[1], a.At[1])
		}
	}
	for n := range payload {
		if _, err := calibrate.DecodeShared(payload[:n], decode); err == nil && n < len(payload) {
			// What is cut between two containers is a model of fewer.
			if h, err := calibrate.DecodeShared(payload[:n], decode); err != nil || len(h.Containers()) == 2 {
				t.Fatalf("cut to %d bytes it is whole", n)
			}
		}
	}
}

// TestSharedFails: where the model cannot be fitted naive ones serve, and say
// why; the caller's own mistakes are errors.
func TestSharedFails(t *testing.T) {
	history := []series.Frame{hourly("a", 1, false, 1)}
	f, report, err := Defaults().FitShared(everyHour{err: errors.New("cannot")}, history, taskOf(300), forecast.Options{})
	if err != nil || !report.Reasons.Has(forecast.FitFailed) || len(report.Notes) != 1 {
		t.Fatalf("%v, %+v", err, report)
	}
	for _, frame := range []series.Frame{history[0], hourly("new", 1, false, 2)} {
		if r, d := reasonsOf(t, f, frame); !r.Has(forecast.FitFailed) || d.At[0].Model != "naive" {
			t.Errorf("%s: %q by %s", frame.Container, r, d.At[0].Model)
		}
	}
	for want, h := range map[error][]series.Frame{
		forecast.ErrEmpty:  nil,
		forecast.ErrMetric: {series.FrameOf("a", "memory", series.Series{Start: 0, Step: 300, Values: []float64{1}})},
		forecast.ErrStep:   {series.FrameOf("a", "cpu", series.Series{Start: 0, Step: 60, Values: []float64{1}})},
	} {
		if _, _, err := Defaults().FitShared(everyHour{}, h, taskOf(300), forecast.Options{}); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if _, _, err := Defaults().FitShared(everyHour{}, history, taskOf(300), forecast.Options{Interrupt: func() bool { return true }}); !errors.Is(err, forecast.ErrInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
}
