package abi

import (
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
)

// A Status is what a call came to: zero or positive where it did what it was
// asked, negative where it did not.
type Status int32

// The failures. Their numbers are part of the interface and only ever added to.
const (
	OK            Status = 0
	BadPointer    Status = -1  // not a buffer of foretide_alloc, or longer than it
	BadHandle     Status = -2  // no checkpoint is loaded under the handle
	BadRequest    Status = -3  // the request's bytes are cut, or impossible
	TooLarge      Status = -4  // a limit is exceeded
	NotCheckpoint Status = -5  // the bytes do not begin as a checkpoint does
	Damaged       Status = -6  // the checkpoint was cut or changed
	BadVersion    Status = -7  // a newer format, compression or kind of model
	BadModel      Status = -8  // intact, and yet no model could have written it
	NoMetric      Status = -9  // the data have no column of the metric
	BadStep       Status = -10 // the data's step does not fit the model's
	NoData        Status = -11 // the data have no cell
	BadHorizon    Status = -12 // the model has no forecast for the horizon
	NotUpdatable  Status = -13 // the model has no calibration to update
	Internal      Status = -14 // a fault of the guest
)

var statusNames = [...]string{
	"ok", "bad_pointer", "bad_handle", "bad_request", "too_large", "not_checkpoint", "damaged", "bad_version",
	"bad_model", "no_metric", "bad_step", "no_data", "bad_horizon", "not_updatable", "internal",
}

// String returns the machine-readable name: "bad_request" …
func (s Status) String() string {
	if i := -int64(s); i >= 0 && i < int64(len(statusNames)) {
		return statusNames[i]
	}
	return "status_" + strconv.FormatInt(int64(s), 10)
}

// An Error is a call that failed in the guest.
type Error struct {
	Status  Status
	Message string // what the guest said
}

// Error returns the guest's message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "abi: " + e.Status.String()
	}
	return e.Message
}

// Is makes an Error the same sentinel as the error of the native core.
func (e *Error) Is(target error) bool {
	if t, ok := target.(*Error); ok {
		return t.Status == e.Status
	}
	for _, s := range sentinels {
		if s.err == target {
			return s.status == e.Status
		}
	}
	return false
}

// sentinels says which status an error has. The first that matches counts.
var sentinels = [...]struct {
	err    error
	status Status
}{
	{codec.ErrNotCheckpoint, NotCheckpoint},
	{codec.ErrDamaged, Damaged},
	{codec.ErrVersion, BadVersion},
	{models.ErrKind, BadVersion},
	{forecast.ErrMetric, NoMetric},
	{forecast.ErrStep, BadStep},
	{forecast.ErrEmpty, NoData},
	{forecast.ErrHorizon, BadHorizon},
	{models.ErrMismatch, BadModel},
	{codec.ErrHeader, BadModel},
	{codec.ErrTruncated, BadModel},
	{codec.ErrMalformed, BadModel},
	{models.ErrNested, BadModel},
	{forecast.ErrPayload, BadModel},
	{forecast.ErrLevels, BadModel},
}

// StatusOf returns the status of an error; otherwise is that of one which no
// sentinel names.
func StatusOf(err error, otherwise Status) Status {
	for e := err; e != nil; e = unwrap(e) {
		if e, ok := e.(*Error); ok {
			return e.Status
		}
	}
	for _, s := range sentinels {
		for e := err; e != nil; e = unwrap(e) {
			if is, ok := e.(interface{ Is(error) bool }); e == s.err || ok && is.Is(s.err) {
				return s.status
			}
		}
	}
	return otherwise
}

// unwrap is errors.Unwrap. The errors of the core are pointers and wrap one
// error at most; package errors would bring reflection into the guest.
func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}
