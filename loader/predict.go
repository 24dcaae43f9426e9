package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/panics"
)

// Predict forecasts metrics of a container, the given time ahead of the
// frame's last cell; without metrics, all that the frame has. The frame is the
// container's recent past, as long as there is, at a step that divides the
// models'; missing values are NaN. The container is the one whose checkpoints
// serve, the frame's own where it is "".
//
// There is one forecast for each metric, in their order, with the one horizon
// in At. A horizon between two of a model's lies between their forecasts too,
// and says so (Interpolated). Where no checkpoint serves, the forecast is
// that of the built-in model and says that (NoCheckpoint).
//
// The error is a *PredictError: of a *serve.MetricError, *serve.HorizonError or
// *serve.StepError, forecast.ErrEmpty, or what is wrong with the checkpoint.
func (p *Predictor) Predict(ctx context.Context, frame series.Frame, container string, horizon time.Duration, metrics ...string) ([]*serve.Answer, error) {
	return p.PredictAt(ctx, frame, container, []time.Duration{horizon}, metrics...)
}

// PredictAt is Predict for several horizons, which must ascend; without any, it
// is for all that the model has.
func (p *Predictor) PredictAt(ctx context.Context, frame series.Frame, container string, horizons []time.Duration, metrics ...string) ([]*serve.Answer, error) {
	if container == "" {
		container = frame.Container
	}
	if len(metrics) == 0 {
		metrics = frame.Metrics
	}
	w := p.worker(ctx)
	out := make([]*serve.Answer, 0, len(metrics))
	for _, m := range metrics {
		a, err := w.predict(&frame, Key{Metric: m, Container: container}, horizons)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// A Batch says what PredictAll forecasts of its frames. The zero value is all
// metrics at all horizons.
type Batch struct {
	Metrics []string // nil: all that a frame has
	// Horizons ascend. Nil stands for all of the model that serves, or those of
	// WithHorizons where none does.
	Horizons []time.Duration
	// Done is called with the number of forecasts that are made or have failed, and
	// of all; it may be nil. Calls come from several goroutines, one at a time.
	Done func(done, total int)
}

// PredictAll forecasts every frame, on several cores. A metric that a frame lacks
// is left out, and so is what fails: the error is the *PredictErrors of all of it,
// joined, and the forecasts are good nevertheless. A model that panics fails alone.
// The forecasts are in the order of the frames, and of the metrics within each.
func (p *Predictor) PredictAll(ctx context.Context, frames []series.Frame, b Batch) ([]*serve.Answer, error) {
	jobs := b.jobs(frames)
	answers, errs := make([]*serve.Answer, len(jobs)), make([]error, len(jobs))
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(p.opts.workers, len(jobs)) {
		wg.Go(func() {
			w := p.worker(ctx)
			for i := range next {
				j := &jobs[i]
				answers[i], errs[i] = w.predict(j.frame, j.key, b.Horizons)
				if b.Done != nil {
					mu.Lock()
					done++
					b.Done(done, len(jobs))
					mu.Unlock()
				}
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
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return slices.DeleteFunc(answers, func(a *serve.Answer) bool { return a == nil }), errors.Join(errs...)
}

type predictJob struct {
	frame *series.Frame
	key   Key
}

func (b *Batch) jobs(frames []series.Frame) []predictJob {
	var jobs []predictJob
	for i := range frames {
		f := &frames[i]
		names := b.Metrics
		if len(names) == 0 {
			names = f.Metrics
		}
		for _, m := range names {
			if f.Column(m) >= 0 {
				jobs = append(jobs, predictJob{f, Key{Metric: m, Container: f.Container}})
			}
		}
	}
	return jobs
}

// A worker is what one goroutine keeps from forecast to forecast.
type worker struct {
	engine serve.Engine
	models snapshot
}

func (p *Predictor) worker(ctx context.Context) *worker {
	w := &worker{models: p.snapshot(ctx)}
	w.reset()
	return w
}

// reset gives the worker a new engine.
func (w *worker) reset() {
	o := &w.models.p.opts
	w.engine = serve.Engine{Models: &w.models, Horizons: o.horizons}
	if o.host != nil {
		w.engine.Place = o.host.standIn
	}
}

// predict forecasts one metric of a container. The error is a *PredictError, of a
// *panics.Error where the model panics.
func (w *worker) predict(frame *series.Frame, k Key, horizons []time.Duration) (a *serve.Answer, err error) {
	err = panics.Catch(func() error {
		ctx := w.models.ctx
		if err := ctx.Err(); err != nil {
			return err
		}
		ahead, err := wholeSeconds(horizons)
		if err != nil {
			return err
		}
		w.models = w.models.p.snapshot(ctx) // what Refresh has found since
		out, err := w.engine.Forecast(frame, k.Metric, k.Container, ahead)
		if err == nil {
			a = out.Clone()
		}
		return err
	})
	if err == nil {
		return a, nil
	}
	var panicked *panics.Error
	if errors.As(err, &panicked) {
		w.reset()
	}
	return nil, &PredictError{k, err}
}

// wholeSeconds returns durations as seconds. The error is a forecast.ErrHorizon.
func wholeSeconds(horizons []time.Duration) ([]int64, error) {
	var out []int64
	for _, d := range horizons {
		if d%time.Second != 0 {
			return nil, fmt.Errorf("loader: %w: %v", forecast.ErrHorizon, d)
		}
		out = append(out, int64(d/time.Second))
	}
	return out, nil
}
