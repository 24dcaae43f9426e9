package loader_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
	"github.com/foretide/foretide/wasm"
)

// checkpoints are those of the interface's test vectors: one of every family,
// fitted to real data.
var checkpoints = func() (names []string) {
	for _, f := range models.Families() {
		if !f.BuiltIn {
			names = append(names, f.Name)
		}
	}
	return names
}()

func vectorCheckpoint(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "wasm", "testdata", name+".ckpt"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func host(t testing.TB, o ...loader.HostOption) *loader.Host {
	t.Helper()
	h, err := loader.NewHost(context.Background(), o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// pair returns a checkpoint's model natively and hosted.
func pair(t testing.TB, h *loader.Host, name string) (native forecast.Fitted, hosted *loader.HostModel) {
	t.Helper()
	b := vectorCheckpoint(t, name)
	c, err := loader.Decode(b, 0)
	if err != nil {
		t.Fatal(err)
	}
	if native, err = models.DecodeCheckpoint(c, c.Payload); err != nil {
		t.Fatal(err)
	}
	if hosted, err = h.Model(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	return native, hosted
}

// same compares two forecasts with the tolerance that is documented.
func same(t *testing.T, what string, got, want *forecast.Forecast) {
	t.Helper()
	if got.Origin != want.Origin || got.Metric != want.Metric || len(got.At) != len(want.At) || !slices.Equal(got.Levels, want.Levels) {
		t.Fatalf("%s: %+v, not %+v", what, got, want)
	}
	for k := range want.At {
		g, w := &got.At[k], &want.At[k]
		if g.Ahead != w.Ahead || g.Model != w.Model || g.Detail != w.Detail || g.Reasons != w.Reasons {
			t.Errorf("%s: %+v, not %+v", what, g, w)
		}
		tolerance := 1e-9
		if slices.Contains([]string{"lstm", "network", "general", "auto"}, w.Model) {
			tolerance = 1e-5
		}
		tolerance *= max(w.Quantiles[len(w.Quantiles)-1], -w.Quantiles[0], 1e-300)
		numbers, wanted := append([]float64{g.Mean}, g.Quantiles...), append([]float64{w.Mean}, w.Quantiles...)
		for i, x := range wanted {
			if d := numbers[i] - x; !(d <= tolerance && d >= -tolerance) {
				t.Errorf("%s, horizon %d, number %d: %v, not %v", what, w.Ahead, i, numbers[i], x)
			}
		}
	}
}

// TestHostModel: every family forecasts hosted what it forecasts natively.
func TestHostModel(t *testing.T) {
	h := host(t)
	data := frame("ccc/cluster28", 300, 2600)
	other := frame("somebody", 300, 2600)
	for _, name := range checkpoints {
		t.Run(name, func(t *testing.T) {
			native, hosted := pair(t, h, name)
			a, b := native.Spec(), hosted.Spec()
			if a.Metric != b.Metric || a.Step != b.Step || a.Needs != b.Needs || a.Model != b.Model || a.Bounds != b.Bounds ||
				!slices.Equal(a.Horizons, b.Horizons) || !slices.Equal(a.Levels, b.Levels) || native.Kind() != hosted.Kind() {
				t.Errorf("is %+v, not %+v", b, a)
			}
			if !slices.Equal(native.AppendPayload(nil), hosted.AppendPayload(nil)) {
				t.Error("another payload")
			}
			var got, want forecast.Forecast
			var windows []forecast.Window
			for _, f := range []series.Frame{data, other} {
				for _, n := range []int{1, 2, 30, 300, 2500} {
					g := f.Slice(2600-n, 2600)
					windows = append(windows, forecast.WindowOf(&g, a.Needs))
				}
			}
			all := make([]forecast.Forecast, len(windows))
			if err := hosted.ForecastAll(context.Background(), all, windows); err != nil {
				t.Fatal(err)
			}
			for i := range windows {
				w := &windows[i]
				if err := errors.Join(native.Forecast(&want, w), hosted.Forecast(&got, w)); err != nil {
					t.Fatal(err)
				}
				if models.Of(name).Global && !hosted.Knows(w.Recent.Container) {
					for k := range want.At {
						want.At[k].Reasons |= forecast.SharedModel
					}
				}
				same(t, name, &got, &want)
				same(t, name+" of many", &all[i], &got)
			}
		})
	}
}

// TestHostPredictor: the predictor gives the same natively and hosted, with a
// finer frame, interpolated horizons, and without a checkpoint.
func TestHostPredictor(t *testing.T) {
	ctx := context.Background()
	h := host(t)
	for _, name := range checkpoints {
		s := &store.Memory{}
		c, err := loader.Decode(vectorCheckpoint(t, name), 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := loader.Save(ctx, s, c); err != nil {
			t.Fatal(err)
		}
		native, hosted := predictor(t, s), predictor(t, s, loader.WithHost(h))
		for _, container := range []string{"ccc/cluster28", "new"} {
			data := frame(container, 60, 5000)
			for _, ahead := range [][]time.Duration{nil, {10 * time.Minute, 15 * time.Minute}} {
				want, err := native.PredictAt(ctx, data, container, ahead)
				if err != nil {
					t.Fatal(err)
				}
				got, err := hosted.PredictAt(ctx, data, container, ahead)
				if err != nil || len(got) != len(want) {
					t.Fatal(err, len(got))
				}
				for i := range want {
					same(t, name+" for "+container, &got[i].Forecast, &want[i].Forecast)
				}
			}
			_, wantErr := native.PredictAt(ctx, data, container, []time.Duration{90 * time.Second})
			_, err := hosted.PredictAt(ctx, data, container, []time.Duration{90 * time.Second})
			if !errors.Is(err, forecast.ErrHorizon) || err.Error() != wantErr.Error() {
				t.Errorf("%v, not %v", err, wantErr)
			}
		}
	}
}

// TestHostErrors: what is wrong with a checkpoint or a window is the same error
// natively and hosted.
func TestHostErrors(t *testing.T) {
	ctx := context.Background()
	h := host(t)
	good := vectorCheckpoint(t, "naive")
	for what, b := range map[string][]byte{
		"nothing": nil, "text": []byte("timestamp,container\n"), "a cut one": good[:len(good)-1],
		"one of a newer format": append([]byte(codec.Magic+"\x02"), good[9:]...),
	} {
		_, err := h.Model(ctx, b)
		c, want := loader.Decode(b, 0)
		if want == nil {
			_, want = models.DecodeCheckpoint(c, c.Payload)
		}
		if err == nil || want == nil || err.Error() != want.Error() || !loader.IsCheckpointError(err) {
			t.Errorf("%s: %v, not %v", what, err, want)
		}
	}
	unknown := &codec.Checkpoint{Kind: "oracle.1", Metric: "cpu", Step: 300, Horizons: []int64{300}, Levels: []float64{0.5}}
	if _, err := h.Model(ctx, unknown.Append(nil)); !errors.Is(err, models.ErrKind) {
		t.Errorf("an unknown kind: %v", err)
	}
	_, m := pair(t, h, "naive")
	var dst forecast.Forecast
	f := frame("x", 300, 20)
	f.Metrics = []string{"a", "b"}
	if err := m.Forecast(&dst, &forecast.Window{Recent: f}); !errors.Is(err, forecast.ErrMetric) {
		t.Errorf("no metric: %v", err)
	}
	if err := m.Forecast(&dst, &forecast.Window{}); !errors.Is(err, forecast.ErrEmpty) {
		t.Errorf("no data: %v", err)
	}
	if err := m.Forecast(&dst, &forecast.Window{Recent: frame("x", 60, 20)}); !errors.Is(err, forecast.ErrStep) {
		t.Errorf("another step: %v", err)
	}
}

// TestHostConcurrent: many goroutines share a host, and more models than it has
// instances.
func TestHostConcurrent(t *testing.T) {
	h := host(t, loader.WithInstances(3))
	data := frame("ccc/cluster28", 300, 2600)
	var wg sync.WaitGroup
	for _, name := range checkpoints {
		_, hosted := pair(t, h, name)
		w := forecast.WindowOf(&data, hosted.Spec().Needs)
		want := new(forecast.Forecast)
		if err := hosted.Forecast(want, &w); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			wg.Go(func() {
				var got forecast.Forecast
				for range 10 {
					if err := hosted.Forecast(&got, &w); err != nil {
						t.Error(err)
						return
					}
					same(t, name, &got, want)
				}
			})
		}
	}
	wg.Wait()
}

// TestHostClose: calls that run are finished, later ones are refused.
func TestHostClose(t *testing.T) {
	h, err := loader.NewHost(context.Background(), loader.WithInstances(1))
	if err != nil {
		t.Fatal(err)
	}
	_, m := pair(t, h, "lstm")
	data := frame("x", 300, 2600)
	w := forecast.WindowOf(&data, m.Spec().Needs)
	var wg, began sync.WaitGroup
	began.Add(4)
	for range 4 {
		wg.Go(func() {
			var dst forecast.Forecast
			for first := true; ; first = false {
				err := m.Forecast(&dst, &w)
				if first {
					began.Done()
				}
				if err != nil {
					if !errors.Is(err, loader.ErrHostClosed) {
						t.Errorf("a forecast while the host closes: %v, want %v", err, loader.ErrHostClosed)
					}
					return
				}
			}
		})
	}
	began.Wait()
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if _, err := h.Model(context.Background(), vectorCheckpoint(t, "naive")); !errors.Is(err, loader.ErrHostClosed) {
		t.Error(err)
	}
}

// TestHostCache: compiled code is kept, and a damaged cache does no harm.
func TestHostCache(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "a", "cache")
	start := func(o ...loader.HostOption) error {
		h, err := loader.NewHost(ctx, o...)
		if err != nil {
			return err
		}
		_, err = h.Model(ctx, vectorCheckpoint(t, "naive"))
		return errors.Join(err, h.Close())
	}
	if err := start(loader.WithCacheDir(dir)); err != nil {
		t.Fatal(err)
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal("nothing in the cache", err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for what, damaged := range map[string][]byte{"cut": b[:len(b)/2]} {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, damaged, 0o600)); err != nil {
				t.Fatal(err)
			}
			if err := start(loader.WithCacheDir(dir)); err != nil {
				t.Errorf("a cache that is %s: %v", what, err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start(loader.WithCacheDir(filepath.Join(file, "sub"))); err == nil {
		t.Error("a folder that cannot be made is no error")
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(file, "sub"))
	if err := start(); err != nil {
		t.Errorf("a default folder that cannot be made: %v", err)
	}
	if err := start(loader.WithModule(wasm.Module[:len(wasm.Module)/2])); !errors.Is(err, loader.ErrModule) {
		t.Errorf("half a module: %v", err)
	}
}
