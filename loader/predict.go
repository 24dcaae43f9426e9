package loader

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
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
// that of the network in the box and says that (NoCheckpoint).
//
// The error is a *PredictError: of a *MetricError, *HorizonError or
// *StepError, forecast.ErrEmpty, or what is wrong with the checkpoint.
func (p *Predictor) Predict(ctx context.Context, frame series.Frame, container string, horizon time.Duration, metrics ...string) ([]*forecast.Forecast, error) {
	return p.PredictAt(ctx, frame, container, []time.Duration{horizon}, metrics...)
}

// PredictAt is Predict for several horizons, which must ascend; without any, it
// is for all that the model has.
func (p *Predictor) PredictAt(ctx context.Context, frame series.Frame, container string, horizons []time.Duration, metrics ...string) ([]*forecast.Forecast, error) {
	if container == "" {
		container = frame.Container
	}
	if len(metrics) == 0 {
		metrics = frame.Metrics
	}
	var work worker
	out := make([]*forecast.Forecast, 0, len(metrics))
	for _, m := range metrics {
		k := Key{Metric: m, Container: container}
		f, err := p.predict(ctx, &work, &frame, k, horizons)
		if err != nil {
			return nil, &PredictError{k, err}
		}
		out = append(out, f)
	}
	return out, nil
}

// PredictAll forecasts the metrics, or all where there are none named, of
// every frame that has them, on several cores. A forecast has all the horizons
// of the model that serves, or those of WithHorizons where none does. What
// fails is left out: the error is the *PredictErrors of all of it, joined, and
// the forecasts are good nevertheless. They are in the order of the frames, and
// of the metrics within each.
func (p *Predictor) PredictAll(ctx context.Context, frames []series.Frame, metrics ...string) ([]*forecast.Forecast, error) {
	jobs := predictJobs(frames, metrics)
	forecasts := make([]*forecast.Forecast, len(jobs))
	errs := make([]error, len(jobs))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(p.opts.workers, len(jobs)) {
		wg.Go(func() {
			var work worker
			for i := range next {
				f, err := p.predict(ctx, &work, jobs[i].frame, jobs[i].key, nil)
				if err != nil {
					err = &PredictError{jobs[i].key, err}
				}
				forecasts[i], errs[i] = f, err
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
	return slices.DeleteFunc(forecasts, func(f *forecast.Forecast) bool { return f == nil }), errors.Join(errs...)
}

type predictJob struct {
	frame *series.Frame
	key   Key
}

func predictJobs(frames []series.Frame, metrics []string) []predictJob {
	var jobs []predictJob
	for i := range frames {
		f := &frames[i]
		names := metrics
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
	dst    forecast.Forecast
	frame  *series.Frame // whose windows these are
	needs  forecast.Needs
	step   int64
	window forecast.Window
}

// predict forecasts one metric at the horizons, or at all of the model's where
// there are none named.
func (p *Predictor) predict(ctx context.Context, w *worker, frame *series.Frame, k Key, horizons []time.Duration) (*forecast.Forecast, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if frame.Len() == 0 {
		return nil, forecast.ErrEmpty
	}
	if frame.Column(k.Metric) < 0 {
		return nil, &MetricError{k.Metric, frame.Metrics}
	}
	model, why, err := p.Model(ctx, k.Container, k.Metric)
	if err != nil {
		return nil, err
	}
	if model == nil {
		if model, err = p.standIn(k.Metric, frame.Step, horizons, why); err != nil {
			return nil, err
		}
		why = 0 // the stand-in says it itself
	}
	spec := model.Spec()
	if spec.Step%frame.Step != 0 {
		return nil, &StepError{seconds(frame.Step), seconds(spec.Step)}
	}
	if err := w.cut(frame, spec); err != nil {
		return nil, err
	}
	w.window.Recent.Container = k.Container // a shared model looks it up
	if err := model.Forecast(&w.dst, &w.window); err != nil {
		return nil, err
	}
	out := &forecast.Forecast{Container: k.Container, Metric: k.Metric, Origin: w.dst.Origin, Levels: w.dst.Levels}
	if out.At, err = pick(&w.dst, spec, horizons); err != nil {
		return nil, err
	}
	for i := range out.At {
		out.At[i].Reasons |= why
	}
	return out, nil
}

// cut makes w's window the one at the frame's end, at the model's step, unless
// it is already.
func (w *worker) cut(frame *series.Frame, spec *forecast.Spec) error {
	if w.frame == frame && w.needs == spec.Needs && w.step == spec.Step {
		return nil
	}
	if err := serve.Cut(&w.window, frame, spec); err != nil {
		w.frame = nil
		return err
	}
	w.frame, w.needs, w.step = frame, spec.Needs, spec.Step
	return nil
}

// standIn returns the model that serves a metric without a checkpoint.
func (p *Predictor) standIn(metric string, step int64, horizons []time.Duration, why forecast.Reasons) (forecast.Fitted, error) {
	ahead, err := wholeSeconds(horizons, step)
	if err != nil {
		return nil, err
	}
	fallback := make([]int64, len(p.opts.horizons))
	for i, h := range p.opts.horizons {
		fallback[i] = int64(h / time.Second)
	}
	m, err := serve.StandIn(metric, step, ahead, fallback, why)
	if err != nil {
		return nil, horizonError(err)
	}
	if p.opts.host != nil {
		return p.opts.host.standIn(m), nil
	}
	return m, nil
}

// pick returns copies of the forecast's horizons: the named ones, or all.
func pick(f *forecast.Forecast, spec *forecast.Spec, horizons []time.Duration) ([]forecast.Horizon, error) {
	ahead, err := wholeSeconds(horizons, spec.Step)
	if err != nil {
		err.(*HorizonError).Available = durations(spec.Horizons)
		return nil, err
	}
	out, err := serve.Pick(nil, f, spec, ahead)
	return out, horizonError(err)
}

// wholeSeconds returns durations as seconds; the error is a *HorizonError.
func wholeSeconds(horizons []time.Duration, step int64) ([]int64, error) {
	var out []int64
	for _, d := range horizons {
		if d%time.Second != 0 {
			return nil, &HorizonError{Horizon: d, Step: seconds(step)}
		}
		out = append(out, int64(d/time.Second))
	}
	return out, nil
}

// horizonError returns the error of the core with durations for its seconds.
func horizonError(err error) error {
	var e *serve.HorizonError
	if errors.As(err, &e) {
		return &HorizonError{Horizon: seconds(e.Ahead), Available: durations(e.Available), Step: seconds(e.Step)}
	}
	return err
}
