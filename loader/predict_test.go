package loader_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// frame returns n cells of a daily wave of cpu and memory.
func frame(container string, step int64, n int) series.Frame {
	f := series.Frame{Container: container, Start: 1722470400, Step: step, Metrics: []string{series.CPU, series.Memory}}
	for k := range f.Metrics {
		c := make([]float64, n)
		for i := range c {
			t := float64(i) * float64(step)
			c[i] = float64(k+1) * (2 + math.Sin(t/86400*2*math.Pi) + 0.1*math.Sin(t/97))
		}
		f.Columns = append(f.Columns, c)
	}
	return f
}

var horizons = []int64{300, 900, 1800}

// model returns a fitted naive model of a frame's metric.
func model(t testing.TB, f *series.Frame, metric string) forecast.Fitted {
	t.Helper()
	m, _, err := naive.Defaults().Fit([]series.Frame{*f}, forecast.Task{
		Metric: metric, Step: f.Step, Horizons: horizons, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(metric),
	}, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func save(t testing.TB, s store.Bucket, m forecast.Fitted, container string) {
	t.Helper()
	n, err := loader.Save(context.Background(), s, loader.NewCheckpoint(m, container, codec.Provenance{Version: "test"}))
	if err != nil || n < 100 {
		t.Fatal(n, err)
	}
}

func predictor(t *testing.T, s store.Bucket, o ...loader.Option) *loader.Predictor {
	t.Helper()
	p, err := loader.New(context.Background(), s, o...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestServing: a container's own checkpoint serves it, else the metric's
// shared one, else a naive forecast, and the reasons say which.
func TestServing(t *testing.T) {
	ctx := context.Background()
	web := frame("web", 60, 12000)
	s := loader.Folder(t.TempDir())
	save(t, s, model(t, &web, series.CPU), "web")
	save(t, s, model(t, &web, series.CPU), "")
	p := predictor(t, s)
	db := frame("db", 60, 12000)
	for _, c := range []struct {
		frame  series.Frame
		metric string
		key    loader.Key
		want   forecast.Reasons
	}{
		{web, series.CPU, loader.Key{Metric: "cpu", Container: "web"}, 0},
		{db, series.CPU, loader.Key{Metric: "cpu"}, forecast.SharedModel},
		{db, series.Memory, loader.Key{}, forecast.NoCheckpoint | forecast.Uncalibrated},
	} {
		key, _ := p.Serving(c.frame.Container, c.metric)
		if key != c.key {
			t.Errorf("%s of %s is served by %v", c.metric, c.frame.Container, key)
		}
		got, err := p.Predict(ctx, c.frame, "", 15*time.Minute, c.metric)
		if err != nil {
			t.Fatal(err)
		}
		f := got[0]
		h := &f.At[0]
		if len(got) != 1 || len(f.At) != 1 || f.Container != c.frame.Container || f.Metric != c.metric || h.Ahead != 900 || f.Origin != c.frame.Time(11999) {
			t.Errorf("%+v", f)
		}
		if h.Reasons != c.want {
			t.Errorf("%s of %s: reasons %q, want %q", c.metric, c.frame.Container, h.Reasons, c.want)
		}
		if lo, hi := f.Interval(h, 0.8); !(lo <= f.Median(h) && f.Median(h) <= hi) {
			t.Errorf("%v is not in [%v, %v]", f.Median(h), lo, hi)
		}
	}
	// The container that is asked for decides, not the one that the frame names.
	got, err := p.Predict(ctx, db, "web", 15*time.Minute, series.CPU)
	if err != nil || got[0].At[0].Reasons != 0 || got[0].Container != "web" {
		t.Error(err, got)
	}
}

// TestPredictIsTheModel: the predictor's forecast is, to the last bit, that of
// the model which was saved.
func TestPredictIsTheModel(t *testing.T) {
	web := frame("web", 60, 12000)
	m := model(t, &web, series.CPU)
	s := &store.Memory{}
	save(t, s, m, "web")
	got, err := predictor(t, s).PredictAt(context.Background(), web, "web", nil, series.CPU)
	if err != nil {
		t.Fatal(err)
	}
	var want forecast.Forecast
	w := forecast.WindowOf(&web, m.Spec().Needs)
	if err := m.Forecast(&want, &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got[0].At, want.At) {
		t.Errorf("%+v\nwant\n%+v", got[0].At, want.At)
	}
}

// TestFinerFrame: a model of a coarser step sees the means of a finer frame's
// cells, and no more of the past than it needs is looked at.
func TestFinerFrame(t *testing.T) {
	ctx := context.Background()
	fine := frame("web", 15, 48000)
	coarse := series.CoarsenFrame(&fine, 60)
	s := &store.Memory{}
	save(t, s, model(t, &coarse, series.CPU), "web")
	p := predictor(t, s)
	a, err := p.PredictAt(ctx, fine, "", nil, series.CPU)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.PredictAt(ctx, coarse, "", nil, series.CPU)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a[0].Forecast, b[0].Forecast) {
		t.Errorf("%+v\nwant\n%+v", a[0], b[0])
	}
	hourly := frame("web", 300, 500)
	_, err = p.Predict(ctx, hourly, "", 15*time.Minute, series.CPU)
	var step *serve.StepError
	if !errors.As(err, &step) || !errors.Is(err, forecast.ErrStep) {
		t.Errorf("a step of 5 minutes for a model of 1: %v", err)
	}
}

func TestHorizons(t *testing.T) {
	ctx := context.Background()
	web := frame("web", 60, 12000)
	s := &store.Memory{}
	save(t, s, model(t, &web, series.CPU), "web")
	p := predictor(t, s)
	got, err := p.PredictAt(ctx, web, "", []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute}, series.CPU)
	if err != nil {
		t.Fatal(err)
	}
	at := got[0].At
	for q := range at[1].Quantiles {
		if want := (at[0].Quantiles[q] + at[2].Quantiles[q]) / 2; math.Abs(at[1].Quantiles[q]-want) > 1e-12 {
			t.Errorf("quantile %d at 10 minutes is %v, not half-way, %v", q, at[1].Quantiles[q], want)
		}
	}
	if at[1].Reasons != forecast.Interpolated || at[0].Reasons != 0 {
		t.Errorf("reasons %q and %q", at[1].Reasons, at[0].Reasons)
	}
	for _, c := range []struct {
		horizon time.Duration
		metric  string
		text    string
	}{
		{2 * time.Hour, "cpu", "cpu of web: no forecast 2h ahead; the model has 5m, 15m, 30m, and any between them"},
		{time.Minute, "cpu", "no forecast 1m ahead; the model has 5m"},
		{450 * time.Second, "cpu", "no forecast 450s ahead: a horizon is a positive multiple of the step, 1m; the model has"},
		{-time.Minute, "cpu", "a positive multiple of the step, 1m"},
		{90 * time.Second, "memory", "a positive multiple of the step, 1m"},
		{0, "memory", "a positive multiple of the step, 1m"},
		{15 * time.Minute, "memroy", `no metric "memroy" in the data, which have cpu, memory; did you mean "memory"?`},
	} {
		_, err := p.Predict(ctx, web, "", c.horizon, c.metric)
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v of %s: %v, want %q", c.horizon, c.metric, err, c.text)
		}
		if !errors.Is(err, forecast.ErrHorizon) && !errors.Is(err, forecast.ErrMetric) {
			t.Errorf("%v is neither ErrHorizon nor ErrMetric", err)
		}
	}
	// Without a checkpoint any multiple of the step will do.
	if _, err := p.Predict(ctx, web, "", 2*time.Hour, series.Memory); err != nil {
		t.Error(err)
	}
}

// TestPredictAll: all metrics of all frames, in order, at all horizons; what
// fails is named and spoils nothing.
func TestPredictAll(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	var frames []series.Frame
	for _, name := range []string{"a", "b", "c"} {
		frames = append(frames, frame(name, 60, 3000))
		save(t, loader.Folder(dir), model(t, &frames[len(frames)-1], series.CPU), name)
	}
	path := filepath.Join(dir, "cpu", "b.ckpt")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-9] ^= 4
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	frames[2].Metrics = []string{series.CPU, "queue"}
	p := predictor(t, loader.Folder(dir), loader.WithHorizons(10*time.Minute, 90*time.Second), loader.WithWorkers(3))
	got, err := p.PredictAll(ctx, frames, loader.Batch{})
	if err == nil || !strings.Contains(err.Error(), "cpu of b: store: cannot read "+path) || !loader.IsCheckpointError(err) {
		t.Errorf("the error is %v", err)
	}
	var names []string
	for _, f := range got {
		names = append(names, f.Container+"/"+f.Metric)
	}
	if s := strings.Join(names, " "); s != "a/cpu a/memory b/memory c/cpu c/queue" {
		t.Errorf("forecasts of %s", s)
	}
	if at := got[1].At; len(at) != 2 || at[0].Ahead != 120 || at[1].Ahead != 600 {
		t.Errorf("horizons of a stand-in: %+v", at)
	}
	if len(got[0].At) != 3 {
		t.Errorf("horizons of a model: %+v", got[0].At)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if got, err := p.PredictAll(stopped, frames, loader.Batch{}); got != nil || !errors.Is(err, context.Canceled) {
		t.Error(got, err)
	}
}

// falling is a bucket that panics where it is asked for one name.
type falling struct {
	*store.Memory
	name string
}

func (f falling) Get(ctx context.Context, name string, limit int64) ([]byte, store.Object, error) {
	if name == f.name {
		panic("a fault")
	}
	return f.Memory.Get(ctx, name, limit)
}

// TestPredictAllPanics: a panic fails its own series and no other.
func TestPredictAllPanics(t *testing.T) {
	s := new(store.Memory)
	var frames []series.Frame
	for _, name := range []string{"a", "b", "c"} {
		frames = append(frames, frame(name, 60, 3000))
		save(t, s, model(t, &frames[len(frames)-1], series.CPU), name)
	}
	done := 0
	p := predictor(t, falling{s, "cpu/b.ckpt"}, loader.WithWorkers(1))
	got, err := p.PredictAll(context.Background(), frames, loader.Batch{Metrics: []string{series.CPU}, Done: func(n, total int) {
		if done++; n != done || total != 3 {
			t.Errorf("%d of %d are done, want %d of 3", n, total, done)
		}
	}})
	var failed *loader.PredictError
	if !errors.As(err, &failed) || failed.Key.Container != "b" || !strings.Contains(err.Error(), "panic: a fault") {
		t.Errorf("error is %v, want the panic of b", err)
	}
	if len(got) != 2 || got[0].Container != "a" || got[1].Container != "c" || done != 3 {
		t.Errorf("%d forecasts, %d done, want those of a and c, and 3", len(got), done)
	}
}

// TestConcurrent: many goroutines share a predictor, and a Refresh among them.
func TestConcurrent(t *testing.T) {
	ctx := context.Background()
	web := frame("web", 60, 3000)
	s := &store.Memory{}
	save(t, s, model(t, &web, series.CPU), "web")
	p := predictor(t, s)
	want, err := p.Predict(ctx, web, "", 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				if i == 0 {
					if err := p.Refresh(ctx); err != nil {
						t.Error(err)
					}
				}
				got, err := p.Predict(ctx, web, "", 15*time.Minute)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%v %+v", err, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestRefresh: a predictor sees a new model after Refresh, not before, and one
// that is gone no more.
func TestRefresh(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	web := frame("web", 60, 3000)
	p := predictor(t, loader.Folder(dir))
	save(t, loader.Folder(dir), model(t, &web, series.CPU), "web")
	reasons := func() forecast.Reasons {
		t.Helper()
		got, err := p.Predict(ctx, web, "", 15*time.Minute, series.CPU)
		if err != nil {
			t.Fatal(err)
		}
		return got[0].Reasons() & forecast.NoCheckpoint
	}
	if reasons() == 0 {
		t.Error("a checkpoint serves before Refresh")
	}
	if err := p.Refresh(ctx); err != nil || reasons() != 0 || len(p.Keys()) != 1 {
		t.Error("the checkpoint does not serve after Refresh", err, p.Keys())
	}
	if err := os.Remove(filepath.Join(dir, "cpu", "web.ckpt")); err != nil {
		t.Fatal(err)
	}
	if err := p.Refresh(ctx); err != nil || reasons() == 0 {
		t.Error("the checkpoint that is gone still serves", err)
	}
}

func TestBadFrames(t *testing.T) {
	p := predictor(t, &store.Memory{})
	empty := frame("web", 60, 0)
	if _, err := p.Predict(context.Background(), empty, "", 15*time.Minute, series.CPU); !errors.Is(err, forecast.ErrEmpty) {
		t.Errorf("an empty frame: %v", err)
	}
	missing := frame("web", 60, 100)
	for i := range missing.Columns[0] {
		missing.Columns[0][i] = math.NaN()
	}
	got, err := p.Predict(context.Background(), missing, "", 15*time.Minute, series.CPU)
	if err != nil || got[0].Reasons()&forecast.AllMissing == 0 || math.IsNaN(got[0].Median(&got[0].At[0])) {
		t.Errorf("a frame without values: %v %+v", err, got)
	}
}

// counting counts how often a store is listed and asked.
type counting struct {
	*store.Memory
	lists, stats int
	mu           sync.Mutex
}

func (c *counting) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	c.lists++
	return c.Memory.List(ctx, prefix, after)
}

func (c *counting) Stat(ctx context.Context, name string) (store.Object, error) {
	c.mu.Lock()
	c.stats++
	c.mu.Unlock()
	return c.Memory.Stat(ctx, name)
}

// TestRefreshKeys: a store of many checkpoints is asked about those alone that may
// serve; one that changed is read again, and one that is gone serves no more.
func TestRefreshKeys(t *testing.T) {
	ctx := context.Background()
	bucket := &counting{Memory: &store.Memory{}}
	put := func(name string) {
		if err := bucket.Put(ctx, name, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cpu/a.ckpt", "cpu/b.ckpt", "cpu/_shared.ckpt", "memory/a.ckpt"} {
		put(name)
	}
	p := loader.NewLazy(bucket)
	keys := []loader.Key{{Metric: "cpu", Container: "a"}, {Metric: "cpu", Container: "new"}}
	serving := func() (out string) {
		if err := p.RefreshKeys(ctx, keys); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			s, why := p.Serving(k.Container, k.Metric)
			out += s.String() + "(" + why.String() + ") "
		}
		return out
	}
	if got := serving(); got != "cpu of a() cpu of every container(shared_model) " || bucket.lists != 0 || bucket.stats != 3 || len(p.Keys()) != 2 {
		t.Errorf("%s: %d lists, %d questions, %v", got, bucket.lists, bucket.stats, p.Keys())
	}
	if err := bucket.Delete(ctx, "cpu/a.ckpt"); err != nil {
		t.Fatal(err)
	}
	if got := serving(); got != "cpu of every container(shared_model) cpu of every container(shared_model) " {
		t.Errorf("after one is gone: %s", got)
	}
}
