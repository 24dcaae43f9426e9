package loader

import (
	"context"
	"slices"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
)

// Update has the models of metrics of a container learn from values that have
// come true: those of the cells of the model's step that end after since. Each is held
// against what the model says of it now from before: at every one of its
// horizons, from the window that ended so long earlier. Intervals that were left too
// often become wider, others narrower, as fast as time goes by, however often they are
// told. Medians stay, but for a linear model, whose weights follow, and a combination
// (auto), which moves towards the member that was right. Frame, container and metrics
// are those of Predict; a program that forecasts as cells arrive calls Update with
// the same frame, and the time of the first cell that is new to it:
//
//	forecasts, err := p.Predict(ctx, frame, "webapp", 15*time.Minute)
//	…
//	n, err := p.Update(ctx, frame, "webapp", seen) // cells since
//
// It returns how many pairs of a forecast and its value were used. Missing values,
// a last cell of the model's step that the frame does not fill, metrics that no
// checkpoint serves and models without calibration have nothing to teach, and
// count as none. Each value is to be told once.
//
// What was learnt lasts as long as the predictor and its checkpoint, which itself
// is not changed: see State. Forecasts go on meanwhile. The error is a
// *PredictError as Predict's; metrics before the one that failed have learnt.
func (p *Predictor) Update(ctx context.Context, frame series.Frame, container string, since time.Time, metrics ...string) (int, error) {
	if container == "" {
		container = frame.Container
	}
	if len(metrics) == 0 {
		metrics = frame.Metrics
	}
	total := 0
	for _, m := range metrics {
		k := Key{Metric: m, Container: container}
		n, err := p.update(ctx, &frame, k, since.Unix())
		total += n
		if err != nil {
			return total, &PredictError{k, err}
		}
	}
	return total, nil
}

func (p *Predictor) update(ctx context.Context, frame *series.Frame, k Key, since int64) (int, error) {
	if err := serve.Check(frame, k.Metric); err != nil {
		return 0, err
	}
	key, s, _ := p.find(k.Container, k.Metric)
	if s == nil {
		return 0, nil
	}
	s.updating.Lock()
	defer s.updating.Unlock()
	model, err := p.load(ctx, key, s)
	if err != nil {
		return 0, err
	}
	model, n, err := serve.Learn(model, frame, k.Container, since, ctx.Err)
	if n > 0 {
		s.mu.Lock()
		s.model, s.state = model, model.(forecast.Updater).AppendState(nil)
		s.mu.Unlock()
	}
	return n, err
}

// State returns what Update has changed in the calibration of the checkpoint that
// serves a metric of a container: some 80 bytes, of linear and auto some 600, and of a
// checkpoint that many containers share some 100 for each that was updated. It is
// empty where nothing was.
// A program keeps it to go on with Restore when it starts again.
func (p *Predictor) State(container, metric string) []byte {
	_, s, _ := p.find(container, metric)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.state)
}

// Restore sets the calibration of the checkpoint that serves a metric of a
// container to what State gave, natively or hosted, for the same checkpoint. The
// error is a *PredictError: of ErrNoCheckpoint, what is wrong with the checkpoint, or
// forecast.ErrPayload or one of core/codec's where the bytes are not its state.
func (p *Predictor) Restore(ctx context.Context, container, metric string, state []byte) error {
	k := Key{Metric: metric, Container: container}
	key, s, _ := p.find(container, metric)
	if s == nil {
		return &PredictError{k, ErrNoCheckpoint}
	}
	s.updating.Lock()
	defer s.updating.Unlock()
	model, err := p.read(ctx, key, s.name) // as it was before any update
	if err != nil {
		return &PredictError{k, err}
	}
	if len(state) > 0 {
		u, ok := serve.UpdaterOf(model)
		if !ok {
			return &PredictError{k, forecast.ErrPayload}
		}
		if model, err = u.WithState(state); err != nil {
			return &PredictError{k, err}
		}
	}
	s.mu.Lock()
	s.model, s.state = model, slices.Clone(state)
	s.mu.Unlock()
	return nil
}
