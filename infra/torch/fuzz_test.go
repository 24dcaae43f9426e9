package torch

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/series"
)

// FuzzRead: whatever the bytes, there is an error of the format or a model that
// forecasts and that a checkpoint can hold.
func FuzzRead(f *testing.F) {
	path := filepath.Join(f.TempDir(), "m")
	for _, width := range []int{0, 2} {
		if err := Save(path, &Model{model(width, width == 0), "", ""}); err != nil {
			f.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	frame := series.FrameOf("web", "cpu", series.Series{Start: 0, Step: 300, Values: []float64{1, 2, math.NaN(), 4}})
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := newTensorFile(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return // FuzzNew's part
		}
		m, err := read(file)
		if err != nil {
			if !errors.Is(err, ErrModel) && !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		if _, err := lstm.Decode(m.Fitted.AppendPayload(nil)); err != nil {
			t.Fatalf("a checkpoint of it cannot be read: %v", err)
		}
		var dst forecast.Forecast
		w := forecast.WindowOf(&frame, m.Fitted.Spec().Needs)
		if err := m.Fitted.Forecast(&dst, &w); err != nil && !errors.Is(err, forecast.ErrMetric) && !errors.Is(err, forecast.ErrStep) {
			t.Fatal(err)
		}
	})
}
