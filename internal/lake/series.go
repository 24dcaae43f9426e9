package lake

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

// A catalogue is the metrics of containers, sorted: what files have in the time
// [from, to), in Unix milliseconds. It is made file by file, and safe for
// concurrent use.
type catalogue struct {
	from, to int64
	mu       sync.Mutex
	metrics  map[string][]string
	read     map[string]bool // keys of files
}

func newCatalogue(from, to int64) *catalogue {
	return &catalogue{from: from * 1000, to: to * 1000, metrics: map[string][]string{}, read: map[string]bool{}}
}

// Series returns the metrics of each container that has samples in the time
// [from, to), sorted. However many files there are, it holds MaxBytes of them at a
// time.
func (l *Lake) Series(ctx context.Context, from, to int64) (map[string][]string, error) {
	c := newCatalogue(from, to)
	for attempt := 1; ; attempt++ {
		files, err := l.Files(ctx, from, to)
		if err == nil {
			files = slices.DeleteFunc(files, func(f File) bool { return c.read[f.Name] })
			err = l.catalogue(ctx, c, files)
		}
		switch {
		case errors.Is(err, store.ErrNotFound) && attempt < attempts:
			continue
		case err != nil:
			return nil, err
		}
		return c.metrics, nil
	}
}

// readers is how many files are read for a catalogue at the same time.
const readers = 8

// catalogue adds files to a catalogue, several at a time where they fit.
func (l *Lake) catalogue(ctx context.Context, c *catalogue, files []File) error {
	room := semaphore.NewWeighted(l.MaxBytes)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i := range files {
		f := &files[i]
		if f.Size > l.MaxBytes {
			_, err := l.fetch(ctx, files[i:i+1]) // says so
			return cmp.Or(g.Wait(), err)
		}
		if err := room.Acquire(ctx, f.Size); err != nil {
			return cmp.Or(g.Wait(), err) // one of them has failed, or the time is over
		}
		g.Go(func() error {
			defer room.Release(f.Size)
			return c.add(ctx, l, f)
		})
	}
	return g.Wait()
}

// SeriesIn returns the metrics of each container that the named files have
// samples of. Keys of no such file, and files that are gone, are passed over.
func (l *Lake) SeriesIn(ctx context.Context, keys []string) (map[string][]string, error) {
	c := newCatalogue(math.MinInt32, math.MaxInt32)
	for _, key := range keys {
		f, ok := parseFile(store.Object{Name: key, Size: parquet.MaxFile})
		if !ok {
			continue
		}
		if err := c.add(ctx, l, &f); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return c.metrics, nil
}

// add adds what a file has.
func (c *catalogue) add(ctx context.Context, l *Lake, f *File) error {
	data, err := l.fetchOne(ctx, f)
	if err != nil {
		return passOver(ctx, f, err)
	}
	r, err := openFile(ctx, f, data, "", "")
	if err != nil || r == nil {
		return err
	}
	r.SkipValues()
	for {
		run, err := r.next(ctx)
		if err == io.EOF {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.read[f.Name] = true
			return nil
		} else if err != nil {
			return err
		}
		if run.Times[0] < c.to && run.Times[len(run.Times)-1] >= c.from {
			c.note(run.Container, run.Metric)
		}
	}
}

func (c *catalogue) note(container, metric string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.metrics[container]
	if i, found := slices.BinarySearch(have, metric); !found {
		c.metrics[container] = slices.Insert(have, i, metric)
	}
}
