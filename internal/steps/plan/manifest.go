package plan

import (
	"context"
	"slices"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader/store"
)

// An entry of a manifest is an event.Batch with all that the state machine reads.
type entry struct {
	Items   []event.Item `json:"items"`
	Run     string       `json:"run"`
	Until   time.Time    `json:"until"`
	Drift   bool         `json:"drift"`
	Batch   int          `json:"batch"`
	Attempt int          `json:"attempt"`
}

// manifest writes the items as a list of batches.
func (r *round) manifest(ctx context.Context, run, name string, items []event.Item, size int) (Manifest, error) {
	m := Manifest{Key: steps.RunFolder + run + "/" + name + ".json"}
	batches := []entry{}
	for _, items := range r.batches(items, size) {
		for i := range items {
			m.Series += len(items[i].Metrics)
		}
		batches = append(batches, entry{Items: items, Run: run, Until: r.until, Drift: r.event.Train && name == "predict", Batch: len(batches)})
	}
	m.Batches = len(batches)
	data, err := json.Marshal(batches)
	if err != nil {
		return m, err
	}
	return m, r.Lake.Objects.Put(ctx, m.Key, data, store.ContentType("application/json"))
}

// batches splits items, which are in the order of their shards, into batches. A
// batch is of whole shards, or of a part of one: what it reads is then no more
// than the files of one shard, or of as many containers as it has. A model that
// containers share is a batch of its own.
func (r *round) batches(items []event.Item, size int) [][]event.Item {
	var out [][]event.Item
	open := false // the last batch takes more
	for len(items) > 0 {
		n := r.sameShard(items)
		last := len(out) - 1
		if open && items[0].Container != "" && len(out[last])+n <= size {
			out[last] = append(out[last], items[:n]...)
		} else {
			open = items[0].Container != "" && n <= size
			for part := range slices.Chunk(items[:n], size) {
				out = append(out, slices.Clone(part))
			}
		}
		items = items[n:]
	}
	return out
}

// sameShard returns how many of the first items are of the first one's shard.
func (r *round) sameShard(items []event.Item) int {
	if items[0].Container == "" {
		return 1
	}
	shard := lake.ShardOf(items[0].Container, r.Lake.Shards)
	n := slices.IndexFunc(items, func(i event.Item) bool { return lake.ShardOf(i.Container, r.Lake.Shards) != shard })
	if n < 0 {
		return len(items)
	}
	return n
}
