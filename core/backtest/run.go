package backtest

import (
	"sync"
	"sync/atomic"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A job is one fit of one series and the origins that it serves.
type job struct {
	item   *item
	series int // index in Result.Series
	block  int
	last   bool // of the series
	out    chan outcome
}

type outcome struct {
	rows   []Row
	levels []float64
	report forecast.Report
	err    error
}

// Run judges the trainer on the frames. Each row is passed to emit, which may
// be nil, in the order of container (as the frames are), metric (as its
// frame's columns are), origin and horizon, whatever the number of workers;
// an error of emit ends the run. The rows of a few series are held at a time,
// however many there are; a row's Quantiles are emit's to keep.
//
// opts.Progress is called with stage "backtest" after each fit, from several
// goroutines but never at the same time; a global model's own events are
// passed on. Where opts.Interrupt asks for it, Run ends with
// forecast.ErrInterrupted. Other errors are an *Error, ErrNothing (with a
// result that has the skipped series) or what Task or emit returned.
func Run(frames []series.Frame, tr Trainer, cfg Config, opts forecast.Options, emit func(*Row) error) (*Result, error) {
	if cfg.Workers < 1 || cfg.Every < 1 || !(cfg.TestShare > 0 && cfg.TestShare < 1) {
		panic("backtest: Workers, Every or TestShare out of range")
	}
	r := &run{trainer: tr, model: tr.Name(), cfg: &cfg, opts: opts, result: &Result{}}
	if err := r.prepare(frames); err != nil {
		return nil, err
	}
	if len(r.items) == 0 {
		return r.result, ErrNothing
	}
	if err := r.pool(); err != nil {
		return nil, err
	}
	r.share()
	if err := r.all(emit); err != nil {
		return nil, err
	}
	return r.result, nil
}

type run struct {
	trainer Trainer
	model   string
	cfg     *Config
	opts    forecast.Options
	result  *Result
	items   []*item
	learned []*item // not judged, but what a global model learns from too
	jobs    []job
	shared  map[sharedKey]*sharedFit

	fitting sync.Mutex // held by the fit of a global model

	mu   sync.Mutex // guards progress
	done int
	stop atomic.Bool
}

// prepare lists what there is to do.
func (r *run) prepare(frames []series.Frame) error {
	for f := range frames {
		frame := &frames[f]
		for k, metric := range frame.Metrics {
			judged := r.cfg.Select == nil || r.cfg.Select(frame.Container, metric)
			if !judged && (r.trainer == nil || !r.trainer.Global()) {
				continue // nobody learns from it, as in Rescore
			}
			task, err := r.cfg.Task(metric, frame.Step)
			if err != nil {
				return err
			}
			it, why := newItem(frame, k, task, r.cfg)
			if !judged {
				if it != nil {
					r.learned = append(r.learned, it)
				}
				continue
			}
			if why != "" {
				r.result.Skipped = append(r.result.Skipped, Skip{frame.Container, metric, why})
				continue
			}
			r.add(it)
		}
	}
	return nil
}

// add lists the fits of an item.
func (r *run) add(it *item) {
	f := &it.frame
	r.result.Series = append(r.result.Series, Series{
		Container: f.Container, Metric: it.task.Metric, Model: r.model, Step: f.Step,
		Test: f.Time(it.test), End: f.Time(f.Len()),
	})
	r.items = append(r.items, it)
	for b := range it.blocks {
		r.jobs = append(r.jobs, job{item: it, series: len(r.items) - 1, block: b, last: b == it.blocks-1})
	}
}

// all does the jobs on the workers and takes in their outcomes in order. The
// order channel bounds how far the workers run ahead of the slowest job.
func (r *run) all(emit func(*Row) error) error {
	work := make(chan *job)
	order := make(chan *job, 2*r.cfg.Workers)
	var wg sync.WaitGroup
	for range r.cfg.Workers {
		wg.Go(func() {
			w := worker{run: r}
			for j := range work {
				j.out <- w.do(j)
			}
		})
	}
	go func() {
		for i := range r.jobs {
			j := &r.jobs[i]
			if r.stop.Load() {
				break
			}
			j.out = make(chan outcome, 1)
			order <- j
			work <- j
		}
		close(order)
		close(work)
	}()
	var err error
	t := taker{run: r, emit: emit}
	for j := range order {
		o := <-j.out
		if err == nil {
			err = t.take(j, &o)
		}
		if err != nil {
			r.stop.Store(true)
		}
	}
	wg.Wait()
	return err
}

// interrupted reports whether the run is to end: the caller asked for it, or
// another job failed.
func (r *run) interrupted() bool { return r.stop.Load() || r.opts.Interrupted() }

// fitOptions are the options of one fit.
func (r *run) fitOptions() forecast.Options {
	return forecast.Options{Seed: r.opts.Seed, Interrupt: r.interrupted}
}

func (r *run) emit(e forecast.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opts.Emit(e)
}

// progressed counts a job.
func (r *run) progressed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.opts.Emit(forecast.Event{Stage: "backtest", Done: r.done, Total: len(r.jobs), Loss: nan})
}

// A taker puts the outcomes of a series together.
type taker struct {
	run     *run
	emit    func(*Row) error
	tallies []*tally
}

func (t *taker) take(j *job, o *outcome) error {
	if o.err != nil {
		if t.run.opts.Interrupted() {
			return forecast.ErrInterrupted
		}
		return &Error{j.item.frame.Container, j.item.task.Metric, o.err}
	}
	s := &t.run.result.Series[j.series]
	if j.block == 0 {
		s.Summary, s.Notes = o.report.Summary, o.report.Notes
		t.tallies = t.tallies[:0]
		for _, h := range j.item.task.Horizons {
			t.tallies = append(t.tallies, newTally(h, o.levels))
		}
	}
	s.Fits++
	s.Reasons |= o.report.Reasons
	for i := range o.rows {
		row := &o.rows[i]
		s.Reasons |= row.Reasons
		for _, tl := range t.tallies {
			if tl.horizon == row.Horizon {
				tl.add(row)
			}
		}
		if t.emit != nil {
			if err := t.emit(row); err != nil {
				return err
			}
		}
	}
	if j.last {
		for _, tl := range t.tallies {
			if len(tl.actual) > 0 {
				s.At = append(s.At, tl.score(j.item.scale))
			}
		}
	}
	return nil
}
