package fit

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Config is the configuration of the ARIMA family. Take Defaults and change
// what is needed; every field is taken literally.
type Config struct {
	// Span is the step, in seconds, that the model works on where the series'
	// own is finer: values are averaged over blocks of it that end with the
	// origin's cell.
	Span int64
	// Window is the number of blocks that the model asks windows to have.
	Window int
	// Points is the most blocks, from the end of the history, that the order
	// is chosen on and the coefficients are estimated from.
	Points int
	// Auto chooses the order; otherwise it is Order, with a mean or a drift
	// where Constant says so.
	Auto       bool
	Order      sarima.Order
	Constant   bool
	MaxP, MaxQ int
	MaxD       int
	// Asinh transforms metrics that cannot be negative.
	Asinh bool
	// Seasons tries, for each horizon, patterns of a day and a week (harmonics
	// and the seasonal part of STL) and bounded innovations; which is used, or
	// none, is decided on the last part of the history.
	Seasons bool
	// SeasonPoints is the most blocks, from the end of the history, that
	// patterns are estimated from.
	SeasonPoints int
}

// Defaults returns the settings of the published results.
func Defaults() Config {
	return Config{Span: 300, Window: 48, Points: 4000, Auto: true, MaxP: 5, MaxQ: 5, MaxD: 2, Asinh: true,
		Seasons: true, SeasonPoints: 8 * 7 * 288}
}

// Name returns "arima".
func (Config) Name() string { return arima.Name }

// Global returns false: a fit serves one container.
func (Config) Global() bool { return false }

// Fit implements forecast.Model.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return c.fit(nil, history, task, opts)
}

// Renewal returns 0: a fit is not renewed as time goes by.
func (Config) Renewal() int64 { return 0 }

// Refit implements forecast.Refitter: orders, patterns, bounds and
// transformation stay, everything else is estimated.
func (c Config) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	var kept []arima.Part
	if f, ok := fitted.(*arima.Fitted); ok {
		kept = f.Parts()
	}
	return c.fit(kept, history, task, opts)
}

func (c Config) fit(kept []arima.Part, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	s, err := task.Only(history)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	block := c.block(task.Step)
	recent := c.Window * block
	report := forecast.Report{Points: s.Count()}
	s = s.Trim()
	h := c.newHistory(s, block, &task)
	opts.Emit(forecast.Event{Stage: "fit", Total: len(patterns) + 1, Loss: math.NaN()})
	var parts []arima.Part
	if kept != nil {
		parts, err = c.refit(kept, h, &report)
	} else {
		parts, err = c.parts(h, &opts, &report)
	}
	switch {
	case report.Points == 0 || err == sarima.ErrShort:
		report.Status, report.Reasons = forecast.NothingToFit, forecast.ShortHistory
		parts = []arima.Part{{Link: h.link, Clip: math.Inf(1), Process: sarima.Process{Order: sarima.Order{D: 1}}}}
	case err != nil:
		return nil, report, err
	case opts.Interrupted():
		report.Status = forecast.Interrupted
	}
	opts.Emit(forecast.Event{Stage: "fit", Done: len(patterns) + 1, Total: len(patterns) + 1, Loss: math.NaN()})
	level := median(h.y)
	if math.IsNaN(level) {
		level = task.Bounds.Clamp(0)
	}
	return arima.New(task, parts, block, recent, level), report, nil
}

// newHistory folds a series into blocks that end with its last cell.
func (c Config) newHistory(s series.Series, block int, task *forecast.Task) *chooser {
	h := &chooser{span: int64(block) * task.Step}
	h.y = make([]float64, len(s.Values)/block)
	series.Fold(h.y, s.Values, block)
	h.y = h.y[max(0, len(h.y)-max(c.Points, c.SeasonPoints)):]
	h.start = s.End() - int64(len(h.y))*h.span
	h.link = c.link(h.y, task)
	h.z = make([]float64, len(h.y))
	for i, v := range h.y {
		h.z[i] = h.link.Apply(v)
	}
	for _, ahead := range task.Horizons {
		h.ahead = append(h.ahead, int((ahead+h.span-1)/h.span))
	}
	return h
}

// parts estimates what each horizon is forecast by; one part where all are
// forecast by the same.
func (c Config) parts(h *chooser, opts *forecast.Options, report *forecast.Report) ([]arima.Part, error) {
	choices := []choice{{clip: math.Inf(1)}}
	if c.Seasons {
		choices = h.choose(opts)
	}
	if !slices.ContainsFunc(choices, func(o choice) bool { return o != choices[0] }) {
		choices = choices[:1]
	}
	done := map[pattern]arima.Part{}
	parts := make([]arima.Part, len(choices))
	w := make([]float64, len(h.z))
	for i, o := range choices {
		part, ok := done[o.pattern]
		if !ok {
			part = arima.Part{Link: h.link, Season: o.pattern.fit(h.z, h.start, h.span)}
			rest(w, h.z, &part.Season, h.start, h.span)
			r, err := c.estimate(w[max(0, len(w)-c.Points):], opts)
			if err != nil {
				return nil, err
			}
			part.Process = r.Process
			part.Clip = scaleOf(&r.Process, w)
			done[o.pattern] = part
			describe(report, r)
		}
		part.Clip *= o.clip
		parts[i] = part
	}
	return parts, nil
}

// refit estimates parts of the same structure from another history.
func (c Config) refit(kept []arima.Part, h *chooser, report *forecast.Report) ([]arima.Part, error) {
	done := map[pattern]*result{}
	parts := make([]arima.Part, len(kept))
	w := make([]float64, len(h.z))
	s := defaultSettings()
	s.Radius, s.Errors = minRoot, false
	for i := range kept {
		k := &kept[i]
		for t, v := range h.y {
			w[t] = k.Link.Apply(v)
		}
		p := patternOf(&k.Season)
		part := arima.Part{Link: k.Link, Clip: k.Clip, Season: p.fit(w, h.start, h.span)}
		r := done[p]
		if r == nil {
			rest(w, w, &part.Season, h.start, h.span)
			s.Start = k.Process.Coefs()
			var err error
			r, err = estimate(w[max(0, len(w)-c.Points):], nil, k.Process.Order, k.Process.Constant, s)
			if err != nil {
				return nil, err
			}
			done[p] = r
			describe(report, r)
		}
		part.Process = r.Process
		parts[i] = part
	}
	return parts, nil
}

// describe adds a result to the report.
func describe(report *forecast.Report, r *result) {
	report.Status = r.Status
	if report.Summary != "" {
		report.Summary += "; "
	}
	report.Summary += summary(r)
}

// block returns the number of cells that make a block.
func (c Config) block(step int64) int { return int(max(1, c.Span/step)) }

// link returns the transformation for the metric.
func (c Config) link(y []float64, task *forecast.Task) series.Link {
	if !c.Asinh {
		return series.Link{Kind: series.Identity, Scale: 1}
	}
	return series.LinkFor(y, task.Bounds)
}

func (c Config) estimate(z []float64, opts *forecast.Options) (*result, error) {
	if !c.Auto {
		return estimate(z, nil, c.Order, c.Constant, defaultSettings())
	}
	s := DefaultSearch(len(z), 1)
	s.MaxP, s.MaxQ, s.MaxD = c.MaxP, c.MaxQ, c.MaxD
	s.Interrupt = opts.Interrupt
	r, _, err := Auto(z, nil, s)
	return r, err
}

// summary is "ARIMA(2,1,2) with drift, AICc 812.4".
func summary(r *result) string {
	s := r.Order.String()
	switch {
	case r.Constant && r.D == 0:
		s += " with mean"
	case r.Constant:
		s += " with drift"
	}
	return s + ", AICc " + strconv.FormatFloat(r.AICc, 'f', 1, 64)
}

// median returns the median of the values that are not NaN; NaN where there
// is none.
func median(y []float64) float64 {
	v := make([]float64, 0, len(y))
	for _, x := range y {
		if !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
