package backtest

import (
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

var nan = math.NaN()

// A worker does jobs one after the other with the same storage.
type worker struct {
	run *run
	dst forecast.Forecast
	win forecast.Window
	// told are the rows that the model is still to be told of, outcomes room for
	// what it is told.
	told     []int
	outcomes []calibrate.Outcome
}

// do fits the job's model and forecasts from its origins. A refit that no
// origin is left for is not made.
func (w *worker) do(j *job) (o outcome) {
	defer w.run.progressed()
	r, it := w.run, j.item
	if r.interrupted() {
		o.err = forecast.ErrInterrupted
		return o
	}
	var mine []int
	for _, i := range it.origins {
		if it.block(i, r.cfg.Refit) == j.block {
			mine = append(mine, i)
		}
	}
	if len(mine) == 0 && j.block > 0 {
		return o
	}
	fitted, report, err := r.train(it, j.block)
	if err == nil && r.interrupted() {
		err = forecast.ErrInterrupted
	}
	if err != nil {
		o.err = err
		return o
	}
	o.report = report
	o.levels = fitted.Spec().Levels
	o.rows, o.err = w.renewing(it, fitted, mine)
	return o
}

// renewing makes the rows of the given origins, of a model that is renewed on the
// way where that is the trainer's way. Renewals are counted from the first cell
// that the fit did not see, and one uses what began before its time.
func (w *worker) renewing(it *item, fitted forecast.Fitted, from []int) ([]Row, error) {
	r := w.run.trainer
	if r.Global() || w.run.cfg.Fixed || len(from) == 0 || r.Renewal(it.task.Metric) <= 0 {
		rows, _, err := w.forecast(it, fitted, from)
		return rows, err
	}
	cells := max(int(r.Renewal(it.task.Metric)/it.frame.Step), 1)
	refit := w.run.cfg.Refit
	seen := it.history(it.block(from[0], refit), refit)
	begin := seen.Len()
	var rows []Row
	for at, i := 0, 0; i < len(from); at++ {
		end := begin + (at+1)*cells
		k := i
		for k < len(from) && from[k] < end {
			k++
		}
		if k == i {
			continue
		}
		if at > 0 {
			history := it.frame.Slice(0, min(begin+at*cells, it.frame.Len()))
			var err error
			if fitted, err = r.Renew(fitted, []series.Frame{history}, it.task, w.run.fitOptions()); err != nil {
				return nil, err
			}
		}
		more, followed, err := w.forecast(it, fitted, from[i:k])
		if err != nil {
			return nil, err
		}
		fitted = followed
		rows, i = append(rows, more...), k
	}
	return rows, nil
}

// forecast makes the rows of the given origins. A model whose intervals follow
// what comes true is told between one origin and the next; it is returned as it
// then is.
func (w *worker) forecast(it *item, fitted forecast.Fitted, from []int) ([]Row, forecast.Fitted, error) {
	windows := forecast.NewWindows(&it.frame, fitted.Spec().Needs)
	rows := make([]Row, 0, len(from)*len(it.task.Horizons))
	w.told = w.told[:0]
	for _, i := range from {
		if w.run.interrupted() {
			return nil, nil, forecast.ErrInterrupted
		}
		fitted = w.follow(it, fitted, rows, i)
		windows.At(&w.win, i)
		if err := fitted.Forecast(&w.dst, &w.win); err != nil {
			return nil, nil, err
		}
		for _, h := range it.task.Horizons {
			target := i + int(h/it.frame.Step)
			if target >= len(it.values) || math.IsNaN(it.values[target]) {
				continue
			}
			rows = append(rows, it.row(w.run.model, i, target, h, &w.dst))
			w.told = append(w.told, len(rows)-1)
		}
	}
	return rows, fitted, nil
}

// follow tells a calibrated model of the rows that it has
// not been told of and whose values are known at cell i.
func (w *worker) follow(it *item, fitted forecast.Fitted, rows []Row, i int) forecast.Fitted {
	if w.run.cfg.Fixed {
		return fitted
	}
	now := it.frame.Time(i)
	w.outcomes = w.outcomes[:0]
	left := w.told[:0]
	for _, k := range w.told {
		r := &rows[k]
		if r.Origin+r.Horizon > now {
			left = append(left, k)
			continue
		}
		w.outcomes = append(w.outcomes, calibrate.Outcome{
			Actual: forecast.Actual{Origin: r.Origin, Ahead: r.Horizon, Value: r.Actual, Parts: r.parts},
			Low:    r.Lo, High: r.Hi})
	}
	w.told = left
	if len(w.outcomes) == 0 {
		return fitted
	}
	return calibrate.Follow(fitted, it.frame.Container, w.outcomes)
}

// row is the forecast of horizon h from cell i, for the cell target. A horizon
// that the model did not forecast is missing: NaN.
func (it *item) row(model string, i, target int, h int64, f *forecast.Forecast) Row {
	row := Row{
		Container: it.frame.Container, Metric: it.task.Metric, Model: model,
		Origin: it.frame.Time(i), Horizon: h,
		Point: nan, Lo: nan, Hi: nan, Last: it.values[i], Actual: it.values[target],
	}
	if at := f.Find(h); at != nil {
		row.Point = f.Median(at)
		row.Lo, row.Hi = f.Interval(at, Coverage)
		row.Quantiles = append([]float64(nil), at.Quantiles...)
		row.Detail, row.Reasons = at.Detail, at.Reasons
		row.parts = slices.Clone(at.Parts)
	}
	return row
}

// A sharedKey names a fit of a global model.
type sharedKey struct {
	metric string
	step   int64
	block  int
}

// A sharedFit is made by whichever worker needs it first.
type sharedFit struct {
	once   sync.Once
	items  []*item
	fitted forecast.Fitted
	report forecast.Report
	err    error
}

// pool lets a trainer that learns from all series do so.
func (r *run) pool() error {
	var histories []forecast.History
	var horizons []int64
	for _, it := range slices.Concat(r.items, r.learned) {
		histories = append(histories, forecast.History{Frame: it.history(0, 0), Metric: it.task.Metric})
		horizons = append(horizons, it.task.Horizons...)
	}
	opts := r.fitOptions()
	opts.Progress = func(e forecast.Event) {
		e.What = "all metrics"
		r.emit(e)
	}
	trainer, err := r.trainer.Pooled(histories, horizons, opts)
	if err == nil && trainer != nil {
		r.trainer = trainer
	}
	return err
}

// share lists the fits of a global trainer and the series that each serves.
func (r *run) share() {
	if !r.trainer.Global() {
		return
	}
	r.shared = map[sharedKey]*sharedFit{}
	for i := range r.jobs {
		j := &r.jobs[i]
		key := sharedKey{j.item.task.Metric, j.item.frame.Step, j.block}
		if r.shared[key] == nil {
			r.shared[key] = &sharedFit{}
		}
	}
	for key, fit := range r.shared {
		for _, it := range slices.Concat(r.items, r.learned) {
			if it.task.Metric == key.metric && it.frame.Step == key.step {
				fit.items = append(fit.items, it)
			}
		}
	}
}

// train returns the model that serves a block of an item.
func (r *run) train(it *item, block int) (forecast.Fitted, forecast.Report, error) {
	if r.shared == nil {
		return r.trainer.Train([]series.Frame{it.history(block, r.cfg.Refit)}, it.task, r.fitOptions())
	}
	fit := r.shared[sharedKey{it.task.Metric, it.frame.Step, block}]
	fit.once.Do(func() {
		var history []series.Frame
		for _, other := range fit.items {
			history = append(history, other.history(block, r.cfg.Refit))
		}
		// One after the other: such a fit takes all cores, and memory.
		r.fitting.Lock()
		defer r.fitting.Unlock()
		opts := r.fitOptions()
		opts.Progress = func(e forecast.Event) {
			e.What = it.task.Metric + " at steps of " + strconv.FormatInt(it.frame.Step, 10) + " s"
			r.emit(e)
		}
		fit.fitted, fit.report, fit.err = r.trainer.Train(history, it.task, opts)
	})
	return fit.fitted, fit.report, fit.err
}
