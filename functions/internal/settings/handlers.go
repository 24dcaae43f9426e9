package settings

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/foretide/foretide/functions/internal/answering"
	"github.com/foretide/foretide/functions/internal/batch"
	"github.com/foretide/foretide/functions/internal/damage"
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/lake"
	"github.com/foretide/foretide/functions/internal/planning"
	"github.com/foretide/foretide/functions/internal/predicting"
	"github.com/foretide/foretide/functions/internal/training"
)

const (
	day  = 24 * time.Hour
	year = 366 * day
)

// Common opens the storage and reads what all functions are set with.
func Common() (e *Env, s *Storage, l *lake.Lake, err error) {
	e = &Env{Get: os.Getenv}
	if s, err = Open(context.Background()); err != nil {
		return nil, nil, nil, err
	}
	l = &lake.Lake{
		Objects:  s.Objects,
		Shards:   e.Number("FORETIDE_SHARDS", 16, 1, 9999),
		MaxBytes: int64(e.Number("FORETIDE_MAX_MB", lake.DefaultMaxBytes>>20, 1, 8192)) << 20,
	}
	return e, s, l, nil
}

// Margin is how long before the deadline work that can be kept in part stops.
func Margin() time.Duration {
	d, err := time.ParseDuration(os.Getenv("FORETIDE_MARGIN"))
	if err != nil || d <= 0 {
		return 30 * time.Second
	}
	return d
}

// Train is the handler of the function train.
func Train() (invoke.Handler, error) {
	e, s, l, err := Common()
	if err != nil {
		return nil, err
	}
	configs := &Configs{Objects: s.Objects, Environ: os.Environ()}
	t := &training.Trainer{
		Lake: l, Store: s.Store, Config: configs.Of, Now: time.Now,
		History:   e.Duration("FORETIDE_HISTORY", 63*day, time.Hour, 3*year),
		MaxValues: e.Number("FORETIDE_MAX_VALUES", 1<<23, 1, 1<<30),
	}
	w := &batch.Worker{Name: "train", Objects: s.Objects, Do: t.Train, Items: training.Drifted}
	return w.Handle, e.Err
}

// models are those of the store, kept between invocations.
func (e *Env) models(s *Storage) *predicting.Models {
	return &predicting.Models{
		Store: s.Store, Every: e.Duration("FORETIDE_REFRESH", 30*time.Second, 0, day),
		Memory: int64(e.Number("FORETIDE_MODELS_MB", e.modelsMB(), 1, 8192)) << 20,
	}
}

// modelsMB is a quarter of the function's memory: samples and the runtime have the
// rest.
func (e *Env) modelsMB() int {
	mb, err := strconv.Atoi(e.Get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil {
		mb = 256
	}
	return max(mb/4, 1)
}

// window is how far back forecasts look: eight days, and what the step rounds.
func (e *Env) window() time.Duration {
	return e.Duration("FORETIDE_WINDOW", 9*day, time.Minute, 400*day)
}

// Predict is what the function predict works with, before it has sinks.
func Predict() (e *Env, f *predicting.Forecaster, w *batch.Worker, err error) {
	e, s, l, err := Common()
	if err != nil {
		return nil, nil, nil, err
	}
	f = &predicting.Forecaster{Lake: l, Latest: s.Latest, Models: e.models(s), Window: e.window(), Now: time.Now}
	return e, f, &batch.Worker{Name: "predict", Objects: s.Objects, Do: f.Predict, Items: f.Of}, nil
}

// Forecast is the handler of the function forecast.
func Forecast() (invoke.Handler, error) {
	e, s, l, err := Common()
	if err != nil {
		return nil, err
	}
	a := &answering.Answerer{Lake: l, Models: e.models(s), Window: e.window(), Now: time.Now}
	return damage.Watched(a.Handle), e.Err
}

// Plan is the handler of the function plan.
func Plan() (invoke.Handler, error) {
	e, s, l, err := Common()
	if err != nil {
		return nil, err
	}
	configs := &Configs{Objects: s.Objects, Environ: os.Environ()}
	p := &planning.Planner{
		Lake: l, Store: s.Store, Config: configs.Of, Now: time.Now,
		MaxAge:       e.Duration("FORETIDE_MAX_AGE", planning.DefaultMaxAge, 0, year),
		Recent:       e.Duration("FORETIDE_RECENT", 2*time.Hour, time.Minute, 31*day),
		TrainBatch:   e.Number("FORETIDE_TRAIN_BATCH", 20, 1, 10_000),
		PredictBatch: e.Number("FORETIDE_PREDICT_BATCH", 200, 1, 10_000),
		Concurrency:  e.Number("FORETIDE_CONCURRENCY", 50, 1, 10_000),
	}
	return p.Handle, e.Err
}
