package predict

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/loader/store"
)

// Folder is where forecasts are, in a folder for each day.
const Folder = "forecasts/"

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
		if err := e.Encode(httpapi.ForecastOf(f)); err != nil {
			return err
		}
	}
	name := Folder + "day=" + r.until.UTC().Format(time.DateOnly) + "/" + r.until.UTC().Format("150405") + "-" + r.batchName()
	for suffix, file := range map[string][]byte{".parquet": table, ".jsonl": lines.Bytes()} {
		kind := map[string]string{".parquet": "application/vnd.apache.parquet", ".jsonl": "application/x-ndjson"}[suffix]
		if err := r.Lake.Objects.Put(ctx, name+suffix, file, store.ContentType(kind)); err != nil {
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
