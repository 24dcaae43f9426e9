// Package fleet trains the models of many containers and metrics, as the
// configuration says, into checkpoints in a store.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/panics"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// A Job is one model to train: a metric of a container. Jobs of a model that
// serves all containers are trained together where they have the same
// configuration (the same pointer) and step.
type Job struct {
	Frame  *series.Frame // the container's history
	Config *config.Config
}

// A Result is the outcome of a job: a report and a checkpoint, or why there is
// none.
type Result struct {
	Container, Metric string
	Report            train.Report // of a shared model, the container's part of it
	Name              string       // of the checkpoint in the store
	Bytes             int          // of the checkpoint
	Shared            bool         // the checkpoint serves other containers too
	Unchanged         bool         // it was there already (Options.Unchanged); there is no report
	Took              time.Duration
	Err               error
	Start             time.Time // of the job, or of the group that it was trained in
}

// Options are what Train takes beside jobs and store. The zero value trains on
// one core, in silence.
type Options struct {
	Workers  int            // containers trained at the same time; 0 is 1
	Progress func(Progress) // may be nil
	// Done is called with each job that has ended, and its index; may be nil. It
	// and Progress are never called at the same time.
	Done func(int, *Result)
	// Stop ends the work: a training by epochs with the best that there is by
	// then, which is judged and stored all the same, others at once. Train then
	// returns context.Canceled. It may be nil.
	Stop func() bool
	// Resume goes on from the state that an interrupted training by epochs left
	// in the store, where there is one.
	Resume bool
	// Unchanged leaves models alone whose checkpoint in the store is of the same
	// history, configuration and version: the training would give it again. Models
	// that learn from several metrics are trained all the same.
	Unchanged bool
	// Trained is judged, calibrated and stored in the place of models of its
	// family, which are not trained then; nil for none.
	Trained *Trained
}

// Progress tells how far a training is.
type Progress struct {
	What        string          // "training", or which model is being trained by epochs
	Done, Total int             // jobs, or windows of a model that is trained by epochs
	Epoch       *forecast.Event // the end of an epoch; Done and Total are then 0
	Job         int             // whose model is trained by epochs: a job's index, -1 for that of several, or Pooled
	Metric      string          // of that model; "" of one that learns from all metrics
	Loss        float64         // on the windows that it is trained on, of late; NaN where there is none
}

// Pooled is the job of a model that learns from all jobs of its kind together.
const Pooled = -2

// Train trains every job and puts the checkpoints into the store. One job's
// failure does not stop the others: it is in its result. Results are in the order
// of the jobs. A context that ends stops the work early with its error; what was
// stored by then is whole.
func Train(ctx context.Context, jobs []Job, store store.Bucket, o Options) ([]Result, error) {
	f := &fleet{ctx: ctx, jobs: jobs, store: store, o: o, out: make([]Result, len(jobs))}
	single, long, groups := f.groups()
	f.each(single)
	for _, i := range long {
		if f.ended() {
			break
		}
		f.one(i, true)
	}
	f.shares = groups
	f.pool(groups)
	for _, g := range groups {
		if f.ended() {
			break
		}
		f.shared(g)
		for _, i := range g {
			f.done(i)
		}
	}
	if f.ended() && ctx.Err() == nil {
		return f.out, context.Canceled
	}
	return f.out, ctx.Err()
}

// ended reports whether the work is to end.
func (f *fleet) ended() bool { return f.ctx.Err() != nil || f.o.Stop != nil && f.o.Stop() }

type fleet struct {
	ctx   context.Context
	jobs  []Job
	store store.Bucket
	o     Options
	out   []Result
	mu    sync.Mutex

	shares [][]int           // the groups of jobs that share a model
	pooled forecast.Refitter // what has learnt from all jobs of such models
}

func (f *fleet) tell(p Progress) {
	if f.o.Progress != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.o.Progress(p)
	}
}

// done passes on what a job came to.
func (f *fleet) done(i int) {
	if f.o.Done != nil && f.out[i].Metric != "" {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.o.Done(i, &f.out[i])
	}
}

// each trains jobs that have a model of their own.
func (f *fleet) each(jobs []int) {
	var (
		next = make(chan int)
		wg   sync.WaitGroup
		mu   sync.Mutex
		done int
	)
	for range min(max(f.o.Workers, 1), len(jobs)) {
		wg.Go(func() {
			for i := range next {
				f.one(i, false)
				mu.Lock()
				done++
				f.tell(Progress{What: "training", Done: done, Total: len(jobs), Job: -1, Loss: math.NaN()})
				mu.Unlock()
			}
		})
	}
	for _, i := range jobs {
		if f.ended() {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
}

// Failure returns the errors of the results where none has a checkpoint, or
// where one could not be stored: a full disk is no trait of a container. It is
// nil otherwise.
func Failure(results []Result) error {
	var all, unstored []error
	for i := range results {
		if results[i].Err == nil {
			continue
		}
		all = append(all, results[i].Err)
		var store *store.Error
		if errors.As(results[i].Err, &store) {
			unstored = append(unstored, results[i].Err)
		}
	}
	if len(all) == len(results) {
		return errors.Join(all...)
	}
	return errors.Join(unstored...)
}

// one trains a job's own model.
func (f *fleet) one(i int, long bool) {
	start := time.Now()
	f.out[i] = f.fitted(i, long)
	f.out[i].Start = start
	f.done(i)
}

// fitted trains and stores a job's own model; a long training tells how far it
// is, and can be resumed. A panic is the job's failure and no other's.
func (f *fleet) fitted(i int, long bool) (r Result) {
	j := f.jobs[i]
	r = Result{Container: j.Frame.Container, Metric: j.Config.MetricName}
	began := time.Now()
	defer func() { r.Took = time.Since(began) }()
	r.Err = panics.Catch(func() error { return f.own(i, long, &r) })
	if p := new(panics.Error); errors.As(r.Err, &p) {
		r.Err = j.wrap(r.Err)
	}
	return r
}

// own trains and stores a job's own model.
func (f *fleet) own(i int, long bool, r *Result) (err error) {
	j := f.jobs[i]
	if f.o.Unchanged && f.unchanged(j, r) {
		return nil
	}
	opts := f.options(j.Config)
	if !long {
		opts.Interrupt = f.ended
	} else {
		key := loader.Key{Metric: j.Config.MetricName, Container: j.Frame.Container}
		if err := f.keep(&opts, key, j.Frame.Step, i, "of "+j.Frame.Container); err != nil {
			return err
		}
	}
	var checkpoint *codec.Checkpoint
	if checkpoint, r.Report, err = f.fit(j, opts); err != nil {
		return err
	}
	r.Name = loader.KeyOf(checkpoint).Name()
	if r.Bytes, err = loader.Save(f.ctx, f.store, checkpoint); err != nil {
		return err
	}
	if long {
		f.forget(loader.KeyOf(checkpoint), j.Frame.Step, &r.Report)
	}
	return nil
}

// unchanged reports whether the store has what a training of the job would give,
// and says so in the result.
func (f *fleet) unchanged(j Job, r *Result) bool {
	history, err := observed(j.Frame, j.Config.MetricName)
	if err != nil {
		return false
	}
	key := loader.Key{Metric: j.Config.MetricName, Container: j.Frame.Container}
	return f.same(key, j.Config, []series.Frame{history}, r)
}

// same reports whether the store has a checkpoint of the key that a training on
// the histories would give again, and says so in the result.
func (f *fleet) same(key loader.Key, c *config.Config, histories []series.Frame, r *Result) bool {
	stored, err := loader.Read(f.ctx, f.store, key)
	if err != nil {
		return false // there is none, or none that serves
	}
	p := &stored.Provenance
	if p.Version != loader.Version || p.Config != c.YAML() || p.Seed != c.Training.Seed ||
		p.Status == forecast.Interrupted.String() || p.DataDigest != digest(histories, key.Metric) {
		return false
	}
	r.Name, r.Unchanged, r.Shared = key.Name(), true, key.Container == ""
	r.Report.Model, r.Report.Points = p.Model, int(p.Points)
	return true
}

// options are those of every fit.
func (f *fleet) options(c *config.Config) forecast.Options {
	return forecast.Options{Seed: c.Training.Seed, Stop: f.o.Stop, Interrupt: func() bool { return f.ctx.Err() != nil }}
}

func (f *fleet) fit(j Job, opts forecast.Options) (*codec.Checkpoint, train.Report, error) {
	history, err := observed(j.Frame, j.Config.MetricName)
	if err != nil {
		return nil, train.Report{}, j.wrap(err)
	}
	task, err := Task(j.Config, history.Step)
	if err != nil {
		return nil, train.Report{}, j.wrap(err)
	}
	trainer, err := f.trainer(j.Config)
	if err != nil {
		return nil, train.Report{}, err
	}
	fitted, report, err := trainer.Config.Fit(trainer.Model, []series.Frame{history}, task, opts)
	switch {
	case f.ctx.Err() != nil:
		return nil, report, f.ctx.Err()
	case errors.Is(err, forecast.ErrInterrupted), opts.Interrupted():
		return nil, report, context.Canceled
	case err != nil:
		return nil, report, j.wrap(err)
	}
	return loader.NewCheckpoint(fitted, history.Container, provenance(j.Config, []series.Frame{history}, &report)), report, nil
}

func (j *Job) wrap(err error) error {
	return fmt.Errorf("%s of %s: %w", j.Config.MetricName, j.Frame.Container, err)
}

// observed cuts the frame to the cells from the first to the last observed
// one of the metric, so that the shares of training and validation are shares
// of the data that there are.
func observed(f *series.Frame, metric string) (series.Frame, error) {
	s, ok := f.Series(metric)
	if !ok {
		return series.Frame{}, forecast.ErrMetric
	}
	t := s.Trim()
	if t.Len() == 0 {
		return series.Frame{}, forecast.ErrEmpty
	}
	from := s.Index(t.Start)
	return f.Slice(from, from+t.Len()), nil
}
