// Package train trains models of containers from their samples in object
// storage to checkpoints in the store.
package train

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// A Trainer trains. Its fields must be set; it is safe for concurrent use.
type Trainer struct {
	Lake  *lake.Lake
	Store store.Bucket
	// Config returns the configuration of a metric, with the model family that
	// is named or its own; equal arguments give the same pointer.
	Config func(ctx context.Context, metric, model string) (*config.Config, error)
	// History is how far back samples are read.
	History time.Duration
	// MaxValues bounds the values that one invocation holds; containers beyond
	// remain.
	MaxValues int
	Now       func() time.Time
}

// Train does a batch. The error is of the whole: everything that concerns
// single items is in the answer.
func (t *Trainer) Train(ctx context.Context, in *steps.Invocation, b *event.Batch) (*event.Answer, error) {
	r := &round{Trainer: t, in: in, batch: b, wanted: map[string]*event.Item{}, seen: map[string]bool{}, failed: map[string]bool{}}
	switch err := r.read(ctx); {
	case err != nil && ctx.Err() != nil: // the time is over
		r.answer.Remaining = b.Items
	case err != nil:
		return nil, err
	default:
		r.train(ctx)
		r.absent()
	}
	r.answer.Settle()
	in.Metrics.Add("Trained", "Count", float64(r.answer.Done))
	in.Metrics.Add("TrainFailed", "Count", float64(len(r.answer.Failed)))
	in.Metrics.Add("TrainRemaining", "Count", float64(len(r.answer.Remaining)))
	return &r.answer, nil
}

// A round is the training of one batch.
type round struct {
	*Trainer
	in     *steps.Invocation
	batch  *event.Batch
	answer event.Answer

	wanted map[string]*event.Item // by container; those of "" are in shared
	shared []string               // metrics whose model all containers share
	seen   map[string]bool        // containers and metrics that there are samples of
	failed map[string]bool        // containers that were not read
	frames []series.Frame
	values int
	full   string // the first container that there was no room for; those after it were not read
}

// read reads the histories.
func (r *round) read(ctx context.Context) error {
	q := r.query()
	began := time.Now()
	err := r.readShared(ctx, q)
	if err == nil && len(r.shared) == 0 && len(q.Containers) > 0 {
		err = lake.ByShard(ctx, r.Lake, q, r.take, func(container string, err error) {
			r.failed[container] = true
			r.fail(container, "", err)
		})
	}
	r.in.Log.Debug("history", "containers", len(r.frames), "values", r.values, "ms", float64(time.Since(began).Milliseconds()))
	slices.SortFunc(r.frames, func(a, b series.Frame) int { return cmp.Compare(a.Container, b.Container) })
	if errors.Is(err, errFull) {
		return nil // the others remain
	}
	return err
}

// query says which histories are read, and sets what is wanted of them.
func (r *round) query() lake.Query {
	q := lake.Query{To: r.Now().Unix()}
	if !r.batch.Until.IsZero() {
		q.To = r.batch.Until.Unix()
	}
	q.From = q.To - int64(r.History/time.Second)
	for _, item := range r.batch.Items {
		if item.Container == "" {
			r.shared = append(r.shared, item.Metrics...)
			continue
		}
		q.Containers = append(q.Containers, item.Container)
		if have := r.wanted[item.Container]; have == nil {
			one := event.Item{Container: item.Container, Metrics: slices.Clone(item.Metrics)}
			r.wanted[item.Container] = &one
		} else if len(item.Metrics) == 0 || len(have.Metrics) == 0 {
			have.Metrics = nil
		} else {
			have.Metrics = append(have.Metrics, item.Metrics...)
		}
	}
	slices.Sort(q.Containers)
	q.Containers = slices.Compact(q.Containers)
	return q
}

// readShared reads all histories, where there are models to train that all
// containers share. Where they are too large those models fail, and nothing is read.
func (r *round) readShared(ctx context.Context, q lake.Query) error {
	if len(r.shared) == 0 {
		return nil
	}
	q.Containers = nil // all
	err := r.Lake.Read(ctx, q, r.take)
	if errors.Is(err, errFull) {
		err = errShared
	}
	if reason, _ := batch.Reason(err); err == nil || reason != event.TooLarge {
		return err
	}
	for _, metric := range r.shared {
		r.fail("", metric, err)
	}
	r.shared, r.frames, r.values, r.full = nil, nil, 0, ""
	return nil
}

// take holds a history, if there is room.
func (r *round) take(f series.Frame) error {
	n := f.Len() * len(f.Columns)
	if r.values+n > r.MaxValues && len(r.frames) > 0 {
		r.full = f.Container
		return errFull
	}
	r.frames, r.values = append(r.frames, f), r.values+n
	return nil
}

var (
	errFull = errors.New("enough")
	// errShared: a model that all containers share needs all histories.
	errShared error = &tooLarge{}
)

type tooLarge struct{}

func (*tooLarge) Error() string {
	return "the histories of all containers do not fit the function's memory (FORETIDE_MAX_VALUES): give it more, a shorter FORETIDE_HISTORY, or train models of single containers"
}
func (*tooLarge) Is(target error) bool { return target == lake.ErrTooLarge }

// train fits what there is.
func (r *round) train(ctx context.Context) {
	var jobs []job
	for i := range r.frames {
		f := &r.frames[i]
		item := r.wanted[f.Container]
		for _, m := range f.Metrics {
			r.seen[f.Container+"\x00"+m] = true
			if slices.Contains(r.shared, m) {
				r.seen["\x00"+m] = true
				jobs = r.job(ctx, jobs, f, m, "")
			}
			if item != nil && (len(item.Metrics) == 0 || slices.Contains(item.Metrics, m)) {
				jobs = r.job(ctx, jobs, f, m, f.Container)
			}
		}
	}
	if len(jobs) == 0 {
		return
	}
	r.fit(ctx, jobs, true)
}

// A job is one of the fleet's, with the container whose own model it is for, or
// "".
type job struct {
	fleet.Job
	owner string
}

// job adds one to train, for a container's own model or for that of all.
func (r *round) job(ctx context.Context, jobs []job, f *series.Frame, metric, container string) []job {
	c, err := r.Config(ctx, metric, r.batch.Model)
	if err != nil {
		r.fail(container, metric, err)
		return jobs
	}
	if container != "" {
		c = own(c)
	} else if trainer, err := fleet.Configured(c); err == nil && !trainer.Global() {
		r.fail(container, metric, event.Fieldf("items", "model %s is not one that containers share; name the containers", c.Model.ModelType))
		return jobs
	}
	return append(jobs, job{fleet.Job{Frame: f, Config: c}, container})
}

// own returns the configuration for a single container's model.
func own(c *config.Config) *config.Config {
	c = c.Clone()
	c.Model.Scope = config.ScopeContainer
	return c
}

// fit trains jobs. A training that was interrupted goes on where its state is of
// the same history; otherwise it begins anew.
func (r *round) fit(ctx context.Context, jobs []job, resume bool) {
	all := make([]fleet.Job, len(jobs))
	for i := range jobs {
		all[i] = jobs[i].Job
	}
	results, err := fleet.Train(ctx, all, r.Store, fleet.Options{
		Workers: runtime.GOMAXPROCS(0), Stop: r.in.Stopped, Resume: resume, Unchanged: true,
	})
	if err != nil {
		r.in.Log.Warn("stopped before the end", "error", err.Error())
	}
	var anew []job
	for i := range results {
		res, owner := &results[i], jobs[i].owner
		switch {
		case res.Err != nil && resume && errors.Is(res.Err, forecast.ErrState):
			anew = append(anew, jobs[i])
		case res.Err != nil:
			r.fail(owner, jobs[i].Config.MetricName, res.Err)
		case res.Name == "": // not reached
			r.remains(owner, jobs[i].Config.MetricName, "the time is over")
		default:
			r.done(ctx, owner, res)
		}
	}
	if len(anew) > 0 {
		r.fit(ctx, anew, false)
	}
}

func (r *round) done(ctx context.Context, owner string, res *fleet.Result) {
	d := event.Done{Container: res.Container, Metric: res.Metric, Model: res.Report.Model, Reasons: res.Report.Reasons.Names(),
		Unchanged: res.Unchanged, Millis: float64(res.Took.Microseconds()) / 1000}
	if !res.Unchanged {
		d.Status = res.Report.Fit.Status.String()
	}
	r.answer.Add(d)
	r.in.Log.Info("trained", "container", d.Container, "metric", d.Metric, "model", d.Model, "status", d.Status,
		"reason", res.Report.Reasons.String(), "unchanged", d.Unchanged, "ms", d.Millis, "bytes", res.Bytes, "points", res.Report.Points)
	if res.Report.Fit.Status == forecast.Interrupted && !res.Unchanged {
		r.answer.Resumable = true
		r.remains(owner, res.Metric, "the best so far is stored; the training goes on")
		return
	}
	key := loader.Key{Metric: res.Metric, Container: owner}
	if err := r.Lake.Objects.Delete(ctx, steps.DriftFolder+key.Name()); err != nil {
		r.in.Log.Warn("the mark of drift stays", "container", owner, "metric", res.Metric, "error", err.Error())
	}
}

func (r *round) remains(container, metric, why string) {
	r.answer.Again(container, metric)
	r.in.Log.Log(context.Background(), slog.LevelInfo, "remains", "container", container, "metric", metric, "reason", event.Deadline, "why", why)
}

func (r *round) fail(container, metric string, err error) {
	reason, retry := batch.Reason(err)
	if reason == event.Deadline {
		r.remains(container, metric, err.Error())
		return
	}
	f := event.Failure{Container: container, Metric: metric, Reason: reason, Error: err.Error(), Retry: retry}
	r.answer.Fail(f)
	r.in.Metrics.AddReason("Failures", reason, 1)
	r.in.Log.Error("not trained", "container", container, "metric", metric, "reason", reason, "retry", retry, "error", err.Error(), batch.Stack(err))
}

// absent says which items there are no samples of, or which were not read.
func (r *round) absent() {
	items := make([]*event.Item, 0, len(r.wanted))
	for _, item := range r.wanted {
		items = append(items, item)
	}
	for i := range r.shared {
		items = append(items, &event.Item{Metrics: r.shared[i : i+1]})
	}
	slices.SortFunc(items, func(a, b *event.Item) int { return cmp.Compare(a.Container, b.Container) })
	for _, item := range items {
		switch {
		case r.failed[item.Container]:
			continue
		case r.full != "" && item.Container != "" && lake.Order(r.Lake, item.Container, r.full) >= 0:
			r.answer.Remaining = append(r.answer.Remaining, *item)
			continue
		}
		if len(item.Metrics) == 0 && !slices.ContainsFunc(r.frames, func(f series.Frame) bool { return f.Container == item.Container }) {
			r.fail(item.Container, "", forecast.ErrEmpty)
		}
		for _, m := range item.Metrics {
			if !r.seen[item.Container+"\x00"+m] {
				r.fail(item.Container, m, forecast.ErrMetric)
			}
		}
	}
}

// Drifted makes items of the marks of drift that a notification names.
func Drifted(_ context.Context, keys []string) ([]event.Item, error) {
	var out []event.Item
	for _, key := range keys {
		name, marked := strings.CutPrefix(key, steps.DriftFolder)
		if k, ok := loader.ParseName(name); ok && marked {
			out = append(out, event.Item{Container: k.Container, Metrics: []string{k.Metric}})
		}
	}
	return out, nil
}
