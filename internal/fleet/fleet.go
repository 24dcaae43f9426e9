// Package fleet trains the models of many containers and metrics, as the
// configuration says, into checkpoints in a store.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/family"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// A Job is one model to train: a metric of a container.
type Job struct {
	Frame  *series.Frame // the container's history
	Config *config.Config
}

// A Result is the outcome of a job: a report and a checkpoint, or why there is
// none.
type Result struct {
	Container, Metric string
	Report            train.Report
	Name              string // of the checkpoint in the store
	Bytes             int    // of the checkpoint
	Err               error
}

// Train trains every job on the given number of goroutines and puts the
// checkpoints into the store. One job's failure does not stop the others: it
// is in its result. Results are in the order of the jobs. A context that ends
// stops the work early with its error; what was stored by then is whole.
// Progress, which may be nil, is called after each job, never twice at the
// same time.
func Train(ctx context.Context, jobs []Job, store loader.Store, workers int, progress func(done, total int)) ([]Result, error) {
	var (
		out  = make([]Result, len(jobs))
		next = make(chan int)
		wg   sync.WaitGroup
		mu   sync.Mutex
		done int
	)
	for range min(workers, len(jobs)) {
		wg.Go(func() {
			for i := range next {
				out[i] = trainOne(ctx, jobs[i], store)
				mu.Lock()
				done++
				if progress != nil {
					progress(done, len(jobs))
				}
				mu.Unlock()
			}
		})
	}
	for i := range jobs {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return out, ctx.Err()
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
		var store *loader.StoreError
		if errors.As(results[i].Err, &store) {
			unstored = append(unstored, results[i].Err)
		}
	}
	if len(all) == len(results) {
		return errors.Join(all...)
	}
	return errors.Join(unstored...)
}

func trainOne(ctx context.Context, j Job, store loader.Store) Result {
	r := Result{Container: j.Frame.Container, Metric: j.Config.MetricName}
	var checkpoint *codec.Checkpoint
	checkpoint, r.Report, r.Err = Fit(ctx, j)
	if r.Err == nil {
		r.Name = loader.KeyOf(checkpoint).Name()
		r.Bytes, r.Err = loader.Save(ctx, store, checkpoint)
	}
	return r
}

// Fit trains one job's model and returns it as a checkpoint that says where
// it comes from. The same job gives the same bytes.
func Fit(ctx context.Context, j Job) (*codec.Checkpoint, train.Report, error) {
	history, err := observed(j.Frame, j.Config.MetricName)
	if err != nil {
		return nil, train.Report{}, j.wrap(err)
	}
	task, err := j.Config.Task(history.Step)
	if err != nil {
		return nil, train.Report{}, j.wrap(err)
	}
	trainer, err := family.Configured(j.Config)
	if err != nil {
		return nil, train.Report{}, err
	}
	opts := forecast.Options{Seed: j.Config.Training.Seed, Interrupt: func() bool { return ctx.Err() != nil }}
	fitted, report, err := trainer.Config.Fit(trainer.Model, []series.Frame{history}, task, opts)
	switch {
	case ctx.Err() != nil:
		return nil, report, ctx.Err()
	case err != nil:
		return nil, report, j.wrap(err)
	}
	return loader.NewCheckpoint(fitted, history.Container, provenance(j.Config, &history, &report)), report, nil
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
