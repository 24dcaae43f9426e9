package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
)

// An Estimate is a fitted model and how well it does.
type Estimate struct {
	Params prophet.Params
	// LogPosterior is the logarithm of the posterior density with Stan's
	// constants left out; +Inf for a constant series, which has no noise.
	LogPosterior float64
	Status       forecast.Status
	Rows         int      // with a value
	Notes        []string // what a user should know
}

// Estimate fits the model to data, without a correction. The errors are those
// of this package. interrupt may be nil.
func (c *Config) Estimate(d Data, interrupt func() bool) (*Estimate, error) {
	b, p, err := c.problem(d)
	if err != nil {
		return nil, err
	}
	e := &Estimate{Rows: len(p.y), Notes: b.notes}
	s := newSolver(p)
	s.interrupt = interrupt
	p.start(s.at)
	if y := b.data.Y; c.Growth != prophet.Logistic && slices.Min(y) == slices.Max(y) {
		// As Prophet does: nothing to estimate, and no noise.
		s.at.sigma = leastNoise
		e.Status, e.LogPosterior = forecast.NothingToFit, math.Inf(1)
	} else {
		e.Status = s.maximise()
		e.LogPosterior = p.logPosterior(s.at, s.now.rss)
	}
	b.store(s.at)
	e.Params = b.params
	return e, nil
}

// problem builds what is to be solved.
func (c *Config) problem(d Data) (*builder, *problem, error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	rows, err := d.observed()
	if err != nil {
		return nil, nil, err
	}
	b := &builder{config: c, data: rows, params: prophet.Params{CapInput: prophet.None, FloorInput: prophet.None}}
	for _, build := range []func() error{b.times, b.scale, b.seasons, b.holidays, b.regressors} {
		if err := build(); err != nil {
			return nil, nil, err
		}
	}
	p := &problem{growth: c.Growth, y: b.y, capacity: b.capacity, changes: b.params.Changes, tau: c.ChangepointPriorScale}
	p.t = make([]float64, len(rows.T))
	for i, t := range rows.T {
		p.t[i] = float64(t-b.params.Start) / b.params.Span
	}
	for i := range b.terms {
		p.width += b.terms[i].width
	}
	p.x = make([]float64, len(p.y)*p.width)
	at := 0
	for i := range b.terms {
		t := &b.terms[i]
		t.fill(p.x[at:], p.width)
		for range t.width {
			p.mult = append(p.mult, t.mode == prophet.Multiplicative)
			p.prior = append(p.prior, t.prior)
		}
		p.anyMult = p.anyMult || t.mode == prophet.Multiplicative
		at += t.width
	}
	p.segments()
	return b, p, nil
}

// store writes a point to the parameters.
func (b *builder) store(a *theta) {
	p := &b.params
	p.K, p.M, p.Sigma = a.k, a.m, a.sigma
	p.Delta = slices.Clone(a.delta)
	at := 0
	for i := range b.terms {
		t := &b.terms[i]
		t.keep(a.beta[at : at+t.width])
		at += t.width
	}
}

// check returns a *configError for what is impossible.
func (c *Config) check() error {
	positive := func(name string, v float64) error {
		if !(v > 0) || math.IsInf(v, 0) {
			return &configError{name, "must be more than 0"}
		}
		return nil
	}
	switch {
	case !(c.ChangepointRange >= 0 && c.ChangepointRange <= 1):
		return &configError{"changepoint_range", "must be from 0 to 1"}
	case c.NChangepoints < 0:
		return &configError{"n_changepoints", "must not be negative"}
	case c.YearlySeasonality < Auto || c.WeeklySeasonality < Auto || c.DailySeasonality < Auto:
		return &configError{"a seasonality's order", "must not be negative"}
	}
	for _, err := range []error{positive("changepoint_prior_scale", c.ChangepointPriorScale),
		positive("seasonality_prior_scale", c.SeasonalityPriorScale), positive("holidays_prior_scale", c.HolidaysPriorScale)} {
		if err != nil {
			return err
		}
	}
	names := map[string]bool{}
	for i := range c.Seasonalities {
		s := &c.Seasonalities[i]
		if names[s.Name] || s.Name == "" {
			return &configError{"seasonalities", "need names that differ"}
		}
		names[s.Name] = true
		if s.FourierOrder < 1 {
			return &configError{"fourier_order of " + s.Name, "must be at least 1"}
		}
		if err := positive("period of "+s.Name, s.Period); err != nil {
			return err
		}
		if err := positive("prior_scale of "+s.Name, s.PriorScale); err != nil {
			return err
		}
	}
	for i := range c.Holidays {
		h := &c.Holidays[i]
		if h.Name == "" || h.Lower > 0 || h.Upper < 0 || h.Length < 0 || h.Upper-h.Lower > 1000 {
			return &configError{"holidays", "need a name, a lower_window of 0 or less and an upper_window of 0 or more"}
		}
		if err := positive("prior_scale of "+h.Name, h.PriorScale); err != nil {
			return err
		}
	}
	for i := range c.Regressors {
		r := &c.Regressors[i]
		if names[r.Name] || r.Name == "" {
			return &configError{"extra_regressors", "need names that differ from each other and from seasonalities"}
		}
		names[r.Name] = true
		if err := positive("prior_scale of "+r.Name, r.PriorScale); err != nil {
			return err
		}
	}
	return nil
}
