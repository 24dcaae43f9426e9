package report

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
)

// ErrNothing reports that the data have no series to report on.
var ErrNothing = errors.New("report: no series of the metrics that were asked for")

// Options say what to report on. Take Defaults.
type Options struct {
	Title   string
	Metrics []string // to report on, in order; the frames may have others, which models read
	Last    int64    // seconds of each series, at its end, that are judged
	Every   int64    // seconds from one origin to the next
	Points  int      // the most origins of each Fan
	Workers int
	// Select says which series to report on; nil for all.
	Select func(container, metric string) bool
	// Data and Store name what the report is of in the commands that it advises.
	Data, Store string
	Warnings    []string                // of reading the data
	Progress    func(done, total int64) // may be nil

	described *described
}

// Defaults judges the last week, from an origin every 35 minutes so that they
// fall on every phase of the hour.
func Defaults() Options {
	return Options{Title: "Foretide report", Last: Week, Every: 2100, Points: 288, Workers: 1}
}

// Build reports on the metrics of the frames, as the predictor's checkpoints
// serve them. The error is ErrNothing, the context's, or that of a checkpoint
// that cannot be read.
func Build(ctx context.Context, frames []series.Frame, p *loader.Predictor, o Options) (*Report, error) {
	r := &Report{Title: o.Title, Version: loader.Version, Last: o.Last, Every: o.Every, Warnings: o.Warnings}
	o.described = &described{}
	all, err := judgeAll(ctx, frames, p, &o)
	if err != nil {
		return nil, err
	}
	if err := r.gather(frames, all, &o); err != nil {
		return nil, err
	}
	r.Curves = curves(o.described)
	r.Advice = advise(r, &o)
	return r, nil
}

// gather sets all that follows from the series.
func (r *Report) gather(frames []series.Frame, all []*Series, o *Options) error {
	if len(all) == 0 {
		return ErrNothing
	}
	for _, s := range all {
		r.Series = append(r.Series, *s)
	}
	r.describe(o.Metrics)
	r.Problems = problems(frames, r)
	r.summarise()
	return nil
}

// judgeAll works on every series on several cores; the results are in the order
// of the frames, and of the metrics within each.
func judgeAll(ctx context.Context, frames []series.Frame, p *loader.Predictor, o *Options) ([]*Series, error) {
	type job struct {
		frame  *series.Frame
		metric string
	}
	var jobs []job
	for i := range frames {
		for _, m := range o.Metrics {
			if frames[i].Column(m) >= 0 && (o.Select == nil || o.Select(frames[i].Container, m)) {
				jobs = append(jobs, job{&frames[i], m})
			}
		}
	}
	out, errs := make([]*Series, len(jobs)), make([]error, len(jobs))
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := int64(0)
	for range min(max(o.Workers, 1), max(len(jobs), 1)) {
		wg.Go(func() {
			for i := range next {
				out[i], errs[i] = judgeSeries(ctx, p, jobs[i].frame, jobs[i].metric, o)
				mu.Lock()
				if done++; o.Progress != nil {
					o.Progress(done, int64(len(jobs)))
				}
				mu.Unlock()
			}
		})
	}
	for i := range jobs {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, errors.Join(errs...)
}

// described keeps what checkpoints say about themselves.
type described struct {
	mu  sync.Mutex
	all map[loader.Key]*codec.Checkpoint
}

func (d *described) get(k loader.Key, read func() (*codec.Checkpoint, error)) (*codec.Checkpoint, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.all[k]; c != nil {
		return c, nil
	}
	c, err := read()
	if err != nil {
		return nil, err
	}
	if d.all == nil {
		d.all = map[loader.Key]*codec.Checkpoint{}
	}
	d.all[k] = c
	return c, nil
}

// describe sets what the report is about, and sorts the series.
func (r *Report) describe(metrics []string) {
	r.From, r.To = r.Series[0].From, r.Series[0].To
	for i := range r.Series {
		s := &r.Series[i]
		r.From, r.To = min(r.From, s.From), max(r.To, s.To)
		r.Points += int64(s.Points)
		if !slices.Contains(r.Containers, s.Container) {
			r.Containers = append(r.Containers, s.Container)
		}
	}
	for _, m := range metrics {
		if slices.ContainsFunc(r.Series, func(s Series) bool { return s.Metric == m }) {
			r.Metrics = append(r.Metrics, m)
		}
	}
	slices.SortStableFunc(r.Series, func(a, b Series) int { return worse(a.Ratio, b.Ratio, a.Container, b.Container) })
}

// worse sorts the larger ratio first and what has none last, then by name.
func worse(a, b float64, nameA, nameB string) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b) || a == b:
		return strings.Compare(nameA, nameB)
	case math.IsNaN(a) || a < b:
		return 1
	}
	return -1
}
