package loader

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/network/general"
	"github.com/foretide/foretide/core/series"
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
	w.cut(frame, spec)
	if w.window.Recent.Len() == 0 {
		return nil, forecast.ErrEmpty
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
func (w *worker) cut(frame *series.Frame, spec *forecast.Spec) {
	if w.frame == frame && w.needs == spec.Needs && w.step == spec.Step {
		return
	}
	w.frame, w.needs, w.step = frame, spec.Needs, spec.Step
	// What the model does not look at need not be coarsened.
	span := max(int64(spec.Needs.Recent+1)*spec.Step, int64(spec.Needs.Long+1)*spec.Needs.LongStep)
	n := frame.Len()
	tail := frame.Slice(n-min(n, int(span/frame.Step)+1), n)
	if spec.Step != frame.Step {
		tail = series.CoarsenFrame(&tail, spec.Step)
	}
	w.window = forecast.WindowOf(&tail, spec.Needs)
}

// standIn returns the model for a metric without a checkpoint: the network in the
// box, or for horizons further ahead than it knows the naive one.
func (p *Predictor) standIn(metric string, step int64, horizons []time.Duration, why forecast.Reasons) (forecast.Fitted, error) {
	task := forecast.Task{
		Metric: metric, Step: step, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(metric),
	}
	for _, h := range horizons {
		s := int64(h / time.Second)
		if h <= 0 || h%time.Second != 0 || s%step != 0 {
			return nil, &HorizonError{Horizon: h, Step: seconds(step)}
		}
		task.Horizons = append(task.Horizons, s)
	}
	if len(horizons) == 0 {
		for _, h := range p.opts.horizons {
			s := (int64(h/time.Second) + step - 1) / step * step
			task.Horizons = append(task.Horizons, max(s, step))
		}
	}
	slices.Sort(task.Horizons)
	task.Horizons = slices.Compact(task.Horizons)
	why |= forecast.Uncalibrated
	if n := len(task.Horizons); n <= network.MaxHorizons && task.Horizons[n-1] <= general.LongestHorizon {
		f, err := general.Bind(task)
		if err != nil {
			return nil, err
		}
		return f.Because(why), nil
	}
	return naive.Unfitted(task, why), nil
}

// pick returns copies of the forecast's horizons: the named ones, or all.
func pick(f *forecast.Forecast, spec *forecast.Spec, horizons []time.Duration) ([]forecast.Horizon, error) {
	var out []forecast.Horizon
	if len(horizons) == 0 {
		for _, h := range f.At {
			h.Quantiles = slices.Clone(h.Quantiles)
			out = append(out, h)
		}
		return out, nil
	}
	for _, d := range horizons {
		ahead := int64(d / time.Second)
		i, exact := slices.BinarySearch(spec.Horizons, ahead)
		switch {
		case d%time.Second != 0 || !exact && (i == 0 || i == len(spec.Horizons) || ahead%spec.Step != 0):
			return nil, &HorizonError{Horizon: d, Available: durations(spec.Horizons), Step: seconds(spec.Step)}
		case exact:
			h := f.At[i]
			h.Quantiles = slices.Clone(h.Quantiles)
			out = append(out, h)
		default:
			out = append(out, between(&f.At[i-1], &f.At[i], ahead))
		}
	}
	return out, nil
}

// between returns the forecast for a time between two horizons, linear in it.
func between(a, b *forecast.Horizon, ahead int64) forecast.Horizon {
	t := float64(ahead-a.Ahead) / float64(b.Ahead-a.Ahead)
	h := *b
	h.Ahead, h.Mean = ahead, (1-t)*a.Mean+t*b.Mean
	h.Reasons |= a.Reasons | forecast.Interpolated
	h.Quantiles = make([]float64, len(b.Quantiles))
	for i := range h.Quantiles {
		h.Quantiles[i] = (1-t)*a.Quantiles[i] + t*b.Quantiles[i]
	}
	return h
}
