package predicting

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/functions/internal/lake"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/forecastjson"
	"github.com/foretide/foretide/loader"
)

// Where forecasts are.
const (
	Folder       = "forecasts/" // a folder for each day
	LatestFolder = "latest/"    // CONTAINER.json: the latest forecasts of each container
)

// maxLatest is the most bytes of a container's latest forecasts.
const maxLatest = 8 << 20

// A Latest is the latest forecasts of a container.
type Latest struct {
	Container string                  `json:"container"`
	Forecasts []forecastjson.Forecast `json:"forecasts"` // by metric
}

// LatestName returns the key of a container's latest forecasts. Its name is
// written as in a checkpoint's.
func LatestName(container string) string {
	name := loader.Key{Metric: "m", Container: container}.Name()
	return LatestFolder + name[len("m/"):len(name)-len(".ckpt")] + ".json"
}

// latest writes the latest forecasts of a container. Where they are not of all
// metrics that it has samples of, those of the others stay.
func (r *round) latest(ctx context.Context, container string, forecasts []*forecast.Forecast, all bool) error {
	out := Latest{Container: container}
	key := LatestName(container)
	fresh := map[string]bool{}
	for _, f := range forecasts {
		fresh[f.Metric] = true
		out.Forecasts = append(out.Forecasts, forecastjson.Of(f))
	}
	if !all {
		var before Latest
		data, err := r.Lake.Objects.Get(ctx, key, maxLatest)
		switch {
		case errors.Is(err, lake.ErrNotFound):
		case err != nil:
			return err
		case json.Unmarshal(data, &before) == nil && before.Container == container:
			for _, f := range before.Forecasts {
				if !fresh[f.Metric] {
					out.Forecasts = append(out.Forecasts, f)
				}
			}
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return r.Lake.Objects.Put(ctx, key, data, "application/json")
}

// write writes the forecasts of the batch as Parquet and as JSON Lines. The same
// batch has the same names.
func (r *round) write(ctx context.Context) error {
	if len(r.forecasts) == 0 {
		return nil
	}
	table, err := parquet.Forecasts(r.forecasts)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	e := json.NewEncoder(&lines)
	for _, f := range r.forecasts {
		if err := e.Encode(forecastjson.Of(f)); err != nil {
			return err
		}
	}
	name := Folder + "day=" + r.until.UTC().Format(time.DateOnly) + "/" + r.until.UTC().Format("150405") + "-" + r.batchName()
	for suffix, file := range map[string][]byte{".parquet": table, ".jsonl": lines.Bytes()} {
		kind := map[string]string{".parquet": "application/vnd.apache.parquet", ".jsonl": "application/x-ndjson"}[suffix]
		if err := r.Lake.Objects.Put(ctx, name+suffix, file, kind); err != nil {
			return err
		}
	}
	r.answer.Files = append(r.answer.Files, name+".parquet", name+".jsonl")
	return nil
}

// batchName tells batches apart.
func (r *round) batchName() string {
	data, err := json.Marshal(r.batch.Items)
	if err != nil {
		panic(err) // text alone
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
