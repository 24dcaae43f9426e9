package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretide/foretide/infra/parquet"
)

// A Lake is the samples in object storage. Files are never changed: more
// samples are more files, which Compact puts together. Where two files have a
// value for the same moment, the one that was written later counts.
type Lake struct {
	Objects Objects
	// Shards is how many files the containers of a period are spread over, so
	// that reading one container does not read all; at least 1. It may be
	// changed at any time.
	Shards int
	// MaxBytes bounds the files that one Read holds; more is ErrTooLarge.
	MaxBytes int64
}

// DefaultMaxBytes is a MaxBytes that fits a function with 256 MB: a day of 1,000
// containers with four metrics every five minutes is about 10 MB.
const DefaultMaxBytes = 112 << 20

const day = 86400

// contentType is that of Parquet files.
const contentType = "application/vnd.apache.parquet"

// Write stores samples of the time [from, to), in Unix seconds: all that there
// are in it. They are sorted. To write the same again changes nothing. It
// returns the keys of the files.
func (l *Lake) Write(ctx context.Context, from, to int64, samples []parquet.Sample) ([]string, error) {
	slices.SortFunc(samples, parquet.Compare)
	type part struct {
		day   int64
		shard int
	}
	parts := map[part][]parquet.Sample{}
	for _, s := range samples {
		t := s.Time / 1000
		if t < from || t >= to {
			return nil, fmt.Errorf("a sample of %s at %d is outside of the time %d to %d", s.Container, t, from, to)
		}
		p := part{t / day * day, ShardOf(s.Container, l.Shards)}
		parts[p] = append(parts[p], s)
	}
	var keys []string
	for _, p := range slices.SortedFunc(maps.Keys(parts), func(a, b part) int { return int(a.day-b.day) + a.shard - b.shard }) {
		f := File{Shard: p.shard, Shards: l.Shards, From: max(from, p.day), To: min(to, p.day+day)}
		key, err := l.put(ctx, f, parts[p])
		if err != nil {
			return keys, err
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys, nil
}

func (l *Lake) put(ctx context.Context, f File, samples []parquet.Sample) (string, error) {
	data, err := parquet.AppendSamples(nil, samples)
	if err != nil {
		return "", err
	}
	key := f.name(data)
	return key, l.Objects.Put(ctx, key, data, contentType)
}

// Files returns the files that may have samples of the time [from, to), by the
// time they were written.
func (l *Lake) Files(ctx context.Context, from, to int64) ([]File, error) {
	first := from / day * day
	days := make([][]Object, max(0, (to-first+day-1)/day))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range days {
		g.Go(func() (err error) {
			days[i], err = l.Objects.List(ctx, DayFolder(first+int64(i)*day))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []File
	for _, objects := range days {
		for _, o := range objects {
			if f, ok := parseFile(o); ok && f.To > from && f.From < to {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b File) int {
		if c := a.Modified.Compare(b.Modified); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out, nil
}

// fetch returns the bytes of files, checked.
func (l *Lake) fetch(ctx context.Context, files []File) ([][]byte, error) {
	total := int64(0)
	for i := range files {
		total += files[i].Size
	}
	if total > l.MaxBytes {
		return nil, fmt.Errorf("%w: the samples take %d bytes in %d files, the limit is %d; ask for fewer containers at a time or keep them in more shards",
			ErrTooLarge, total, len(files), l.MaxBytes)
	}
	out := make([][]byte, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range files {
		g.Go(func() error {
			var err error
			out[i], err = l.fetchOne(ctx, &files[i])
			return err
		})
	}
	return out, g.Wait()
}

func (l *Lake) fetchOne(ctx context.Context, f *File) ([]byte, error) {
	data, err := l.Objects.Get(ctx, f.Key, f.Size)
	if err == nil && digest(data) != f.digest {
		err = fmt.Errorf("%s: %w: its bytes are not what its name says", f.Key, ErrDamaged)
	}
	return data, err
}

// attempts is how often files are listed anew that are gone: what compaction
// removes is in a file that it wrote before.
const attempts = 3

// open returns readers of files, in the order of Files: of those that are known,
// or, where that is nil, of those that there are.
func (l *Lake) open(ctx context.Context, known []File, from, to int64, wanted func(*File) bool, first, last string) ([]*parquet.Reader, error) {
	for attempt := 1; ; attempt++ {
		files := slices.Clone(known)
		if known == nil || attempt > 1 {
			var err error
			if files, err = l.Files(ctx, from, to); err != nil {
				return nil, err
			}
		}
		files = slices.DeleteFunc(files, func(f File) bool { return !wanted(&f) })
		data, err := l.fetch(ctx, files)
		if errors.Is(err, ErrNotFound) && attempt < attempts {
			continue
		} else if err != nil {
			return nil, err
		}
		readers := make([]*parquet.Reader, len(data))
		for i := range data {
			if readers[i], err = parquet.Open(data[i], first, last); err != nil {
				return nil, fmt.Errorf("%s: %w", files[i].Key, err)
			}
		}
		return readers, nil
	}
}

// Series returns the metrics of each container that has samples in the time
// [from, to), sorted.
func (l *Lake) Series(ctx context.Context, from, to int64) (map[string][]string, error) {
	readers, err := l.open(ctx, nil, from, to, func(*File) bool { return true }, "", "")
	if err != nil {
		return nil, err
	}
	return seriesOf(readers, from, to)
}

// SeriesIn returns the metrics of each container that the named files have
// samples of. Keys of no such file, and files that are gone, are passed over.
func (l *Lake) SeriesIn(ctx context.Context, keys []string) (map[string][]string, error) {
	var readers []*parquet.Reader
	for _, key := range keys {
		f, ok := parseFile(Object{Key: key, Size: parquet.MaxFile})
		if !ok {
			continue
		}
		data, err := l.fetchOne(ctx, &f)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		var r *parquet.Reader
		if err == nil {
			r, err = parquet.Open(data, "", "")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		readers = append(readers, r)
	}
	return seriesOf(readers, math.MinInt32, math.MaxInt32)
}

func seriesOf(readers []*parquet.Reader, from, to int64) (map[string][]string, error) {
	out := map[string][]string{}
	for _, r := range readers {
		err := each(r, func(run parquet.Run) {
			have := out[run.Container]
			within := run.Times[0] < to*1000 && run.Times[len(run.Times)-1] >= from*1000
			if i, found := slices.BinarySearch(have, run.Metric); within && !found {
				out[run.Container] = slices.Insert(have, i, run.Metric)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Compact puts the files of each shard of a day together where there are more
// than most of them, and removes them then. It returns how many files it
// replaced. Whoever reads meanwhile, or compacts too, finds everything.
func (l *Lake) Compact(ctx context.Context, t int64, most int) (int, error) {
	from := t / day * day
	files, err := l.Files(ctx, from, from+day)
	if err != nil {
		return 0, err
	}
	type group struct{ shard, shards int }
	groups := map[group][]File{}
	for _, f := range files {
		g := group{f.Shard, f.Shards}
		groups[g] = append(groups[g], f)
	}
	replaced := 0
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int { return (a.shards-b.shards)*maxShards + a.shard - b.shard }) {
		if len(groups[g]) <= most {
			continue
		}
		n, err := l.compact(ctx, groups[g])
		replaced += n
		if err != nil && !errors.Is(err, ErrNotFound) { // another one compacts
			return replaced, err
		}
	}
	return replaced, nil
}

func (l *Lake) compact(ctx context.Context, files []File) (int, error) {
	data, err := l.fetch(ctx, files)
	if err != nil {
		return 0, err
	}
	at := map[parquet.Sample]float64{} // by what names a sample: the later file's value stays
	whole := File{Shard: files[0].Shard, Shards: files[0].Shards, From: files[0].From, To: files[0].To}
	for i := range data {
		whole.From, whole.To = min(whole.From, files[i].From), max(whole.To, files[i].To)
		r, err := parquet.Open(data[i], "", "")
		if err == nil {
			err = each(r, func(run parquet.Run) {
				for k, t := range run.Times {
					at[parquet.Sample{Container: run.Container, Metric: run.Metric, Time: t}] = run.Values[k]
				}
			})
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", files[i].Key, err)
		}
	}
	samples := make([]parquet.Sample, 0, len(at))
	for s, v := range at {
		s.Value = v
		samples = append(samples, s)
	}
	slices.SortFunc(samples, parquet.Compare)
	key, err := l.put(ctx, whole, samples)
	if err != nil {
		return 0, err
	}
	for i := range files {
		if files[i].Key == key {
			continue
		}
		if err := l.Objects.Delete(ctx, files[i].Key); err != nil {
			return i, err
		}
	}
	return len(files), nil
}

// Day returns the first second of the day that t is in.
func Day(t time.Time) int64 { return t.Unix() / day * day }
