// Package backtest judges forecasters as they would have been used: it walks
// an origin through the last part of each series, forecasts from what was
// known there, and scores what came true (rolling-origin evaluation, Tashman
// 2000, "Out-of-sample tests of forecasting accuracy").
//
// The last TestShare of a metric's grid, from its first to its last observed
// cell, is the test part; everything before it may be used to fit. An origin
// stands every Every seconds through the test part, and each horizon counts
// where both the origin's cell and the target's are observed. A forecast may
// use the origin's cell and everything before it, and nothing later.
package backtest

import (
	"errors"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// ErrNothing is returned by Run where no series has a row to forecast.
var ErrNothing = errors.New("backtest: no series has an origin and a target in its test part")

// Coverage is the nominal coverage of the interval that is scored.
const Coverage = 0.8

// A Trainer makes the models that are judged. It is called from several
// goroutines at once.
type Trainer interface {
	// Name names the forecaster in results and forecast files.
	Name() string
	// Global reports whether one model serves all containers: Train is then
	// given the training parts of all of them, judged or not, once for each
	// metric and step.
	// Otherwise it is given one history and serves that container only.
	Global() bool
	// Train fits a model to what came before the test part. The history is
	// shared: it must not be modified.
	Train(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error)
	// Pooled learns once from what comes before the test parts of all series, of
	// any metric and step, and returns the trainer that has learned; nil if the
	// trainer does not learn that way. Run calls it before Train and does not
	// repeat it for Config.Refit. The histories are shared: they must not be
	// modified.
	Pooled(histories []forecast.History, horizons []int64, opts forecast.Options) (Trainer, error)
	// Renewal returns the seconds after which Renew renews a metric's model between
	// two fits; 0 never.
	Renewal(metric string) int64
	// Renew returns the model renewed by a history that has grown since, which is
	// quicker than Train. Run does not call it for a global trainer.
	Renew(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, error)
}

// Plain is embedded by a Trainer that neither pools nor renews.
type Plain struct{}

// Pooled returns nil.
func (Plain) Pooled([]forecast.History, []int64, forecast.Options) (Trainer, error) {
	return nil, nil
}

// Renewal returns 0.
func (Plain) Renewal(string) int64 { return 0 }

// Renew returns the model as it is.
func (Plain) Renew(f forecast.Fitted, _ []series.Frame, _ forecast.Task, _ forecast.Options) (forecast.Fitted, error) {
	return f, nil
}

// Config says what is scored and how. Take Defaults; every field is taken
// literally.
type Config struct {
	TestShare float64 // the share of each series, at its end, that is tested on; in (0,1)
	Every     int64   // seconds from one origin to the next, > 0; at least a cell
	// Refit is the seconds after which a model is fitted again, to everything
	// before that time; 0 fits once, to what comes before the test part. For a
	// global model, time counts from the start of each series' own test part.
	Refit int64
	// Fixed keeps models as they were fitted: they are not renewed between fits
	// (Trainer.Renew), and their intervals do not follow what comes true
	// (calibrate.Follow).
	Fixed   bool
	Workers int // fits and forecasts at the same time, > 0
	// Task says what is forecast of a metric on a grid of the step (seconds).
	// A task without horizons leaves the series out.
	Task func(metric string, step int64) (forecast.Task, error)
	// Select says which series are judged; nil for all. A global model learns
	// from what comes before the test parts of the others too.
	Select func(container, metric string) bool
}

// Defaults returns the task of the published results: the last 30 %, an
// origin every 35 minutes so that origins fall on every phase of the hour,
// one fit, 5, 15 and 30 minutes ahead; and one worker.
func Defaults() Config {
	return Config{TestShare: 0.3, Every: 2100, Workers: 1, Task: DefaultTask}
}

// DefaultTask forecasts 5, 15 and 30 minutes ahead, as far as these are
// multiples of the step, with the default quantiles and the metric's bounds.
func DefaultTask(metric string, step int64) (forecast.Task, error) {
	t := forecast.Task{Metric: metric, Step: step, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(metric)}
	for _, h := range []int64{300, 900, 1800} {
		if h%step == 0 {
			t.Horizons = append(t.Horizons, h)
		}
	}
	return t, nil
}

// A Row is one forecast of one horizon and what came true.
type Row struct {
	Container, Metric string
	Model             string // Trainer.Name
	Origin, Horizon   int64  // Unix seconds; seconds ahead
	Point             float64
	Lo, Hi            float64 // the central 80 % interval
	Last, Actual      float64 // the values at the origin and at the target
	Quantiles         []float64
	Detail            string // how it was made, for people
	Reasons           forecast.Reasons

	parts []float64 // forecast.Horizon.Parts
}

// A Series is the result for one metric of one container.
type Series struct {
	Container, Metric, Model string
	Step                     int64
	Test, End                int64    // Unix seconds: the test part's first cell, and its end
	Fits                     int      // models fitted
	Summary                  string   // the first fit, for people
	Notes                    []string // of the first fit
	Reasons                  forecast.Reasons
	At                       []Score // one for each horizon, ascending
}

// A Skip is a series that was not judged, and why.
type Skip struct{ Container, Metric, Why string }

// A Result is everything that a run found.
type Result struct {
	Series  []Series // by container and metric, in the order of the frames
	Skipped []Skip
}

// An Error tells which series a run failed on.
type Error struct {
	Container, Metric string
	Err               error
}

// Error names the series and the cause.
func (e *Error) Error() string {
	return "backtest: " + e.Container + " " + e.Metric + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
