package fleet

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// lstmJobs returns jobs of one configuration of a small network.
func lstmJobs(t *testing.T, scope string, containers ...string) []Job {
	t.Helper()
	c := config.Defaults(series.CPU)
	flags := []config.Override{config.Flag("model_type", "model", "lstm"), config.Flag("epochs", "epochs", "3"),
		config.Flag("epoch_windows", "epoch-windows", "256"), config.Flag("hidden_size", "hidden", "4"),
		config.Flag("head_size", "head", "8"), config.Flag("window_size", "window", "6")}
	if scope != "" {
		flags = append(flags, config.Flag("scope", "scope", scope))
	}
	if err := c.Apply(flags...); err != nil {
		t.Fatal(err)
	}
	js := jobs(containers...)
	for i := range js {
		js[i].Config = c
	}
	return js
}

func names(t *testing.T, b store.Bucket) []string {
	t.Helper()
	objects, err := store.All(context.Background(), b, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range objects {
		out = append(out, o.Name)
	}
	return out
}

// TestScopes: which checkpoints there are, and which serves whom.
func TestScopes(t *testing.T) {
	mixed := lstmJobs(t, "", "a", "b", "c")
	fine := series.FrameOf("fine", series.CPU, series.Series{Start: 1722470400, Step: 60, Values: mixed[0].Frame.Columns[0]})
	mixed = append(mixed, Job{Frame: &fine, Config: mixed[0].Config})
	for _, c := range []struct {
		name   string
		jobs   []Job
		want   []string
		serves map[string]forecast.Reasons // the reason that a container's forecast has
	}{
		{"all", lstmJobs(t, "", "b", "a"), []string{"cpu/_shared.ckpt"},
			map[string]forecast.Reasons{"a": 0, "b": 0, "new": forecast.SharedModel}},
		{"one, by default", lstmJobs(t, "", "a"), []string{"cpu/a.ckpt"},
			map[string]forecast.Reasons{"a": 0, "new": forecast.NoCheckpoint}},
		{"one, for all", lstmJobs(t, "global", "a"), []string{"cpu/_shared.ckpt"},
			map[string]forecast.Reasons{"a": 0, "new": forecast.SharedModel}},
		{"each", lstmJobs(t, "container", "a", "b"), []string{"cpu/a.ckpt", "cpu/b.ckpt"},
			map[string]forecast.Reasons{"a": 0, "new": forecast.NoCheckpoint}},
		{"fine-tuned", lstmJobs(t, "finetune", "a", "b"), []string{"cpu/_shared.ckpt", "cpu/a.ckpt", "cpu/b.ckpt"},
			map[string]forecast.Reasons{"a": 0, "new": forecast.SharedModel}},
		{"several steps", mixed, []string{"cpu/_shared.ckpt", "cpu/fine.ckpt"},
			map[string]forecast.Reasons{"a": 0, "new": forecast.SharedModel}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := store.Folder{Path: t.TempDir()}
			results, err := Train(context.Background(), c.jobs, dir, Options{})
			if err != nil || Failure(results) != nil {
				t.Fatal(err, Failure(results))
			}
			for i, r := range results {
				if r.Container != c.jobs[i].Frame.Container || len(r.Report.Horizons) != 3 || r.Bytes == 0 ||
					r.Shared != (r.Name == "cpu/_shared.ckpt") || !slices.Contains(c.want, r.Name) {
					t.Errorf("result %d: %+v", i, r)
				}
			}
			if got := names(t, dir); !slices.Equal(got, c.want) {
				t.Errorf("the store has %v, not %v", got, c.want)
			}
			p, err := loader.Open(dir.Path)
			if err != nil {
				t.Fatal(err)
			}
			for container, want := range c.serves {
				f, err := p.Predict(context.Background(), *c.jobs[0].Frame, container, 300e9, "cpu")
				if err != nil {
					t.Fatal(err)
				}
				if got := f[0].At[0].Reasons & (forecast.SharedModel | forecast.NoCheckpoint); got != want {
					t.Errorf("%s: %q, not %q", container, got, want)
				}
			}
		})
	}
}

// TestStopAndResume: a training that is stopped stores the best so far, and
// going on from its state gives the bytes of one that was not.
func TestStopAndResume(t *testing.T) {
	var whole, bucket store.Memory
	js := lstmJobs(t, "", "a", "b")
	if results, err := Train(context.Background(), js, &whole, Options{}); err != nil || Failure(results) != nil {
		t.Fatal(err, Failure(results))
	}
	epochs := 0
	results, err := Train(context.Background(), js, &bucket, Options{
		Progress: func(p Progress) {
			if p.Epoch != nil {
				epochs = p.Epoch.Done
			}
		},
		Stop: func() bool { return epochs >= 2 },
	})
	if !errors.Is(err, context.Canceled) || results[0].Err != nil || results[0].Report.Fit.Status != forecast.Interrupted {
		t.Fatalf("%v, %+v", err, results[0])
	}
	get := func(s store.Bucket) []byte {
		b, _, err := s.Get(context.Background(), "cpu/_shared.ckpt", 0)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if bytes.Equal(get(&bucket), get(&whole)) {
		t.Error("stopped after two of three epochs, it is the whole training's model")
	}
	if got := strings.Join(names(t, &bucket), " "); got != "cpu/_shared.300s.training cpu/_shared.ckpt" {
		t.Errorf("the store has %s", got)
	}
	state, _, err := bucket.Get(context.Background(), "cpu/_shared.300s.training", 0)
	if err != nil {
		t.Fatal(err)
	}
	if results, err := Train(context.Background(), js, &bucket, Options{Resume: true}); err != nil || Failure(results) != nil {
		t.Fatal(err, Failure(results))
	}
	if !bytes.Equal(get(&bucket), get(&whole)) {
		t.Error("resumed, it is another model")
	}
	c, err := loader.Read(context.Background(), &bucket, loader.Key{Metric: "cpu"})
	if err != nil || len(c.Provenance.Losses) != 3 || !(c.Provenance.Losses[0] > 0) {
		t.Errorf("%v; losses of three epochs, begun anew after two: %v", err, c.Provenance.Losses)
	}
	if got := strings.Join(names(t, &bucket), " "); got != "cpu/_shared.ckpt" {
		t.Errorf("the training has ended, and the store has %s", got)
	}
	// A state of another training is refused, and says so.
	if err := bucket.Put(context.Background(), "cpu/_shared.300s.training", state); err != nil {
		t.Fatal(err)
	}
	js[0].Config = js[0].Config.Clone()
	js[0].Config.Training.LearningRate *= 2
	js[1].Config = js[0].Config
	results, err = Train(context.Background(), js, &bucket, Options{Resume: true})
	if err != nil || !errors.Is(Failure(results), forecast.ErrState) {
		t.Errorf("another configuration: %v, %v", err, Failure(results))
	}
}

// TestStopWhileJudging: the time may run out after the last epoch; the training
// has ended then, and leaves no state to go on from.
func TestStopWhileJudging(t *testing.T) {
	for _, scope := range []string{"", config.ScopeContainer} {
		var bucket store.Memory
		judging := false
		results, err := Train(context.Background(), lstmJobs(t, scope, "a", "b"), &bucket, Options{
			Progress: func(p Progress) { judging = judging || strings.HasPrefix(p.What, "judging") },
			Stop:     func() bool { return judging },
		})
		if !judging || !errors.Is(err, context.Canceled) || Failure(results) != nil {
			t.Fatalf("%v, %v, judging %v", err, Failure(results), judging)
		}
		if got := strings.Join(names(t, &bucket), " "); strings.Contains(got, "training") || got == "" {
			t.Errorf("%q: the training has ended, and the store has %s", scope, got)
		}
	}
}

// TestPoolsOne: two metrics of one container learn together where the model
// learns from all metrics, and apart where it does not.
func TestPoolsOne(t *testing.T) {
	for model, want := range map[string]int{"network": 2, "lstm": 0, "linear": 0} {
		js := jobs("a", "a")
		for i, metric := range []string{series.CPU, series.Memory} {
			js[i].Config = config.Defaults(metric)
			js[i].Config.Model.ModelType = model
		}
		f := &fleet{jobs: js}
		if _, _, groups := f.groups(); len(groups) != want {
			t.Errorf("%s: %d groups that are trained together, not %d", model, len(groups), want)
		}
	}
}

// TestUnchangedShared: a shared model whose histories and configuration are those
// of its checkpoint is left alone; one of another configuration is not, nor one
// that was stopped.
func TestUnchangedShared(t *testing.T) {
	for _, scope := range []string{"", config.ScopeTuned} {
		var bucket store.Memory
		js := lstmJobs(t, scope, "a", "b")
		epochs := 0
		train := func(o Options) []Result {
			t.Helper()
			epochs, o.Unchanged, o.Resume = 0, true, true
			o.Progress = func(p Progress) {
				if p.Epoch != nil {
					epochs++
				}
			}
			results, err := Train(context.Background(), js, &bucket, o)
			if err == nil {
				err = Failure(results)
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			return results
		}
		if r := train(Options{Stop: func() bool { return epochs > 0 }}); r[0].Report.Fit.Status != forecast.Interrupted {
			t.Fatalf("it was not stopped: %+v", r[0])
		}
		if r := train(Options{}); r[0].Unchanged || epochs == 0 {
			t.Errorf("%q: one that was stopped is left alone", scope)
		}
		for i, r := range train(Options{}) {
			if want := (loader.Key{Metric: "cpu"}); !r.Unchanged || r.Container != js[i].Frame.Container || r.Shared != (scope == "") || r.Shared != (r.Name == want.Name()) {
				t.Errorf("%q: %+v", scope, r)
			}
		}
		if epochs != 0 {
			t.Errorf("%q: %d epochs of a model that was there", scope, epochs)
		}
		js = lstmJobs(t, scope, "a", "b")
		js[0].Config.Training.LearningRate *= 2
		if r := train(Options{}); r[0].Unchanged || epochs == 0 {
			t.Errorf("%q: another configuration is left alone", scope)
		}
	}
}
