package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	serving "github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// errStopped: SageMaker asked the training to stop.
var errStopped = errors.New("stopped by SIGTERM; the best so far is the model, and the training goes on from its checkpoints")

// A training is one job.
type training struct {
	out   io.Writer
	store *folders
	jobs  []fleet.Job
	began time.Time

	printing sync.Mutex

	losses map[string]float64 // of what is being trained by epochs, of late
}

// train does what the job's configuration asks for. When the context ends it is
// to stop: there is the grace for what is begun. The error is then errStopped.
func train(ctx context.Context, layout sagemaker.Layout, out io.Writer) error {
	t := &training{out: out, began: time.Now(), losses: map[string]float64{}}
	job, err := layout.Read()
	if err != nil {
		return err
	}
	s, err := settingsOf(job.Hyper)
	if err != nil {
		return err
	}
	host, hosts := job.Place()
	t.say("foretide %s, %d processors, host %d of %d", loader.BuildVersion(), runtime.GOMAXPROCS(0), host+1, hosts)
	dir, sharded, err := s.channel(layout, job)
	if err != nil {
		return err
	}
	t.store = &folders{Folder: store.Folder{Path: layout.Checkpoints()}, model: store.Folder{Path: layout.Model()}, stopped: func() bool { return ctx.Err() != nil }}
	for _, folder := range []string{t.store.Path, t.store.model.Path} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	frames, metrics, err := t.read(ctx, dir, s)
	if err != nil {
		return t.orStopped(ctx, err)
	}
	if t.jobs, err = s.configs.Jobs(frames, metrics); err != nil {
		return err
	}
	if t.jobs, err = part(t.jobs, host, hosts, sharded); err != nil {
		return err
	}
	if len(t.jobs) == 0 {
		t.say("other hosts train all that there is")
		return nil
	}
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		t.say("SIGTERM: there are %v for what is begun", s.grace)
		time.AfterFunc(s.grace, cancel)
	})()
	results, err := t.fit(hard, t.jobs, true)
	return t.end(hard, results, t.orStopped(ctx, err))
}

func (t *training) orStopped(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errStopped
	}
	return err
}

// read reads the metrics, and returns which of them are to be forecast.
func (t *training) read(ctx context.Context, dir string, s *settings) ([]series.Frame, []string, error) {
	horizon, err := s.horizon()
	if err != nil {
		return nil, nil, err
	}
	data, err := csvfile.Read(ctx, dir, csvfile.Options{Counters: s.counters, Container: s.container, Horizon: int64(horizon / time.Second)})
	if err != nil {
		return nil, nil, err
	}
	for _, text := range slices.Concat(data.Skipped, data.Warnings) {
		t.say("%s", text)
	}
	var have []string
	for i := range data.Frames {
		for _, m := range data.Frames[i].Metrics {
			if !slices.Contains(have, m) {
				have = append(have, m)
			}
		}
	}
	t.say("%d rows of %d containers in %d files: %s", data.Rows, len(data.Frames), len(data.Files), strings.Join(have, ", "))
	for _, m := range s.metrics {
		if !slices.Contains(have, m) {
			return nil, nil, fmt.Errorf("hyperparameter metric: there is no %.80q in the data, which have %s%s", m, strings.Join(have, ", "), near.Hint(m, have))
		}
	}
	if len(s.metrics) > 0 {
		have = s.metrics
	}
	return data.Frames, have, nil
}

// part returns the jobs of this host. Where all hosts have all of the data, they
// share containers out; a model that learns from all containers is one host's,
// and those of several metrics that learn together are the first one's.
func part(jobs []fleet.Job, host, hosts int, sharded bool) ([]fleet.Job, error) {
	if hosts < 2 {
		return jobs, nil
	}
	var mine []fleet.Job
	var containers, metrics []string
	place := func(seen *[]string, name string) int {
		i := slices.Index(*seen, name)
		if i < 0 {
			*seen, i = append(*seen, name), len(*seen)
		}
		return i % hosts
	}
	for _, j := range jobs {
		trainer, err := fleet.Configured(j.Config)
		if err != nil {
			return nil, err
		}
		_, pools := trainer.Model.(forecast.Pooler)
		whose := host
		switch {
		case trainer.Global() && sharded:
			return nil, fmt.Errorf("%s: a model of all containers (%s) needs all data on one host: the channel is to be FullyReplicated", j.Config.MetricName, j.Config.Model.ModelType)
		case sharded:
		case pools:
			whose = 0
		case trainer.Global():
			whose = place(&metrics, j.Config.MetricName)
		default:
			whose = place(&containers, j.Frame.Container)
		}
		if whose == host {
			mine = append(mine, j)
		}
	}
	return mine, nil
}

// fit trains jobs. A training that was interrupted goes on where its state is of
// the same history and configuration; otherwise it begins anew.
func (t *training) fit(ctx context.Context, jobs []fleet.Job, resume bool) ([]fleet.Result, error) {
	results, err := fleet.Train(ctx, jobs, t.store, fleet.Options{
		Workers: runtime.GOMAXPROCS(0), Progress: t.progress, Done: t.done, Stop: t.store.stopped, Resume: resume, Unchanged: true,
	})
	if err != nil || !resume {
		return results, err
	}
	var anew []fleet.Job
	var at []int
	for i := range results {
		if errors.Is(results[i].Err, forecast.ErrState) {
			anew, at = append(anew, jobs[i]), append(at, i)
		}
	}
	if len(anew) == 0 {
		return results, nil
	}
	t.say("the state of %d trainings is of other data or settings: they begin anew", len(anew))
	again, err := t.fit(ctx, anew, false)
	for k, i := range at {
		results[i] = again[k]
	}
	return results, err
}

// progress prints the end of each epoch.
func (t *training) progress(p fleet.Progress) {
	if p.Epoch == nil {
		t.losses[p.What] = p.Loss
		return
	}
	loss, ok := t.losses[p.What]
	if !ok {
		loss = math.NaN()
	}
	t.say("%s", sagemaker.EpochLine(p.Epoch.Done, p.Epoch.Total, loss, p.Epoch.Loss, p.What))
}

// done prints what a series came to.
func (t *training) done(_ int, r *fleet.Result) {
	switch {
	case r.Err != nil && errors.Is(r.Err, forecast.ErrState):
	case r.Err != nil:
		t.say("not trained: %s of %s: %v", r.Metric, r.Container, r.Err)
	case r.Unchanged:
		t.say("%s of %s: %s, as before", r.Metric, r.Container, r.Report.Model)
	case r.Name == "": // not reached
	default:
		var parts []string
		for _, h := range r.Report.Horizons {
			if h.Rows > 0 {
				parts = append(parts, fmt.Sprintf("%s %.3f", serving.Duration(h.Ahead), h.Ratio))
			}
		}
		if reasons := r.Report.Reasons.String(); reasons != "" {
			parts = append(parts, reasons)
		}
		t.say("%s of %s: %s, error beside the last value's: %s", r.Metric, r.Container, r.Report.Model, strings.Join(parts, ", "))
	}
}

// end puts what was there already into the model's folder, prints the summary,
// and returns how the training ended.
func (t *training) end(ctx context.Context, results []fleet.Result, err error) error {
	sum := sagemaker.Summary{}
	for i := range results {
		r := &results[i]
		switch {
		case r.Err != nil && !errors.Is(r.Err, context.Canceled):
			sum.Failed++
		case r.Err != nil || r.Name == "":
		default:
			sum.Trained++
			t.score(ctx, r, &sum)
		}
		if r.Unchanged {
			err = errors.Join(err, t.publish(ctx, r, t.jobs[i].Config))
		}
	}
	t.say("%s, %.1f s", sum.Line(), time.Since(t.began).Seconds())
	if err != nil {
		return err
	}
	return fleet.Failure(results)
}

// publish puts the checkpoints of a result that was there already into the
// model's folder.
func (t *training) publish(ctx context.Context, r *fleet.Result, c *config.Config) error {
	if err := t.store.publish(ctx, r.Name); err != nil {
		return err
	}
	shared := loader.Key{Metric: r.Metric}.Name()
	if c.Model.Scope != config.ScopeTuned || r.Name == shared {
		return nil
	}
	return t.store.publish(ctx, shared) // the one that serves containers to come
}

// score adds how good a result was, by its report or, of one that was there
// already, by what its checkpoint says.
func (t *training) score(ctx context.Context, r *fleet.Result, sum *sagemaker.Summary) {
	add := func(ratio, coverage float64) {
		sum.Ratios, sum.Coverages = append(sum.Ratios, ratio), append(sum.Coverages, coverage)
	}
	for _, h := range r.Report.Horizons {
		if h.Rows > 0 {
			add(h.Ratio, h.Coverage80)
		}
	}
	if !r.Unchanged {
		return
	}
	key, _ := loader.ParseName(r.Name)
	if c, err := loader.Read(ctx, t.store, key); err == nil {
		for _, s := range c.Provenance.Scores {
			add(s.Ratio, s.Coverage)
		}
	}
}

func (t *training) say(format string, args ...any) {
	t.printing.Lock()
	defer t.printing.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}
