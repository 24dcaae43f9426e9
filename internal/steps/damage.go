package steps

import (
	"context"
	"sync"

	"github.com/foretide/foretide/internal/lake"
)

// Watch returns a context with which an invocation passes over damaged files. Each
// is an error in the log, once, and one more in the metric DamagedFiles.
func Watch(ctx context.Context, in *Invocation) context.Context {
	var told sync.Map
	return lake.Reporting(ctx, func(key string, err error) {
		if _, twice := told.LoadOrStore(key, true); twice {
			return
		}
		in.Log.Error("damaged file is passed over", "key", key, "error", err.Error())
		in.Metrics.Add("DamagedFiles", "Count", 1)
	})
}

// Watched is a handler that does so.
func Watched(h Handler) Handler {
	return func(ctx context.Context, in *Invocation, payload []byte) (any, error) {
		return h(Watch(ctx, in), in, payload)
	}
}
