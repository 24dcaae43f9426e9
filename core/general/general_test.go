package general

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

func task(step int64) forecast.Task {
	return forecast.Task{Metric: "cpu", Step: step, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(),
		Bounds: series.DefaultBounds("cpu")}
}

// jobs is a quiet container with a job of ten minutes at each full hour, and more
// of it by day.
func jobs(step int64, days int) series.Frame {
	v := make([]float64, int64(days)*86400/step)
	for i := range v {
		t := int64(i) * step
		v[i] = 1 + 0.5*math.Sin(2*math.Pi*float64(t)/86400) + 0.01*math.Sin(float64(i)*1.7)
		if t%3600 < 600 {
			v[i] += 2
		}
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 1700006400, Step: step, Values: v})
}

// TestNewContainer: of a container that nothing is known of it forecasts far
// better than the last value from a week of history, better from a day, and
// sanely from ten minutes.
func TestNewContainer(t *testing.T) {
	for _, step := range []int64{15, 60, 300} {
		f, err := Bind(task(step), 0)
		if err != nil {
			t.Fatal(err)
		}
		all := jobs(step, 9)
		for _, c := range []struct {
			past int64 // seconds of history
			best float64
		}{{8 * 86400, 0.35}, {86400, 0.7}, {600, 1.15}} {
			var ours, last float64
			var dst forecast.Forecast
			for o := all.Len() - int(86400/step); o+int(1800/step) < all.Len(); o += int(420/step) + 1 {
				h := all.Slice(max(0, o+1-int(c.past/step)), o+1)
				w := forecast.WindowOf(&h, f.Spec().Needs)
				if err := f.Forecast(&dst, &w); err != nil {
					t.Fatal(err)
				}
				for _, at := range dst.At {
					y := all.Columns[0][o+int(at.Ahead/step)]
					ours += math.Abs(y - at.Mean)
					last += math.Abs(y - all.Columns[0][o])
				}
			}
			if ratio := ours / last; !(ratio < c.best) {
				t.Errorf("step %d, %d s of history: %.3f of the error of the last value", step, c.past, ratio)
			} else {
				t.Logf("step %d, %d s of history: %.3f", step, c.past, ratio)
			}
		}
	}
}

// TestReasons: forecasts carry the reasons that the model was bound with, and
// name the model.
func TestReasons(t *testing.T) {
	f, _ := Bind(task(300), forecast.NoCheckpoint)
	h := jobs(300, 1)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	if at := dst.At[0]; !at.Reasons.Has(forecast.NoCheckpoint) || at.Model != Name || f.Spec().Model != Name {
		t.Errorf("%+v", at)
	}
	f, _ = Bind(task(300), 0)
	if err := f.Forecast(&dst, &w); err != nil || dst.At[0].Reasons.Has(forecast.NoCheckpoint) {
		t.Errorf("without: %v, %v", dst.At[0].Reasons, err)
	}
}

// TestVersion: a checkpoint of another network is refused, not served by this one.
func TestVersion(t *testing.T) {
	f, _ := Bind(task(300), 0)
	payload := f.AppendPayload(nil)
	g, err := Decode(payload)
	if err != nil || !slices.Equal(g.AppendPayload(nil), payload) {
		t.Fatal(err)
	}
	tk := task(300)
	w := codec.NewWriter(nil)
	w.Message(1, tk.Write)
	w.Uint(2, 12345)
	if _, err := Decode(w.Bytes()); !errors.Is(err, ErrVersion) {
		t.Errorf("of another network: %v", err)
	}
}

// TestFar: what it was not trained for is refused, so that an ensemble does
// without it.
func TestFar(t *testing.T) {
	h := []series.Frame{jobs(300, 2)}
	tk := task(300)
	if _, _, err := (Model{}).Fit(h, tk, forecast.Options{}); err != nil {
		t.Error(err)
	}
	tk.Horizons = append(tk.Horizons, LongestHorizon+300)
	if _, _, err := (Model{}).Fit(h, tk, forecast.Options{}); !errors.Is(err, ErrFar) {
		t.Errorf("beyond two hours: %v", err)
	}
}

func BenchmarkForecast(b *testing.B) {
	f, _ := Bind(task(60), 0)
	h := jobs(60, 9)
	w := forecast.WindowOf(&h, f.Spec().Needs)
	var dst forecast.Forecast
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Forecast(&dst, &w); err != nil {
			b.Fatal(err)
		}
	}
}
