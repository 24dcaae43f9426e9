package lake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

// Compact puts the files of each shard of a day together where there are more
// than most of them, and removes them then. It returns how many files it
// replaced. Whoever reads meanwhile, or compacts too, finds everything. A shard
// that fails keeps its files, and the others go on; so does a damaged file that is
// passed over (see Reporting), which is not read another time.
func (l *Lake) Compact(ctx context.Context, t int64, most int) (int, error) {
	from := t / day * day
	files, err := l.Files(ctx, from, from+day)
	if err != nil {
		return 0, err
	}
	type group struct{ shard, shards int }
	groups := map[group][]File{}
	for _, f := range files {
		known, damaged := l.damaged.Load(f.id())
		if damaged && passOver(ctx, &f, known.(error)) == nil {
			continue
		}
		g := group{f.Shard, f.Shards}
		groups[g] = append(groups[g], f)
	}
	replaced := 0
	var failed []error
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int { return (a.shards-b.shards)*maxShards + a.shard - b.shard }) {
		if len(groups[g]) <= most {
			continue
		}
		n, err := l.compact(ctx, groups[g])
		replaced += n
		if ctx.Err() != nil {
			return replaced, ctx.Err()
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) { // another one compacts
			failed = append(failed, err)
		}
	}
	return replaced, errors.Join(failed...)
}

// A fileID is one state of a file: one that is put back, whole, has another.
type fileID struct {
	name, revision string
	modified       int64
}

func (f *File) id() fileID { return fileID{f.Name, f.Revision, f.Modified.UnixNano()} }

func (l *Lake) compact(ctx context.Context, files []File) (int, error) {
	ctx, damaged := watch(ctx)
	key, err := l.merged(ctx, files)
	good := slices.DeleteFunc(slices.Clone(files), func(f File) bool {
		err, bad := damaged.Load(f.Name)
		if bad {
			l.damaged.Store(f.id(), err)
		}
		return bad
	})
	if err != nil || key == "" {
		return 0, err
	}
	for i := range good {
		if good[i].Name == key {
			continue
		}
		if err := l.Objects.Delete(ctx, good[i].Name); err != nil {
			return i, err
		}
	}
	return len(good), nil
}

// watch returns a context with which the keys of files that are passed over, and
// the errors, are noted too.
func watch(ctx context.Context) (context.Context, *sync.Map) {
	noted := &sync.Map{}
	if report, ok := ctx.Value(reportKey{}).(func(string, error)); ok {
		ctx = Reporting(ctx, func(key string, err error) { noted.Store(key, err); report(key, err) })
	}
	return ctx, noted
}

// A rest is what is left of a file.
type rest struct {
	r   *reader
	run parquet.Run
}

// merged writes what files have as one and returns its key; "" where fewer than
// two can be read.
func (l *Lake) merged(ctx context.Context, files []File) (string, error) {
	data, err := l.fetch(ctx, files)
	if err != nil {
		return "", err
	}
	f := File{Shard: files[0].Shard, Shards: files[0].Shards, From: math.MaxInt64}
	size := 0
	var rests []*rest
	for i := range data {
		r, err := openFile(ctx, &files[i], data[i], "", "")
		if err != nil {
			return "", err
		}
		if r != nil {
			rests = append(rests, &rest{r: r})
			f.From, f.To = min(f.From, files[i].From), max(f.To, files[i].To)
			size += len(data[i])
		}
	}
	if len(rests) < 2 {
		return "", nil
	}
	out := bytes.NewBuffer(make([]byte, 0, size))
	if err := merge(ctx, out, rests); err != nil {
		return "", err
	}
	return l.put(ctx, f, out.Bytes())
}

// merge writes what is left of files, in the order of their writing, as one. It
// holds the samples of one series at a time.
func merge(ctx context.Context, out io.Writer, rests []*rest) error {
	for _, r := range rests {
		if err := r.next(ctx); err != nil {
			return err
		}
	}
	w := parquet.NewWriter(out)
	var samples []parquet.Sample
	for {
		rests = slices.DeleteFunc(rests, func(r *rest) bool { return len(r.run.Times) == 0 })
		if len(rests) == 0 {
			return w.Close()
		}
		first := slices.MinFunc(rests, func(a, b *rest) int { return compareRuns(a.run, b.run) }).run
		c, err := take(ctx, rests, first)
		if err != nil {
			return err
		}
		samples = samples[:0]
		for i, t := range c.times {
			samples = append(samples, parquet.Sample{Container: first.Container, Metric: first.Metric, Time: t, Value: c.values[i]})
		}
		if err := w.Write(samples); err != nil {
			return err
		}
	}
}

// take takes the samples of the series that a run is of.
func take(ctx context.Context, rests []*rest, of parquet.Run) (*column, error) {
	c := &column{}
	for _, r := range rests {
		for len(r.run.Times) > 0 && compareRuns(r.run, of) == 0 {
			for i, t := range r.run.Times {
				if v := r.run.Values[i]; !math.IsNaN(v) {
					c.put(t, v)
				}
			}
			if err := r.next(ctx); err != nil {
				return nil, err
			}
		}
	}
	c.settle()
	return c, nil
}

// next goes to the next run, which has no times at the end.
func (r *rest) next(ctx context.Context) (err error) {
	if r.run, err = r.r.next(ctx); err == io.EOF {
		return nil
	}
	return err
}

func compareRuns(a, b parquet.Run) int {
	return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Metric, b.Metric))
}
