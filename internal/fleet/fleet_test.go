package fleet

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// jobs returns one of a metric of each container: two days at five minutes.
func jobs(containers ...string) []Job {
	var out []Job
	for k, name := range containers {
		v := make([]float64, 576)
		for i := range v {
			v[i] = 3 + math.Sin(2*math.Pi*float64(i)/288) + 0.2*math.Sin(float64((i+k)*i))
		}
		f := series.FrameOf(name, series.CPU, series.Series{Start: 1722470400, Step: 300, Values: v})
		out = append(out, Job{Frame: &f, Config: config.Defaults(series.CPU)})
	}
	return out
}

// TestTrain: every job's checkpoint is in the store, the results stand in the
// order of the jobs, and any number of workers gives the same bytes.
func TestTrain(t *testing.T) {
	names := []string{"c", "a", "b", "d", "e"}
	var before map[string][]byte
	for _, workers := range []int{1, 3, 9} {
		var bucket store.Memory
		calls, last := 0, 0
		results, err := Train(context.Background(), jobs(names...), &bucket, Options{Workers: workers, Progress: func(p Progress) {
			if calls++; p.Done != last+1 || p.Total != len(names) {
				t.Errorf("progress %+v after %d", p, last)
			}
			last = p.Done
		}})
		if err != nil || Failure(results) != nil || calls != len(names) {
			t.Fatal(err, Failure(results), calls)
		}
		got := map[string][]byte{}
		for i, r := range results {
			if r.Container != names[i] || r.Err != nil {
				t.Errorf("result %d is of %s: %v", i, r.Container, r.Err)
			}
			b, _, err := bucket.Get(context.Background(), r.Name, 0)
			if err != nil || len(b) != r.Bytes {
				t.Errorf("%s: %d bytes of %d, %v", r.Name, len(b), r.Bytes, err)
			}
			got[r.Name] = b
		}
		for name, b := range before {
			if !bytes.Equal(got[name], b) {
				t.Errorf("%d workers: %s has other bytes", workers, name)
			}
		}
		before = got
	}
}

// TestSameConfiguration: where the values of a configuration came from changes
// nothing, and no path of the machine gets into a checkpoint.
func TestSameConfiguration(t *testing.T) {
	var before []byte
	for _, name := range []string{"one.yaml", "another.yaml"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("metric_name: cpu\nmodel:\n  model_type: naive\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		j := jobs("a")[0]
		var err error
		if j.Config, err = config.Load(path); err != nil {
			t.Fatal(err)
		}
		c, _, err := fitted(j)
		if err != nil {
			t.Fatal(err)
		}
		b, err := loader.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && !bytes.Equal(b, before) || bytes.Contains([]byte(c.Provenance.Config), []byte(name)) {
			t.Errorf("%s: other bytes than before, with the configuration\n%s", name, c.Provenance.Config)
		}
		again, err := config.Parse("checkpoint", []byte(c.Provenance.Config))
		if err != nil || again.YAML() != j.Config.YAML() {
			t.Errorf("the checkpoint's configuration: %v\n%s", err, c.Provenance.Config)
		}
		before = b
	}
}

// TestUnchanged: a job is not done again where that would give the same bytes,
// and is where the history or the configuration is another.
func TestUnchanged(t *testing.T) {
	var bucket store.Memory
	train := func(j []Job) Result {
		t.Helper()
		results, err := Train(context.Background(), j, &bucket, Options{Unchanged: true})
		if err != nil || results[0].Err != nil || results[0].Name != "cpu/a.ckpt" || results[0].Took <= 0 {
			t.Fatal(err, results)
		}
		return results[0]
	}
	j := jobs("a")
	if train(j).Unchanged || !train(j).Unchanged {
		t.Error("trained once, not the second time")
	}
	j[0].Frame.Columns[0][500]++
	if train(j).Unchanged || !train(j).Unchanged {
		t.Error("another history")
	}
	j[0].Config = j[0].Config.Clone()
	j[0].Config.Training.Seed++
	if train(j).Unchanged || !train(j).Unchanged {
		t.Error("another seed")
	}
	b, _, _ := bucket.Get(context.Background(), "cpu/a.ckpt", 0)
	b[len(b)/2]++
	if err := bucket.Put(context.Background(), "cpu/a.ckpt", b); err != nil {
		t.Fatal(err)
	}
	if train(j).Unchanged {
		t.Error("a damaged checkpoint")
	}
}

// TestFailure: one job's failure stops no other. It is the fleet's where a
// checkpoint could not be stored, or none was made.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "cpu", "b.ckpt", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	results, err := Train(context.Background(), jobs("a", "b", "c"), store.Folder{Path: dir}, Options{Workers: 2})
	if err != nil || results[0].Err != nil || results[1].Err == nil || results[2].Err != nil {
		t.Fatal(err, results)
	}
	if err := Failure(results); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "cpu", "b.ckpt")) {
		t.Errorf("a checkpoint that was not stored: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "cpu", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	empty := jobs("empty", "a")
	for i := range empty[0].Frame.Columns[0] {
		empty[0].Frame.Columns[0][i] = math.NaN()
	}
	var bucket store.Memory
	results, err = Train(context.Background(), empty, &bucket, Options{Workers: 2})
	if err != nil || results[0].Err == nil || Failure(results) != nil {
		t.Errorf("one container without data: %v, %v, %v", err, results[0].Err, Failure(results))
	}
	results, err = Train(context.Background(), empty[:1], &bucket, Options{})
	if err != nil || !errors.Is(Failure(results), results[0].Err) {
		t.Errorf("no container with data: %v, %v", err, Failure(results))
	}
}

// TestInterrupt: the work ends early with the context's error, and what is in
// the store is whole.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var bucket store.Memory
	var done atomic.Int32
	names := strings.Split("abcdefghijklmnopqrst", "")
	_, err := Train(ctx, jobs(names...), &bucket, Options{Workers: 2, Progress: func(Progress) {
		if done.Add(1) == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	stored, _ := store.All(context.Background(), &bucket, "")
	if len(stored) == 0 || len(stored) == len(names) {
		t.Errorf("%d of %d checkpoints", len(stored), len(names))
	}
	for _, o := range stored {
		k, _ := loader.ParseName(o.Name)
		c, err := loader.Read(context.Background(), &bucket, k)
		if err != nil || !slices.Contains(names, c.Container) {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

// fitted returns the checkpoint of one job.
func fitted(j Job) (*codec.Checkpoint, train.Report, error) {
	f := fleet{ctx: context.Background()}
	return f.fit(j, f.options(j.Config))
}
