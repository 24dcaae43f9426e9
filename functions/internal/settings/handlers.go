package settings

import (
	"context"
	"os"
	"time"

	"github.com/foretide/foretide/functions/internal/answering"
	"github.com/foretide/foretide/functions/internal/batch"
	"github.com/foretide/foretide/functions/internal/collecting"
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

// common opens the storage and reads what all functions are set with.
func common() (e *env, s *Storage, l *lake.Lake, err error) {
	e = &env{get: os.Getenv}
	if s, err = Open(context.Background()); err != nil {
		return nil, nil, nil, err
	}
	l = &lake.Lake{
		Objects:  s.Objects,
		Shards:   e.number("FORETIDE_SHARDS", 16, 1, 9999),
		MaxBytes: int64(e.number("FORETIDE_MAX_MB", lake.DefaultMaxBytes>>20, 1, 8192)) << 20,
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
	e, s, l, err := common()
	if err != nil {
		return nil, err
	}
	configs := &Configs{Objects: s.Objects, Environ: os.Environ()}
	t := &training.Trainer{
		Lake: l, Store: s.Store, Config: configs.Of, Now: time.Now,
		History:   e.duration("FORETIDE_HISTORY", 63*day, time.Hour, 3*year),
		MaxValues: e.number("FORETIDE_MAX_VALUES", 1<<23, 1, 1<<30),
	}
	w := &batch.Worker{Name: "train", Objects: s.Objects, Do: t.Train, Items: training.Drifted}
	return w.Handle, e.err
}

// models are those of the store, kept between invocations.
func (e *env) models(s *Storage) *predicting.Models {
	return &predicting.Models{Store: s.Store, Every: e.duration("FORETIDE_REFRESH", 30*time.Second, 0, day)}
}

// window is how far back forecasts look: eight days, and what the step rounds.
func (e *env) window() time.Duration {
	return e.duration("FORETIDE_WINDOW", 9*day, time.Minute, 400*day)
}

// Predict is the handler of the function predict.
func Predict() (invoke.Handler, error) {
	e, s, l, err := common()
	if err != nil {
		return nil, err
	}
	f := &predicting.Forecaster{Lake: l, Models: e.models(s), Window: e.window(), Now: time.Now}
	w := &batch.Worker{Name: "predict", Objects: s.Objects, Do: f.Predict, Items: f.Of}
	return w.Handle, e.err
}

// Forecast is the handler of the function forecast.
func Forecast() (invoke.Handler, error) {
	e, s, l, err := common()
	if err != nil {
		return nil, err
	}
	a := &answering.Answerer{Lake: l, Models: e.models(s), Window: e.window(), Now: time.Now}
	return a.Handle, e.err
}

// Plan is the handler of the function plan.
func Plan() (invoke.Handler, error) {
	e, s, l, err := common()
	if err != nil {
		return nil, err
	}
	configs := &Configs{Objects: s.Objects, Environ: os.Environ()}
	p := &planning.Planner{
		Lake: l, Store: s.Store, Config: configs.Of, Now: time.Now,
		MaxAge:       e.duration("FORETIDE_MAX_AGE", day, 0, year),
		Recent:       e.duration("FORETIDE_RECENT", 2*time.Hour, time.Minute, 31*day),
		TrainBatch:   e.number("FORETIDE_TRAIN_BATCH", 20, 1, 10_000),
		PredictBatch: e.number("FORETIDE_PREDICT_BATCH", 200, 1, 10_000),
	}
	return p.Handle, e.err
}

// Collect is the handler of the function collect.
func Collect() (invoke.Handler, error) {
	e, _, l, err := common()
	if err != nil {
		return nil, err
	}
	c := &collecting.Collector{
		Lake: l, Source: e.source(), Now: time.Now,
		First:      e.duration("FORETIDE_COLLECT_FIRST", 9*day, time.Minute, 400*day),
		Chunk:      e.duration("FORETIDE_COLLECT_CHUNK", 6*time.Hour, time.Minute, 31*day),
		Delay:      e.duration("FORETIDE_COLLECT_DELAY", time.Minute, 0, day),
		MaxSamples: e.number("FORETIDE_MAX_SAMPLES", 3_000_000, 1, 1<<28),
	}
	return c.Handle, e.err
}
