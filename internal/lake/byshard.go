package lake

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/parquet"
)

// Order is that in which ByShard reads containers: by their shards, then by name.
func Order(l *Lake, a, b string) int {
	return cmp.Or(ShardOf(a, l.Shards)-ShardOf(b, l.Shards), strings.Compare(a, b))
}

// ByShard calls do with the frame of each named container that has samples, in
// Order, as Lake.ReadByShard does; but containers that there is too much of for
// what one reading may hold, or for one frame, are each passed to fail, and the
// reading goes on with the others. An error of do ends it.
func ByShard(ctx context.Context, l *Lake, q Query, do func(series.Frame) error, fail func(container string, err error)) error {
	r := shardReader{lake: l, query: q, do: do, fail: fail}
	return r.read(ctx, slices.SortedFunc(slices.Values(q.Containers), func(a, b string) int { return Order(l, a, b) }))
}

type shardReader struct {
	lake  *Lake
	query Query
	do    func(series.Frame) error
	fail  func(container string, err error)
}

// read reads containers, which are in Order: at first all of them, as to list what
// there is costs requests; and then, where that was too much, in parts.
func (r *shardReader) read(ctx context.Context, containers []string) error {
	q := r.query
	q.Containers = slices.Sorted(slices.Values(containers))
	last, stopped := "", false
	err := r.lake.ReadByShard(ctx, q, func(f series.Frame) error {
		last = f.Container
		err := r.do(f)
		stopped = err != nil
		return err
	})
	span := new(series.SpanError)
	if err == nil || stopped || !errors.Is(err, ErrTooLarge) && !errors.Is(err, parquet.ErrTooLarge) && !errors.As(err, &span) {
		return err
	}
	for last != "" && len(containers) > 0 && Order(r.lake, containers[0], last) <= 0 {
		containers = containers[1:] // read, or without samples
	}
	parts := r.apart(containers, err)
	if len(parts) == 1 {
		for _, c := range containers {
			r.fail(c, err)
		}
		return nil
	}
	for _, part := range parts {
		if err := r.read(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// apart returns containers, all of which could not be read, in parts some of which
// may be: by shards, or, within one, in halves. Files that are too large are of all
// containers of a shard: that is one part.
func (r *shardReader) apart(containers []string, err error) (parts [][]string) {
	for i, c := range containers {
		if i == 0 || ShardOf(c, r.lake.Shards) != ShardOf(containers[i-1], r.lake.Shards) {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], c)
	}
	if half := len(containers) / 2; len(parts) == 1 && half > 0 && !errors.Is(err, ErrTooLarge) {
		return [][]string{containers[:half], containers[half:]}
	}
	return parts
}
