package models_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/auto"
	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	linearfit "github.com/foretide/foretide/core/linear/fit"
	lstmfit "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/core/naive"
	networkfit "github.com/foretide/foretide/core/network/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/testkit"
)

// history is four days of a daily pattern at 5-minute steps.
func history() series.Frame {
	v := make([]float64, 4*288)
	for i := range v {
		v[i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + 0.3*math.Sin(float64(i)*1.7)
	}
	return series.FrameOf("webapp", series.CPU, series.Series{Start: 1700000100, Step: 300, Values: v})
}

func task() forecast.Task {
	return forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
}

// examples returns a fitted model of every kind.
func examples(t testing.TB) map[string]forecast.Fitted {
	t.Helper()
	out := make(map[string]forecast.Fitted)
	h := []series.Frame{history()}
	add := func(f forecast.Fitted, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out[f.Kind()] = f
	}
	i, _, err := linearfit.Defaults().Fit(h, task(), forecast.Options{})
	add(i, err)
	c, _, err := train.Defaults().Fit(naive.Defaults(), h, task(), forecast.Options{})
	add(c, err)
	net := lstmfit.Defaults()
	net.Steps, net.Hidden, net.Width, net.Epochs, net.Windows, net.HeldWindows = 12, 5, 7, 2, 128, 64
	l, _, err := net.Fit(h, task(), forecast.Options{Seed: 1})
	add(l, err)
	small := networkfit.Defaults()
	small.Hidden, small.Fewest, small.Most, small.Batch = []int{16, 16}, 256, 256, 64
	w, _, err := small.Fit(h, task(), forecast.Options{Seed: 1})
	add(w, err)
	g, _, err := general.Model{}.Fit(h, task(), forecast.Options{})
	add(g, err)
	both, err := auto.New([]forecast.Fitted{i, g}, 1)
	learned, _, _ := both.Update(nil, []forecast.Actual{{Origin: 1, Ahead: task().Horizons[0], Value: 1, Parts: []float64{1, 2}}})
	add(learned, err)
	s, _, err := train.Defaults().FitShared(net, h, task(), forecast.Options{})
	add(s, err)
	for _, family := range models.Families() {
		if out[family.Kind] != nil {
			continue
		}
		trainer, err := fit.Trainer(family.Name, fit.Defaults())
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := trainer.Model.Fit(h, task(), forecast.Options{})
		add(m, err)
	}
	return out
}

func TestDecodeEveryKind(t *testing.T) {
	all := examples(t)
	if kinds := models.Kinds(); len(all) != len(kinds) || !slices.IsSorted(kinds) {
		t.Fatalf("got %d examples, want one for each of %v, sorted", len(all), kinds)
	}
	for _, kind := range models.Kinds() {
		t.Run(kind, func(t *testing.T) {
			m := all[kind]
			payload := m.AppendPayload(nil)
			got, err := models.Decode(kind, payload)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind() != kind || !bytes.Equal(got.AppendPayload(nil), payload) {
				t.Error("decoded and encoded again it has other bytes")
			}
			sameForecasts(t, got, m)
		})
	}
}

// sameForecasts compares what two models forecast, bit by bit.
func sameForecasts(t *testing.T, got, want forecast.Fitted) {
	t.Helper()
	h := history()
	w := forecast.WindowOf(&h, want.Spec().Needs)
	var a, b forecast.Forecast
	if err := errors.Join(got.Forecast(&a, &w), want.Forecast(&b, &w)); err != nil {
		t.Fatal(err)
	}
	for i := range b.At {
		x, y := &a.At[i], &b.At[i]
		if x.Mean != y.Mean || !slices.Equal(x.Quantiles, y.Quantiles) || x.Detail != y.Detail || x.Reasons != y.Reasons {
			t.Errorf("forecasts %+v, not %+v", x, y)
		}
	}
}

func TestDecodeUnknownKind(t *testing.T) {
	for _, kind := range []string{"", "lstm.9", "naive.2"} {
		m, err := models.Decode(kind, nil)
		var ke *models.KindError
		if m != nil || !errors.Is(err, models.ErrKind) || !errors.As(err, &ke) || ke.Kind != kind {
			t.Fatalf("%q: %v, %v", kind, m, err)
		}
		for _, k := range append(models.Kinds(), `"`+kind+`"`) {
			if !strings.Contains(err.Error(), k) {
				t.Errorf("%q does not name %s", err, k)
			}
		}
	}
}

// TestDecodeEmpty: no bytes are a model of no kind, and no model is nil in
// earnest, not a nil pointer in an interface.
func TestDecodeEmpty(t *testing.T) {
	for _, kind := range models.Kinds() {
		if m, err := models.Decode(kind, nil); m != nil || err == nil {
			t.Errorf("%s: %v, %v", kind, m, err)
		}
	}
}

func TestDecodeNested(t *testing.T) {
	// A calibrated model around itself.
	payload := examples(t)[calibrate.Kind].AppendPayload(nil)
	w := codec.NewWriter(slices.Clone(payload))
	w.Message(2, func(w *codec.Writer) {
		w.String(1, calibrate.Kind)
		w.Data(2, payload)
	})
	if m, err := models.Decode(calibrate.Kind, w.Bytes()); m != nil || err == nil {
		t.Errorf("a nest of models is %v, %v", m, err)
	}
}

// FuzzDecode decodes arbitrary bytes as every kind. What is accepted must
// forecast finite numbers and encode to bytes that decode again.
func FuzzDecode(f *testing.F) {
	for kind, m := range examples(f) {
		f.Add(kind, m.AppendPayload(nil))
	}
	h := history()
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		var m forecast.Fitted
		var err error
		limit := 1<<20 + 1<<10*uint64(len(payload))
		if n := testkit.Allocated(limit, func() { m, err = models.Decode(kind, payload) }); n > limit {
			t.Fatalf("%d bytes of payload allocated %d bytes", len(payload), n)
		}
		if err != nil {
			return
		}
		again, err := models.Decode(m.Kind(), m.AppendPayload(nil))
		if err != nil || again.Kind() != kind {
			t.Fatalf("what was accepted does not decode again: %v", err)
		}
		spec := m.Spec()
		if spec.Step != h.Step || spec.Metric != series.CPU {
			return
		}
		w := forecast.WindowOf(&h, spec.Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for i := range dst.At {
			for _, v := range append([]float64{dst.At[i].Mean}, dst.At[i].Quantiles...) {
				if v-v != 0 {
					t.Fatalf("horizon %d is not finite: %+v", i, dst.At[i])
				}
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for kind, m := range examples(b) {
		payload := m.AppendPayload(nil)
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if _, err := models.Decode(kind, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
