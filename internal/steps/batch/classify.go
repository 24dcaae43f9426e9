package batch

import (
	"errors"
	"log/slog"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/panics"
	"github.com/foretide/foretide/loader/store"
)

// Reason gives the machine-readable reason of an error, one of package event's,
// and whether the same may succeed another time: httpapi.Reason, and what is
// too large or damaged.
func Reason(err error) (reason string, retry bool) {
	reason, retry = httpapi.Reason(err)
	switch {
	case reason == event.Deadline || reason == event.NoData:
	case errors.Is(err, lake.ErrTooLarge) || errors.Is(err, parquet.ErrTooLarge):
		return event.TooLarge, false
	case reason == event.Invalid:
	case errors.Is(err, store.ErrDamaged) || errors.Is(err, parquet.ErrFile):
		return event.Checkpoint, false
	}
	return reason, retry
}

// Stack is what a log has beside an error: where it happened, if that was a panic,
// else nothing.
func Stack(err error) slog.Attr {
	if p := new(panics.Error); errors.As(err, &p) {
		return slog.String("stack", string(p.Stack))
	}
	return slog.Attr{}
}
