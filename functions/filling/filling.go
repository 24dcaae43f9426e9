// Package filling puts samples into a bucket as collect does, for programs
// outside of this folder that measure the functions.
package filling

import (
	"context"

	"github.com/foretide/foretide/functions/internal/lake"
	"github.com/foretide/foretide/functions/internal/settings"
	"github.com/foretide/foretide/infra/parquet"
)

// Fill stores samples of the time [from, to), in Unix seconds, in the store that
// the environment names (FORETIDE_STORE): all that there are in it, a file for
// each day and shard. They are sorted. It returns how many bytes the files have.
func Fill(ctx context.Context, shards int, from, to int64, samples []parquet.Sample) (int64, error) {
	s, err := settings.Open(ctx)
	if err != nil {
		return 0, err
	}
	l := &lake.Lake{Objects: s.Objects, Shards: shards, MaxBytes: lake.DefaultMaxBytes}
	if _, err := l.Write(ctx, from, to, samples); err != nil {
		return 0, err
	}
	files, err := l.Files(ctx, from, to)
	total := int64(0)
	for i := range files {
		total += files[i].Size
	}
	return total, err
}
