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
	success       Status = 0
	BadPointer    Status = -1  // not a buffer of foretide_alloc, or longer than it
	badHandle     Status = -2  // no checkpoint is loaded under the handle
	badRequest    Status = -3  // the request's bytes are cut, or impossible
	TooLarge      Status = -4  // a limit is exceeded
	notCheckpoint Status = -5  // the bytes do not begin as a checkpoint does
	damaged       Status = -6  // the checkpoint was cut or changed
	badVersion    Status = -7  // a newer format, compression or kind of model
	badModel      Status = -8  // intact, and yet no model could have written it
	noMetric      Status = -9  // the data have no column of the metric
	badStep       Status = -10 // the data's step does not fit the model's
	noData        Status = -11 // the data have no cell
	badHorizon    Status = -12 // the model has no forecast for the horizon
	notUpdatable  Status = -13 // the model cannot be updated
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
	{codec.ErrNotCheckpoint, notCheckpoint},
	{codec.ErrDamaged, damaged},
	{codec.ErrVersion, badVersion},
	{models.ErrKind, badVersion},
	{forecast.ErrMetric, noMetric},
	{forecast.ErrStep, badStep},
	{forecast.ErrEmpty, noData},
	{forecast.ErrHorizon, badHorizon},
	{models.ErrMismatch, badModel},
	{codec.ErrHeader, badModel},
	{codec.ErrTruncated, badModel},
	{codec.ErrMalformed, badModel},
	{models.ErrNested, badModel},
	{forecast.ErrPayload, badModel},
	{forecast.ErrLevels, badModel},
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
