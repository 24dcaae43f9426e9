package naive

import (
	"github.com/foretide/foretide/core/forecast"
)

// Name is the family of these models.
const Name = "naive"

// Config is the configuration of the naive family. Take Defaults and change
// what is needed; every field is taken literally.
type Config struct {
	// Members is the most predictors that the forecast of a horizon mixes, the
	// last value included, at least 1. Two are a predictor and its weight
	// towards the last value.
	Members int
	// Parts is the number of equal parts that a mix is made of: its weights are
	// multiples of 1/Parts or of 1/n with n below it. At least 1.
	Parts int
	// Halving is the share of the history, back from its end, after which an
	// error counts half; 0 lets all count alike.
	Halving float64
	// Scaling is the power of recent volatility that an error is divided by,
	// from 0 (all errors alike) to 1 (relative errors): without it the few
	// busiest hours choose for all.
	Scaling float64
	// MaxRows is about the most origins that are used of the history. They are
	// spread over all of it and over every phase of the hour.
	MaxRows int
}

// Defaults returns the settings of the published results (benchmarks/README.md).
func Defaults() Config {
	return Config{Members: 6, Parts: 12, Halving: 0.35, Scaling: 0.5, MaxRows: 8000}
}

// Name returns "naive".
func (Config) Name() string { return Name }

// Global returns false: a fit serves one container.
func (Config) Global() bool { return false }

// NeedsOf returns what the predictors need of the past at a full step: six
// hours (at least 25 and at most 1,441 cells) and eight days of the long part.
func NeedsOf(step int64) forecast.Needs {
	long := forecast.LongStep(step)
	return forecast.Needs{
		Recent:   int(min(max(6*hour/step+1, 25), 1441)),
		Long:     int((8*day + hour) / long),
		LongStep: long,
	}
}
