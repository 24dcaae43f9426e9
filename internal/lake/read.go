package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/parquet"
)

// A Query says which samples are read.
type Query struct {
	Containers []string // sorted; none: all
	From, To   int64    // Unix seconds, To excluded
	// Metrics are read alone; none: all.
	Metrics []string
}

// Read calls do with the frame of each container that has samples, in order of
// their names. The step is inferred as it is of a metrics file
// (series.Clean); gaps are NaN. Frames are do's to keep. An error of do ends
// the reading.
func (l *Lake) Read(ctx context.Context, q Query, do func(series.Frame) error) error {
	return l.read(ctx, nil, q, do)
}

// ReadByShard is Read of named containers, shard after shard and in the order of
// their names within each: only the files of one are held at a time.
func (l *Lake) ReadByShard(ctx context.Context, q Query, do func(series.Frame) error) error {
	known, err := l.Files(ctx, q.From, q.To)
	if err != nil || len(known) == 0 {
		return err
	}
	shards := map[int][]string{}
	for _, c := range q.Containers {
		s := ShardOf(c, l.Shards)
		shards[s] = append(shards[s], c)
	}
	for _, s := range slices.Sorted(maps.Keys(shards)) {
		q.Containers = shards[s]
		if err := l.read(ctx, known, q, do); err != nil {
			return err
		}
	}
	return nil
}

// read is Read, from the files that are known, where that is not nil.
func (l *Lake) read(ctx context.Context, known []File, q Query, do func(series.Frame) error) error {
	first, last := "", ""
	wanted := func(*File) bool { return true }
	if n := len(q.Containers); n > 0 {
		first, last = q.Containers[0], q.Containers[n-1]
		wanted = func(f *File) bool { return slices.ContainsFunc(q.Containers, f.has) }
	}
	readers, err := l.open(ctx, known, q.From, q.To, wanted, first, last)
	if err != nil {
		return err
	}
	m := merger{query: &q}
	for _, r := range readers {
		if err := m.add(ctx, r); err != nil {
			return err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := m.next(ctx)
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, series.ErrNoSamples):
			continue
		case err != nil:
			return err
		}
		if err := do(f); err != nil {
			return err
		}
	}
}

// A merger reads several files side by side, container by container.
type merger struct {
	query   *Query
	cursors []cursor
	columns map[string]*column
}

// A cursor is a file at a run.
type cursor struct {
	r   *reader
	run parquet.Run
}

// A column is the samples of a metric of the container that is read.
type column struct {
	times    []int64 // Unix seconds; milliseconds where files are put together
	values   []float64
	unsorted bool // or with times that come twice
}

// add adds a file with the next one's place in the order of writing.
func (m *merger) add(ctx context.Context, r *reader) error {
	c := cursor{r: r}
	switch err := c.next(ctx, m.query); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	m.cursors = append(m.cursors, c)
	return nil
}

// next goes to the next run that is wanted.
func (c *cursor) next(ctx context.Context, q *Query) (err error) {
	for {
		if c.run, err = c.r.next(ctx); err != nil {
			return err
		}
		if len(q.Containers) > 0 {
			if _, wanted := slices.BinarySearch(q.Containers, c.run.Container); !wanted {
				continue
			}
		}
		if len(q.Metrics) == 0 || slices.Contains(q.Metrics, c.run.Metric) {
			return nil
		}
	}
}

// next returns the frame of the first container that is left; io.EOF where none
// is.
func (m *merger) next(ctx context.Context) (series.Frame, error) {
	if len(m.cursors) == 0 {
		return series.Frame{}, io.EOF
	}
	name := m.cursors[0].run.Container
	for i := range m.cursors {
		name = min(name, m.cursors[i].run.Container)
	}
	m.columns = map[string]*column{}
	for i := 0; i < len(m.cursors); {
		c := &m.cursors[i]
		var err error
		for err == nil && c.run.Container == name {
			m.take(c.run)
			err = c.next(ctx, m.query)
		}
		switch {
		case err == io.EOF:
			m.cursors = slices.Delete(m.cursors, i, i+1)
			continue
		case err != nil:
			return series.Frame{}, err
		}
		i++
	}
	return frame(name, m.columns)
}

// take adds a run to the columns.
func (m *merger) take(run parquet.Run) {
	c := m.columns[run.Metric]
	if c == nil {
		c = &column{}
		m.columns[run.Metric] = c
	}
	for i, ms := range run.Times {
		t := ms / 1000
		if t < m.query.From || t >= m.query.To || math.IsNaN(run.Values[i]) {
			continue
		}
		c.put(t, run.Values[i])
	}
}

// put adds a sample to a column.
func (c *column) put(t int64, v float64) {
	if n := len(c.times); n > 0 && t <= c.times[n-1] {
		c.unsorted = true
	}
	c.times, c.values = append(c.times, t), append(c.values, v)
}

// settle sorts a column; of values for one time the last one stays.
func (c *column) settle() {
	if !c.unsorted {
		return
	}
	order := make([]int, len(c.times))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(c.times[a], c.times[b]), a-b) })
	var times []int64
	var values []float64
	for k, i := range order {
		if k+1 < len(order) && c.times[order[k+1]] == c.times[i] {
			continue
		}
		times, values = append(times, c.times[i]), append(values, c.values[i])
	}
	c.times, c.values, c.unsorted = times, values, false
}

// frame puts columns on the grid that their times have.
func frame(container string, columns map[string]*column) (series.Frame, error) {
	var metrics []string
	for m, c := range columns {
		if len(c.times) > 0 {
			c.settle()
			metrics = append(metrics, m)
		}
	}
	if len(metrics) == 0 {
		return series.Frame{}, series.ErrNoSamples
	}
	slices.SortFunc(metrics, byPlace)
	samples := make([]series.Samples, len(metrics))
	for k, m := range metrics {
		c := columns[m]
		samples[k] = series.Samples{Metric: m, Len: len(c.times), At: func(i int) (int64, float64) { return c.times[i], c.values[i] }}
	}
	f, _, err := series.Clean(container, samples, series.CleanOptions{})
	if err != nil {
		return f, fmt.Errorf("%s: %w", container, err)
	}
	if f.Len() == 0 {
		return f, series.ErrNoSamples
	}
	return f, nil
}

// byPlace orders metrics as a metrics file has them: the known ones, then the
// others by name.
func byPlace(a, b string) int {
	place := func(m string) int {
		if i := slices.Index(series.Metrics, m); i >= 0 {
			return i
		}
		return len(series.Metrics)
	}
	return cmp.Or(place(a)-place(b), cmp.Compare(a, b))
}
