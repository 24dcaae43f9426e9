// Package forecast is the contract that every model, host and handler shares:
// window in, quantile forecast out.
//
// Fitting is apart from forecasting. A Model is configuration; fitted to a
// history it gives a Fitted, which is immutable, safe for concurrent use, and
// forecasts from any recent Window. New points need no refit: they are simply
// in the window. A forecast is always finite and inside its metric's bounds,
// names its model, and carries Reasons where it is a fallback.
package forecast

import (
	"errors"

	"github.com/foretide/foretide/core/series"
)

// Errors of Fitted.Forecast and Model.Fit. Data that is short, missing or
// constant is not an error: it gives a forecast with a reason.
var (
	// ErrMetric: the window or the history has no column of the metric.
	ErrMetric = errors.New("forecast: metric is not in the data")
	// ErrStep: the window's step is not the one the model was fitted for.
	ErrStep = errors.New("forecast: window has another step than the model")
	// ErrEmpty: the window or the history has no cell at all.
	ErrEmpty = errors.New("forecast: no data")
	// ErrHorizon: a horizon is not a positive multiple of the step.
	ErrHorizon = errors.New("forecast: horizon is not a positive multiple of the step")
	// ErrInterrupted: Options.Interrupt asked the fit to stop before there was
	// anything worth keeping.
	ErrInterrupted = errors.New("forecast: fit interrupted")
	// ErrState: Options.State is damaged, or of a fit of another
	// configuration, seed or history.
	ErrState = errors.New("forecast: the saved state does not fit this training")
)

// A Task says what is to be forecast.
type Task struct {
	Metric   string
	Step     int64         // seconds between the cells of window and history
	Horizons []int64       // seconds ahead, ascending, multiples of Step
	Levels   []float64     // quantile probabilities, ascending in (0,1), 0.5 among them
	Bounds   series.Bounds // of the metric
}

// Needs says how much of the past a model makes use of. Less is never an
// error: the forecast then carries ShortWindow or NoLong.
type Needs struct {
	Recent   int   // cells at the full step, the origin's included
	Long     int   // cells at LongStep; 0 where the model uses none
	LongStep int64 // seconds, a multiple of the full step
}

// LongStep returns the step of the long part beside a full step: five minutes,
// or the smallest multiple of the step that is not less.
func LongStep(step int64) int64 { return (300 + step - 1) / step * step }

// A Spec describes a fitted model. It is shared: do not modify it.
type Spec struct {
	Task
	Model string // the family: "naive", "arima" …
	Needs Needs
	// Pretrained: the model learned from other containers and serves even where a
	// history is too short to judge it.
	Pretrained bool
	// Learns: the model is an Updater that follows its forecasts' Parts, in the
	// order of their origins, and needs no window for that. Training keeps what it
	// learned while it was judged.
	Learns bool
}

// Fitted is a fitted model. It is immutable and safe for concurrent use.
type Fitted interface {
	// Spec returns the model's description.
	Spec() *Spec
	// Forecast fills dst from a window that ends at the origin. The window
	// may be shorter than the model's needs, have missing values, or lack the
	// long part; dst then says so. dst's storage is reused: a goroutine that
	// keeps its own dst forecasts without allocating. The error is ErrMetric,
	// ErrStep or ErrEmpty, and then dst is not to be read.
	Forecast(dst *Forecast, w *Window) error
	// AppendPayload appends the model's bytes, which the decoder of its Kind
	// turns back into the same model.
	AppendPayload(dst []byte) []byte
	// Kind names the decoder of the payload: "naive.1" …
	Kind() string
}

// A Model is the configuration of a model family.
type Model interface {
	// Name is the family: "naive", "arima" …
	Name() string
	// Global reports whether one fit, to the histories of many containers,
	// serves all of them. Otherwise Fit takes one history and serves only that
	// container.
	Global() bool
	// Fit fits the model to one history or, for a global model, several. It
	// neither modifies nor retains them. It uses all of what it is given:
	// holding data back for validation is the caller's part (core/train).
	Fit(history []series.Frame, task Task, opts Options) (Fitted, Report, error)
}

// A Refitter is a Model that chooses a structure (orders, patterns …) before it
// estimates, and can estimate again without choosing anew. What was validated
// is then what is served.
type Refitter interface {
	Model
	// Refit is Fit with the structure of a model that Fit returned for the
	// same task, mostly for an earlier part of the same history. With Options.Own a
	// global model goes on from its fit to the one container of the history, and
	// returns fitted as it is if its configuration does not ask for that.
	Refit(fitted Fitted, history []series.Frame, task Task, opts Options) (Fitted, Report, error)
	// Renewal returns the seconds after which a served fit is renewed by Refit; 0
	// never. A model that is renewed is also judged so: on the validation part it
	// is refitted to as recent a history as it will be when it serves.
	Renewal() int64
}

// An Updater is a fitted model that follows actual values without a new fit: its
// intervals, the weights of a combination, its own weights. It stays immutable: an
// update gives another model. (It does not name the methods of Fitted: asking a
// model for this interface keeps them all in the WebAssembly guest, which needs
// but some.)
type Updater interface {
	// Update returns the model after it has seen the actual values of the forecasts
	// from a window, and how many of them it used: those of its own horizons that
	// are known. w is nil where only what was forecast is left, which is enough
	// for a model that Learns. Errors are those of Fitted.Forecast.
	Update(w *Window, actuals []Actual) (Fitted, int, error)
	// AppendState appends what updates have changed, from a few bytes a horizon to
	// a few hundred. A model within another appends nothing before its first update.
	AppendState(dst []byte) []byte
	// WithState returns the model with what AppendState gave for it, or for the
	// same model earlier or later. The error is one of core/codec's or ErrPayload.
	WithState(state []byte) (Fitted, error)
}

// A Pooler is a global Model of which one training serves every metric and
// step: it learns from all of them together.
type Pooler interface {
	Model
	// Pool trains on the first part of each history, which leaves the share
	// validation for judging, and again on all of it. The Fit of the model that
	// it returns takes what was learnt from the first part, its Refit what was
	// learnt from all. Histories without a window to learn from are left out.
	Pool(histories []History, horizons []int64, validation float64, opts Options) (Refitter, error)
}

// A History is that of one metric of a container.
type History struct {
	Frame  series.Frame
	Metric string
}

// Options are what every fit takes beside its configuration and data.
type Options struct {
	Seed      uint64      // of every random choice; 0 is a seed like any other
	Interrupt func() bool // polled by long fits; true ends them early; may be nil
	Own       bool        // Refit goes on from a model of all containers to one; Fit ignores it
	// Stop is polled by long fits too: true asks for the best that there is by
	// now, so that it can still be judged and kept; may be nil. A deadline is
	// best met by both, Stop a while before Interrupt.
	Stop     func() bool
	Progress func(Event) // called as a fit advances; may be nil
	// Save is handed the state of a long fit as it advances, to go on from
	// another time; may be nil. The bytes are the callee's to keep. Families
	// whose fits are short never call it.
	Save func(state []byte)
	// State is what Save was last handed by the same fit, interrupted since; nil
	// to begin. With the same history, configuration and seed the result is
	// bit for bit that of a fit that was not interrupted.
	State []byte
}

// Interrupted reports whether the caller asked the fit to stop.
func (o *Options) Interrupted() bool { return o.Interrupt != nil && o.Interrupt() }

// Stopped reports whether the caller asked for the best that there is.
func (o *Options) Stopped() bool { return o.Stop != nil && o.Stop() }

// Emit passes an event to Progress where there is one.
func (o *Options) Emit(e Event) {
	if o.Progress != nil {
		o.Progress(e)
	}
}

// An Event tells how far a long computation has come.
type Event struct {
	Stage string  // "fit", "train", "epoch", "validate", "calibrate" …
	What  string  // what is fitted, for people, where a computation fits several models; mostly ""
	Done  int     // units done
	Total int     // units in all; 0 where unknown
	Loss  float64 // of a model trained by epochs; NaN otherwise
}

// A Report tells how a fit went.
type Report struct {
	Status  Status
	Summary string   // "ARIMA(2,1,2) with drift, AICc 812.4" …
	Points  int      // observed values that were used
	Reasons Reasons  // why the model is less than what was asked for
	Notes   []string // what a user should know: data problems, choices made
	// Losses are the validation losses of a model trained by epochs, from the
	// first epoch on; nil without.
	Losses []float64
}

// Status says how an estimation ended.
type Status uint8

// The ends of an estimation.
const (
	Converged     Status = iota
	NotConverged         // the iteration limit was reached; the best so far is kept
	Interrupted          // Options.Interrupt or Stop; the best so far is kept
	NothingToFit         // the model has nothing to estimate from this history
	EarlyStopping        // validation stopped improving; the best is kept
)

// String returns the status as a machine-readable word.
func (s Status) String() string {
	switch s {
	case Converged:
		return "converged"
	case NotConverged:
		return "not_converged"
	case Interrupted:
		return "interrupted"
	case NothingToFit:
		return "nothing_to_fit"
	case EarlyStopping:
		return "early_stopping"
	}
	return "unknown"
}
