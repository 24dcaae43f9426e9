package predict

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// LatestFolder has the latest forecasts of each container: CONTAINER.json.
const LatestFolder = "latest/"

const (
	maxLatest   = 32 << 20 // bytes of a container's latest forecasts
	latestTries = 20       // writes against others who write the same
)

// A Latest is the latest forecasts of a container.
type Latest struct {
	Container string             `json:"container"`
	Forecasts []httpapi.Forecast `json:"forecasts"` // by metric
}

// LatestName returns the key of a container's latest forecasts. Its name is
// written as in a checkpoint's.
func LatestName(container string) string {
	name := loader.Key{Metric: "m", Container: container}.Name()
	return LatestFolder + strings.TrimSuffix(strings.TrimPrefix(name, "m/"), ".ckpt") + ".json"
}

// latest writes the latest forecasts of a container and returns those that are:
// of each metric the one whose data end later stays, whoever wrote it. The runs of
// a fleet forecast from what there was when they were planned; meanwhile shorter
// ones may have forecast from what came since.
func (r *round) latest(ctx context.Context, container string, forecasts []*serve.Answer, all bool) ([]*serve.Answer, error) {
	key := LatestName(container)
	for attempt := 1; ; attempt++ {
		before, object, err := r.Lake.Objects.Get(ctx, key, maxLatest)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		out, kept := merge(container, before, forecasts, all)
		if len(kept) == 0 {
			return nil, nil
		}
		data, err := json.Marshal(out)
		if err != nil {
			return nil, err
		}
		if attempt > 1 && bytes.Equal(data, before) {
			return kept, nil // it was written, and the answer was lost
		}
		err = r.Lake.Objects.Put(ctx, key, data, store.ContentType("application/json"), store.IfMatch(object.Revision))
		if err == nil || !errors.Is(err, store.ErrChanged) || attempt == latestTries {
			return kept, err
		}
		pause(ctx, attempt)
	}
}

// merge returns the latest forecasts of a container after some were made, and
// those of them that are in it. Where they are of all metrics that it has samples
// of, metrics without samples go.
func merge(container string, before []byte, made []*serve.Answer, all bool) (Latest, []*serve.Answer) {
	var there Latest
	if json.Unmarshal(before, &there) != nil || there.Container != container {
		there.Forecasts = nil // none yet, or none that can be read
	}
	stays := map[string]httpapi.Forecast{}
	for _, f := range there.Forecasts {
		stays[f.Metric] = f
	}
	out := Latest{Container: container}
	var kept []*serve.Answer
	newest := time.Time{}
	for _, f := range made {
		one := httpapi.ForecastOf(f)
		if one.Origin.After(newest) {
			newest = one.Origin
		}
		if old, ok := stays[f.Metric]; ok && old.Origin.After(one.Origin) {
			continue
		}
		delete(stays, f.Metric)
		kept, out.Forecasts = append(kept, f), append(out.Forecasts, one)
	}
	for _, f := range there.Forecasts {
		if _, ok := stays[f.Metric]; ok && (!all || f.Origin.After(newest)) {
			out.Forecasts = append(out.Forecasts, f)
		}
	}
	return out, kept
}

// pause waits a random time that grows with the attempts, so that writers that met
// do not meet again.
func pause(ctx context.Context, attempt int) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(attempt) * rand.N(20*time.Millisecond)):
	}
}
