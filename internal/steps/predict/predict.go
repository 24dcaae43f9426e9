// Package predict forecasts many containers from their samples and
// checkpoints, and writes the forecasts where others read them.
package predict

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/drift"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/panics"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/loader"
)

// A Forecaster forecasts. Its fields must be set; it is safe for concurrent use.
type Forecaster struct {
	Lake *lake.Lake
	// Models keeps the models from one invocation to the next.
	Models *batch.Models
	// Window is how far back samples are read: as far as models look.
	Window time.Duration
	// Sinks are other systems that forecasts are handed to, after they are stored.
	// What fails there is in the answer and does not undo the rest.
	Sinks []Sink
	// SinkTime is the most that one sink may take.
	SinkTime time.Duration
	// Drift says what of the samples is judged for batches that ask for it; nothing
	// where its Last is 0.
	Drift drift.Options
	Now   func() time.Time
}

// A Sink is another system that forecasts are handed to.
type Sink struct {
	Name string // for people: "remote write"
	Push func(ctx context.Context, in *steps.Invocation, items []*serve.Answer) error
}

// puts is how many objects are written at the same time.
const puts = 32

// Predict does a batch. The error is of the whole: everything that concerns
// single items is in the answer.
func (p *Forecaster) Predict(ctx context.Context, in *steps.Invocation, b *event.Batch) (*event.Answer, error) {
	r := &round{
		Forecaster: p, in: in, batch: b, until: b.Until, wanted: map[string][]string{},
		seen: map[string]bool{}, failed: map[string]bool{},
	}
	if r.until.IsZero() {
		r.until = p.Now()
	}
	var err error
	if r.horizons, err = event.ParseHorizons(b.Horizons); err != nil {
		return nil, err
	}
	if err := r.predict(ctx); err != nil {
		return nil, err
	}
	r.absent()
	if err := r.write(ctx); err != nil {
		return nil, err
	}
	in.Metrics.Add("Forecasts", "Count", float64(r.answer.Done))
	in.Metrics.Add("Fallbacks", "Count", 0)
	in.Metrics.Add("PredictFailed", "Count", float64(len(r.answer.Failed)))
	r.mark(ctx)
	r.push(ctx)
	r.answer.Settle()
	return &r.answer, nil
}

// A round is the forecasts of one batch.
type round struct {
	*Forecaster
	in       *steps.Invocation
	batch    *event.Batch
	until    time.Time
	horizons []time.Duration
	wanted   map[string][]string // metrics by container; none: all

	mu        sync.Mutex
	answer    event.Answer
	seen      map[string]bool // containers, and containers with metrics
	failed    map[string]bool // containers that were not read
	stopped   bool
	forecasts []*serve.Answer
	latests   []*serve.Answer // those that are the latest of their series
	verdicts  []drift.Row
}

// query says which samples are read.
func (r *round) query() (lake.Query, error) {
	q := lake.Query{To: r.until.Unix()}
	q.From = q.To - int64(r.Window/time.Second)
	for i, item := range r.batch.Items {
		if item.Container == "" {
			return q, event.Fieldf("items", "entry %d names no container; forecasts are of containers", i)
		}
		have, twice := r.wanted[item.Container]
		switch {
		case !twice:
			r.wanted[item.Container] = slices.Clone(item.Metrics)
		case len(have) == 0 || len(item.Metrics) == 0:
			r.wanted[item.Container] = nil
		default:
			r.wanted[item.Container] = append(have, item.Metrics...)
		}
		q.Containers = append(q.Containers, item.Container)
	}
	slices.Sort(q.Containers)
	q.Containers = slices.Compact(q.Containers)
	return q, nil
}

// predict reads, forecasts and writes container by container: what is held at
// any time are the files and a few frames.
func (r *round) predict(ctx context.Context) error {
	q, err := r.query()
	if err != nil {
		return err
	}
	models, err := batch.Logged{Models: r.Models, Log: r.in.Log}.Fresh(ctx, r.keys())
	if err != nil {
		return err
	}
	frames := make(chan series.Frame)
	work, workCtx := errgroup.WithContext(ctx)
	var writing errgroup.Group
	writing.SetLimit(puts)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() error {
			for f := range frames {
				if out := r.container(workCtx, models, &f); len(out) > 0 {
					name, all := f.Container, len(out) == len(f.Metrics) // the frame goes, while this waits
					writing.Go(func() error { r.keep(ctx, name, out, all); return nil })
				}
			}
			return nil
		})
	}
	err = lake.ByShard(workCtx, r.Lake, q, func(f series.Frame) error {
		if r.in.Stopped() {
			r.stopped = true
			return errStopped
		}
		select {
		case frames <- f:
			return nil
		case <-workCtx.Done():
			return workCtx.Err()
		}
	}, r.unread)
	close(frames)
	if errors.Is(err, errStopped) {
		err = nil
	}
	return errors.Join(err, work.Wait(), writing.Wait())
}

// unread notes that a container's samples could not be read.
func (r *round) unread(container string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed[container] = true
	r.fail(container, "", err)
}

var errStopped = errors.New("the time is over")

// keys are the checkpoints that may serve the batch, where it names all metrics;
// nil otherwise.
func (r *round) keys() []loader.Key {
	var out []loader.Key
	for container, metrics := range r.wanted {
		if len(metrics) == 0 {
			return nil
		}
		for _, m := range metrics {
			out = append(out, loader.Key{Metric: m, Container: container})
		}
	}
	return out
}

// container forecasts the metrics of one container.
func (r *round) container(ctx context.Context, models *loader.Predictor, f *series.Frame) []*serve.Answer {
	metrics := r.wanted[f.Container]
	if len(metrics) == 0 {
		metrics = f.Metrics
	}
	var out []*serve.Answer
	for _, m := range metrics {
		if f.Column(m) < 0 {
			continue // absent says so
		}
		began := time.Now()
		one, err := models.PredictAt(ctx, *f, "", r.horizons, m)
		took := time.Since(began)
		r.mu.Lock()
		r.seen[f.Container], r.seen[f.Container+"\x00"+m] = true, true
		if err != nil {
			r.fail(f.Container, m, err)
		} else {
			out = append(out, one...)
			r.done(one[0], took)
		}
		r.mu.Unlock()
	}
	r.judge(ctx, models, f, out)
	r.mu.Lock()
	r.seen[f.Container] = true
	r.forecasts = append(r.forecasts, out...)
	r.mu.Unlock()
	return out
}

// keep writes a container's latest forecasts, which may be of all that it has.
// Sinks are told of those alone that are the latest: they take each for one of now.
func (r *round) keep(ctx context.Context, container string, forecasts []*serve.Answer, all bool) {
	var kept []*serve.Answer
	err := panics.Catch(func() (err error) {
		kept, err = r.latest(ctx, container, forecasts, all)
		return err
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.fail(container, "", err)
		return
	}
	if older := len(forecasts) - len(kept); older > 0 {
		r.in.Log.Info("newer forecasts stay", "container", container, "older", older)
	}
	r.latests = append(r.latests, kept...)
}

func (r *round) done(f *serve.Answer, took time.Duration) {
	d := event.Done{Container: f.Container, Metric: f.Metric, Model: f.At[0].Model, Reasons: f.Reasons().Names(), Millis: float64(took.Microseconds()) / 1000}
	r.answer.Add(d)
	r.in.Log.Debug("forecast", "container", d.Container, "metric", d.Metric, "model", d.Model, "reason", f.Reasons().String(), "ms", d.Millis)
	if f.Reasons()&forecast.Fallback != 0 {
		r.in.Metrics.Add("Fallbacks", "Count", 1)
	}
	for _, name := range d.Reasons {
		r.in.Metrics.AddReason("ForecastReasons", name, 1)
	}
}

func (r *round) fail(container, metric string, err error) {
	reason, retry := batch.Reason(err)
	f := event.Failure{Container: container, Metric: metric, Reason: reason, Error: err.Error(), Retry: retry}
	r.answer.Fail(f)
	r.in.Metrics.AddReason("Failures", reason, 1)
	r.in.Log.Error("no forecast", "container", container, "metric", metric, "reason", reason, "retry", retry, "error", err.Error(), batch.Stack(err))
}

// absent says which items there are no samples of, or which were not reached.
func (r *round) absent() {
	for _, item := range r.batch.Items {
		if r.failed[item.Container] {
			continue
		}
		if !r.seen[item.Container] {
			if r.stopped {
				r.answer.Remaining = append(r.answer.Remaining, item)
			} else {
				r.fail(item.Container, "", forecast.ErrEmpty)
			}
			continue
		}
		for _, m := range item.Metrics {
			if !r.seen[item.Container+"\x00"+m] {
				r.fail(item.Container, m, forecast.ErrMetric)
			}
		}
	}
	slices.SortFunc(r.forecasts, func(a, b *serve.Answer) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Metric, b.Metric))
	})
}

// push hands the forecasts on. A sink has half of the time that is left, so that
// there is some for the answer.
func (r *round) push(ctx context.Context) {
	if len(r.latests) == 0 {
		return
	}
	slices.SortFunc(r.latests, func(a, b *serve.Answer) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Metric, b.Metric))
	})
	for _, sink := range r.Sinks {
		most := r.SinkTime
		if !r.in.Deadline.IsZero() {
			most = min(most, time.Until(r.in.Deadline)/2)
		}
		began := time.Now()
		one, cancel := context.WithTimeout(ctx, most)
		err := panics.Catch(func() error { return sink.Push(one, r.in, r.latests) })
		cancel()
		r.in.Metrics.Add("PushDuration", "Milliseconds", float64(time.Since(began).Microseconds())/1000)
		r.in.Metrics.Add("PushErrors", "Count", 0)
		if err != nil {
			r.answer.Fail(event.Failure{Reason: event.Sink, Error: "not handed to " + sink.Name + ": " + err.Error()})
			r.in.Log.Error("not pushed", "to", sink.Name, "reason", event.Sink, "error", err.Error(), batch.Stack(err))
			r.in.Metrics.Add("PushErrors", "Count", 1)
			r.in.Metrics.AddReason("Failures", event.Sink, 1)
			continue
		}
		r.in.Metrics.Add("Pushed", "Count", float64(len(r.latests)))
	}
}

// Of makes items of the files of samples that a notification names.
func (p *Forecaster) Of(ctx context.Context, keys []string) ([]event.Item, error) {
	series, err := p.Lake.SeriesIn(ctx, keys)
	if err != nil {
		return nil, err
	}
	var out []event.Item
	for _, c := range slices.Sorted(maps.Keys(series)) {
		out = append(out, event.Item{Container: c})
	}
	return out, nil
}
