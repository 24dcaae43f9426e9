package plan

import (
	"os"
	"time"

	"github.com/foretide/foretide/internal/steps"
)

// FromEnv is the handler of the function plan.
func FromEnv() (steps.Handler, error) {
	e, s, l, err := steps.Common()
	if err != nil {
		return nil, err
	}
	configs := &steps.Configs{Objects: s.Objects, Environ: os.Environ()}
	p := &Planner{
		Lake: l, Store: s.Store, Config: configs.Of, Now: time.Now,
		MaxAge:       e.Duration("FORETIDE_MAX_AGE", DefaultMaxAge, 0, steps.Year),
		Recent:       e.Duration("FORETIDE_RECENT", 2*time.Hour, time.Minute, 31*steps.Day),
		TrainBatch:   e.Number("FORETIDE_TRAIN_BATCH", 20, 1, 10_000),
		PredictBatch: e.Number("FORETIDE_PREDICT_BATCH", 200, 1, 10_000),
		Concurrency:  e.Number("FORETIDE_CONCURRENCY", 50, 1, 10_000),
	}
	return p.Handle, e.Err
}
