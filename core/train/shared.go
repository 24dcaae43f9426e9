package train

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// FitShared fits a global model to the histories of many containers, judges and
// calibrates it on the last part of each, which it was not fitted to, and fits it
// again to all. Every container gets a gate, a fallback and intervals of its
// own; those to come get what holds over all of these. A model that can be
// tuned, where its configuration asks for it, is fitted further to each
// container. Histories without the metric or any value of it are left out.
//
// The errors are those of Fit; a model that cannot be fitted at all leaves the
// naive ones to serve, and says FitFailed.
func (c Config) FitShared(m forecast.Model, history []series.Frame, task forecast.Task, opts forecast.Options) (*calibrate.Shared, Report, error) {
	s := &shared{config: &c, model: m, task: task, opts: opts, report: Report{Model: m.Name()}}
	if err := s.begin(history); err != nil {
		return nil, s.report, err
	}
	model, err := s.fit(false, nil)
	if err != nil {
		return nil, s.report, err
	}
	s.report.Losses = s.report.Fit.Losses
	if err := s.each(func(p *part) error { return s.judge(p, model) }); err != nil {
		return nil, s.report, err
	}
	s.calibrate(model)
	if c.Refit && !opts.Interrupted() && !opts.Stopped() {
		if model, err = s.fit(true, model); err != nil {
			return nil, s.report, err
		}
		if err := s.each(func(p *part) error { return s.again(p, model) }); err != nil {
			return nil, s.report, err
		}
		s.general = s.general.With(model, s.fallback())
	}
	return s.finish(), s.report, nil
}

// shared is the state of a FitShared.
type shared struct {
	config  *Config
	model   forecast.Model
	task    forecast.Task
	opts    forecast.Options
	parts   []part
	report  Report
	general *calibrate.Fitted
}

// A part is one container in it.
type part struct {
	frame    series.Frame
	split    series.Split
	model    forecast.Fitted // the shared one, or tuned
	fallback forecast.Fitted
	rows     [][]calibrate.Row
	fitted   *calibrate.Fitted
	horizons []calibrate.HorizonReport
}

// begin lists the containers.
func (s *shared) begin(history []series.Frame) error {
	if len(history) == 0 {
		return forecast.ErrEmpty
	}
	if err := s.task.Check(); err != nil {
		return err
	}
	have := false
	for i := range history {
		f := &history[i]
		v, ok := f.Series(s.task.Metric)
		if !ok {
			continue
		}
		if v.Step != s.task.Step {
			return forecast.ErrStep
		}
		have = true
		t := v.Trim()
		if t.Len() == 0 {
			continue
		}
		from := v.Index(t.Start)
		frame := f.Slice(from, from+t.Len())
		s.parts = append(s.parts, part{frame: frame, split: series.SplitShares(frame.Len(), s.config.Validation, 0)})
		s.report.Points += t.Count()
		s.report.Containers = append(s.report.Containers, ContainerReport{
			Container: f.Container, Points: t.Count(), From: t.Start, To: t.End() - t.Step})
	}
	switch {
	case !have:
		return forecast.ErrMetric
	case len(s.parts) == 0:
		return forecast.ErrEmpty
	}
	s.report.From, s.report.To = s.report.Containers[0].From, s.report.Containers[0].To
	for _, r := range s.report.Containers {
		s.report.From, s.report.To = min(s.report.From, r.From), max(s.report.To, r.To)
	}
	return nil
}

// fit fits the model to what comes before the validation parts, or to all.
// Where it cannot be fitted, the untrained naive one takes its place.
func (s *shared) fit(all bool, before forecast.Fitted) (forecast.Fitted, error) {
	frames := make([]series.Frame, len(s.parts))
	for i := range s.parts {
		frames[i] = s.parts[i].frame
		if !all {
			frames[i] = frames[i].Slice(s.parts[i].split.Train.From, s.parts[i].split.Train.To)
		}
	}
	if before != nil && s.report.Reasons.Has(forecast.FitFailed) {
		return before, nil
	}
	var model forecast.Fitted
	var err error
	if r, ok := s.model.(forecast.Refitter); ok && before != nil {
		model, s.report.Fit, err = r.Refit(before, frames, s.task, s.opts)
	} else {
		model, s.report.Fit, err = s.model.Fit(frames, s.task, s.opts)
	}
	if err == nil || callers(err) {
		return model, err
	}
	s.report.Notes = append(s.report.Notes, s.model.Name()+": "+err.Error())
	s.report.Reasons |= forecast.FitFailed
	return s.fallback(), nil
}

// callers reports whether an error of a fit is the caller's to know: wrong
// arguments or an interruption, as against a model that could not be estimated.
func callers(err error) bool {
	for _, e := range []error{forecast.ErrInterrupted, forecast.ErrMetric, forecast.ErrStep, forecast.ErrHorizon,
		forecast.ErrLevels, forecast.ErrState} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// fallback is what stands in for containers that nothing is known of.
func (s *shared) fallback() forecast.Fitted { return naive.Unfitted(s.task, 0) }

// each works on the containers in parallel; the error is the first one's.
func (s *shared) each(do func(p *part) error) error {
	errs := make([]error, len(s.parts))
	var next, done atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(len(s.parts), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(s.parts)); i = next.Add(1) - 1 {
				if s.opts.Interrupted() {
					errs[i] = forecast.ErrInterrupted
					continue
				}
				errs[i] = do(&s.parts[i])
				mu.Lock()
				s.opts.Emit(forecast.Event{Stage: "validate", Done: int(done.Add(1)), Total: len(s.parts), Loss: nan})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// judge collects the errors of a container's validation part.
func (s *shared) judge(p *part, model forecast.Fitted) error {
	opts := s.quiet()
	history := p.frame.Slice(p.split.Train.From, p.split.Train.To)
	var err error
	if p.model, err = s.tuned(model, history, opts); err != nil {
		return err
	}
	if p.fallback, _, err = s.config.Naive.Fit([]series.Frame{history}, s.task, opts); err != nil {
		if !errors.Is(err, forecast.ErrEmpty) {
			return err
		}
		p.fallback = s.fallback() // nothing lies before the validation part
	}
	stride := max(1, p.split.Validation.Len()/max(s.config.Origins, 1))
	p.rows, _, err = calibrate.Collect(p.model, p.fallback, &p.frame, p.split.Validation, stride, opts)
	return err
}

// tuned returns the model for one container.
func (s *shared) tuned(model forecast.Fitted, history series.Frame, opts forecast.Options) (forecast.Fitted, error) {
	r, ok := s.model.(forecast.Refitter)
	if !ok || s.report.Reasons.Has(forecast.FitFailed) {
		return model, nil
	}
	opts.Own = true
	own, _, err := r.Refit(model, []series.Frame{history}, s.task, opts)
	if err != nil && !callers(err) {
		return model, nil // too little of it to learn from
	}
	return own, err
}

// quiet are the options of work that is reported container by container.
func (s *shared) quiet() forecast.Options {
	return forecast.Options{Seed: s.opts.Seed, Interrupt: s.opts.Interrupt, Stop: s.opts.Stop}
}

// calibrate makes the containers' calibrations and the general one.
func (s *shared) calibrate(model forecast.Fitted) {
	// What was learned from many containers is no accident of one's last week.
	calibration := s.config.Calibrate
	calibration.Caution = 0
	rows := make([][][]calibrate.Row, len(s.parts))
	for i := range s.parts {
		p := &s.parts[i]
		rows[i] = p.rows
		p.fitted, p.horizons = calibration.Fit(p.model, p.fallback, p.rows)
		p.rows = nil
	}
	s.general, s.report.Horizons = calibration.FitPooled(model, s.fallback(), rows)
}

// again fits to the whole history of a container what is its own.
func (s *shared) again(p *part, model forecast.Fitted) error {
	opts := s.quiet()
	own, err := s.tuned(model, p.frame, opts)
	if err != nil {
		return err
	}
	fallback, _, err := s.config.Naive.Fit([]series.Frame{p.frame}, s.task, opts)
	if err != nil {
		return err
	}
	p.model, p.fallback = own, fallback
	p.fitted = p.fitted.With(own, fallback)
	return nil
}

// finish puts the model together.
func (s *shared) finish() *calibrate.Shared {
	own := make(map[string]*calibrate.Fitted, len(s.parts))
	failed := s.report.Reasons & forecast.FitFailed
	for i := range s.parts {
		p := &s.parts[i]
		r := &s.report.Containers[i]
		r.Horizons = p.horizons
		for _, h := range p.horizons {
			r.Reasons |= h.Reasons
		}
		own[r.Container] = p.fitted.Because(failed)
	}
	for _, h := range s.report.Horizons {
		s.report.Reasons |= h.Reasons
	}
	return calibrate.NewShared(s.general.Because(failed), own)
}
