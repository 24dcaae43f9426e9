package forecast

// Reasons is a set of reasons why a forecast, or one of its horizons, is less
// than the model's best. The empty set is a forecast as the model meant it.
// The bits are part of the binary interfaces: they are only ever added to.
type Reasons uint32

// The reasons. Their names, as String gives them, are part of every output.
const (
	// ShortHistory ("short_history"): there was too little history to fit or
	// to validate the model; a naive one stands in.
	ShortHistory Reasons = 1 << iota
	// ShortWindow ("short_window"): the recent part of the window is shorter
	// than the model asks for.
	ShortWindow
	// NoLong ("no_long"): the long part of the window is missing or shorter
	// than the model asks for, so daily and weekly patterns are known less well.
	NoLong
	// AllMissing ("all_missing"): the window has no observed value; the
	// forecast is the level that the model was fitted on.
	AllMissing
	// Constant ("constant"): the window, or the history at fitting, has a
	// single value, which is the forecast.
	Constant
	// Stale ("stale"): the last observed value is older than the shortest
	// horizon; the forecast bridges the time since.
	Stale
	// NotBetter ("not_better"): on the validation part the model did not beat
	// persistence; a naive forecast stands in for it.
	NotBetter
	// Shrunk ("shrunk"): the validation part chose a weight below one for the
	// model; the rest is the last value.
	Shrunk
	// NotFinite ("not_finite"): the model's own numbers were not finite; a
	// naive forecast stands in.
	NotFinite
	// FitFailed ("fit_failed"): estimation failed; a naive forecast stands in.
	FitFailed
	// NoCheckpoint ("no_checkpoint"): no checkpoint serves this container and
	// metric; the network in the box stands in, or a naive forecast.
	NoCheckpoint
	// SharedModel ("shared_model"): the container has no checkpoint of its
	// own; the metric's shared one serves it.
	SharedModel
	// Uncalibrated ("uncalibrated"): there were too few out-of-sample errors
	// to calibrate the intervals; they are the model's own or a rough guess.
	Uncalibrated
	// Interpolated ("interpolated_horizon"): the horizon is not one that the
	// model was fitted for; it lies between two that are.
	Interpolated
	// NoInput ("no_input"): the window has no value of a column that the model
	// reads beside the metric; the last one of the history stands in.
	NoInput
	// NoHour ("no_hour"): the window does not reach back to the target's minute
	// of the hour before, which the model compares the present with.
	NoHour
	// NoDay ("no_day"): the window knows nothing of the target's time a day
	// before, within a quarter of an hour.
	NoDay
	// NoWeek ("no_week"): the window knows nothing of the target's time a week
	// before, within a quarter of an hour.
	NoWeek
)

var reasonNames = [...]string{
	"short_history", "short_window", "no_long", "all_missing", "constant",
	"stale", "not_better", "shrunk", "not_finite", "fit_failed",
	"no_checkpoint", "shared_model", "uncalibrated", "interpolated_horizon",
	"no_input", "no_hour", "no_day", "no_week",
}

// Fallback are the reasons for which another model than the one asked for
// made the forecast.
const Fallback = ShortHistory | AllMissing | Constant | NotBetter | NotFinite | FitFailed | NoCheckpoint

// Has reports whether all reasons of r2 are in r.
func (r Reasons) Has(r2 Reasons) bool { return r&r2 == r2 }

// Names returns the machine-readable names of the reasons, in bit order; nil
// for the empty set.
func (r Reasons) Names() []string {
	var out []string
	for i, name := range reasonNames {
		if r&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// String returns the names joined by commas; "" for the empty set.
func (r Reasons) String() string {
	s := ""
	for _, name := range r.Names() {
		if s != "" {
			s += ","
		}
		s += name
	}
	return s
}
