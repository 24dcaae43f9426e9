package serve_test

import (
	"errors"
	"math"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
)

// stored are fitted models by metric and container.
type stored map[[2]string]forecast.Fitted

func (s stored) Has(metric, container string) bool { return s[[2]string{metric, container}] != nil }
func (s stored) Model(metric, container string) (forecast.Fitted, error) {
	return s[[2]string{metric, container}], nil
}

// wave is n cells of a daily pattern of cpu; its last two values are missing.
func wave(container string, step int64, n int) series.Frame {
	v := make([]float64, n)
	for i := range v {
		v[i] = 2 + math.Sin(2*math.Pi*float64(int64(i)*step)/86400)
	}
	v[n-1], v[n-2] = math.NaN(), math.NaN()
	return series.FrameOf(container, series.CPU, series.Series{Start: 1700000400, Step: step, Values: v})
}

func fitted(step int64) forecast.Fitted {
	return naive.Unfitted(forecast.Task{Metric: series.CPU, Step: step, Horizons: []int64{300, 900, 1800},
		Levels: []float64{0.1, 0.5, 0.9}, Bounds: series.Bounds{Lower: 0, Upper: 10}}, 0)
}

// knowing is a shared model that was fitted to one container.
type knowing struct {
	forecast.Fitted
	container string
}

func (k knowing) Knows(container string) bool { return container == k.container }

func TestEngineFinds(t *testing.T) {
	t.Parallel()
	own, shared := fitted(300), fitted(300)
	for _, c := range []struct {
		name      string
		models    serve.Models
		container string
		want      forecast.Reasons
	}{
		{"own", stored{{"cpu", "web"}: own, {"cpu", ""}: shared}, "web", 0},
		{"shared", stored{{"cpu", "web"}: own, {"cpu", ""}: shared}, "db", forecast.SharedModel},
		{"shared that was fitted to it", stored{{"cpu", ""}: knowing{shared, "db"}}, "db", 0},
		{"of another metric", stored{{"memory", "web"}: own}, "web", forecast.NoCheckpoint},
		{"nothing", nil, "web", forecast.NoCheckpoint},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := serve.Engine{Models: c.models}
			f := wave("", 300, 3000)
			a, err := e.Forecast(&f, series.CPU, c.container, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Reasons() & (forecast.SharedModel | forecast.NoCheckpoint); got != c.want {
				t.Errorf("reasons are %q, want %q", got, c.want)
			}
			if a.Container != c.container || a.Metric != series.CPU || len(a.At) != 3 {
				t.Errorf("%d horizons of %s of %s, want 3 of cpu of %s", len(a.At), a.Metric, a.Container, c.container)
			}
		})
	}
}

// TestEngineAnswer: an answer has the last actual value of the data as they are,
// also where the model's step is coarser, and the model's bounds.
func TestEngineAnswer(t *testing.T) {
	t.Parallel()
	e := serve.Engine{Models: stored{{"cpu", "web"}: fitted(300)}}
	f := wave("web", 60, 3000)
	a, err := e.Forecast(&f, series.CPU, "web", []int64{600, 900})
	if err != nil {
		t.Fatal(err)
	}
	if want := f.Columns[0][2997]; a.Actual != want || a.ActualAt != f.Time(2997) {
		t.Errorf("last actual value is %v at %d, want %v at %d", a.Actual, a.ActualAt, want, f.Time(2997))
	}
	if a.Bounds.Upper != 10 || len(a.At) != 2 || a.At[0].Reasons&forecast.Interpolated == 0 || a.At[1].Reasons&forecast.Interpolated != 0 {
		t.Errorf("bounds %v, horizons %+v", a.Bounds, a.At)
	}
	if a.LastData() != a.Origin {
		t.Errorf("last data at %d, want the origin, %d", a.LastData(), a.Origin)
	}
	kept := a.Clone()
	want := kept.At[1].Quantiles[0]
	for i := range f.Columns[0] {
		f.Columns[0][i] = 9
	}
	other := f // another frame, so that the engine cuts it anew
	if _, err := e.Forecast(&other, series.CPU, "web", nil); err != nil {
		t.Fatal(err)
	}
	if got := kept.At[1].Quantiles[0]; got != want || len(kept.At) != 2 {
		t.Errorf("a clone has %v after the next forecast, want %v", got, want)
	}
}

func TestEngineErrors(t *testing.T) {
	t.Parallel()
	e := serve.Engine{Models: stored{{"cpu", "web"}: fitted(300)}}
	good, coarse := wave("web", 300, 100), wave("web", 600, 100)
	for _, c := range []struct {
		name   string
		frame  series.Frame
		metric string
		ahead  []int64
		want   error
		text   string
	}{
		{"no cell", series.Frame{}, series.CPU, nil, forecast.ErrEmpty, forecast.ErrEmpty.Error()},
		{"no column", good, series.Memory, nil, forecast.ErrMetric, `no metric "memory" in the data, which have cpu`},
		{"a step that does not divide", coarse, series.CPU, nil, forecast.ErrStep, "the data have a step of 10m, which does not divide the model's of 5m"},
		{"beyond the last horizon", good, series.CPU, []int64{3600}, forecast.ErrHorizon, "no forecast 1h ahead; the model has 5m, 15m, 30m, and any between them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := e.Forecast(&c.frame, c.metric, "web", c.ahead)
			if !errors.Is(err, c.want) || err.Error() != c.text {
				t.Errorf("error is %v, want %s", err, c.text)
			}
		})
	}
}

// TestEngineAllocates: an engine allocates nothing once it has served a frame.
func TestEngineAllocates(t *testing.T) {
	e := serve.Engine{Models: stored{{"cpu", "web"}: fitted(300)}}
	f := wave("web", 300, 3000)
	if n := testing.AllocsPerRun(20, func() {
		if _, err := e.Forecast(&f, series.CPU, "web", nil); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("a forecast makes %v allocations, want none", n)
	}
}
