package prophet

import (
	"bytes"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// FuzzDecode: what is accepted encodes to bytes that decode to the same, and
// forecasts finite numbers in order and within the bounds.
func FuzzDecode(f *testing.F) {
	task := forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 900}, Levels: []float64{0.1, 0.5, 0.9},
		Bounds: series.DefaultBounds("cpu")}
	for _, memory := range [][]Memory{nil, {{Weights: [ErrorCount]float64{0.5, 0.2, 0.3}, Spread: 4}, {Spread: 5}}} {
		m, err := New(task, example(f), memory)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.AppendPayload(nil))
	}
	values := make([]float64, 3*288)
	for i := range values {
		values[i] = float64(i * 7919 % 101)
	}
	history := series.FrameOf("webapp", "cpu", series.Series{Start: 1709800200, Step: 300, Values: values})
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := Decode(payload)
		if err != nil {
			return
		}
		b := m.AppendPayload(nil)
		again, err := Decode(b)
		if err != nil || !bytes.Equal(again.AppendPayload(nil), b) {
			t.Fatalf("what was accepted does not come back: %v", err)
		}
		if m.Spec().Step != 300 || m.Spec().Metric != "cpu" || len(m.Spec().Horizons) > 100 {
			return
		}
		w := forecast.WindowOf(&history, m.Spec().Needs)
		var dst forecast.Forecast
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for i := range dst.At {
			h := &dst.At[i]
			before := m.Spec().Bounds.Lower
			for _, v := range h.Quantiles {
				if v-v != 0 || v < before || v > m.Spec().Bounds.Upper {
					t.Fatalf("%+v", h)
				}
				before = v
			}
			if h.Mean-h.Mean != 0 {
				t.Fatalf("%+v", h)
			}
			if _, err := m.Components(nil, &w, h.Ahead); err != nil {
				t.Fatal(err)
			}
		}
	})
}
