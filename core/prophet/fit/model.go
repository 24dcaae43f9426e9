package fit

import (
	"math"
	"strconv"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

// Name returns "prophet".
func (Config) Name() string { return prophet.Name }

// Global returns false: a fit serves one container.
func (Config) Global() bool { return false }

// Fit implements forecast.Model. The rows are the cells with a value, at the
// second that they begin; columns of the frame that the model reads keep their
// last value where they are missing. The errors are forecast's, and those of
// this package for a configuration that does not fit the data.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return c.fit(nil, history, task, opts)
}

// Renewal returns 0: a fit is not renewed as time goes by.
func (Config) Renewal() int64 { return 0 }

// Refit implements forecast.Refitter: the memory stays, as it was validated,
// and the curve is fitted anew.
func (c Config) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	f, _ := fitted.(*prophet.Fitted)
	return c.fit(f, history, task, opts)
}

func (c Config) fit(kept *prophet.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	var report forecast.Report
	s, err := task.Only(history)
	if err != nil {
		return nil, report, err
	}
	frame := &history[0]
	report.Points = s.Count()
	e, err := c.Estimate(c.dataOf(frame, &task), opts.Interrupt)
	switch {
	case err == errRows || err == errTime:
		e = unfitted(s, &task)
	case err != nil:
		return nil, report, err
	}
	report.Status, report.Notes = e.Status, e.Notes
	if report.Points < 2 {
		report.Reasons = forecast.ShortHistory
	}
	curve, err := prophet.NewCurve(e.Params)
	if err != nil {
		return nil, report, err
	}
	var memory []prophet.Memory
	switch {
	case !c.Correction:
	case kept != nil && kept.Memory() != nil && len(kept.Memory()) == len(task.Horizons):
		memory = kept.Memory()
	default:
		memory = c.memory(frame, &task, &opts)
	}
	f, err := prophet.New(task, curve, memory)
	if err != nil {
		return nil, report, err
	}
	report.Summary = f.Detail() + ", σ " + strconv.FormatFloat(e.Params.Sigma*e.Params.Scale, 'g', 4, 64)
	return f, report, nil
}

// unfitted is the model of a history of one value or none: its level.
func unfitted(s series.Series, task *forecast.Task) *Estimate {
	level := task.Bounds.Clamp(0)
	start := s.Start
	if i := s.Last(); i >= 0 {
		level, start = s.Values[i], s.Time(i)
	}
	p := prophet.Params{Growth: prophet.Flat, Start: start, Span: float64(s.Step), Scale: 1, M: level, Sigma: leastNoise,
		CapInput: prophet.None, FloorInput: prophet.None}
	return &Estimate{Params: p, Status: forecast.NothingToFit, LogPosterior: math.NaN()}
}

// dataOf makes rows of a frame. Columns beside the metric are all passed on;
// their gaps are filled with the last value, and the first where there is none
// before. One without any value stays as it is.
func (c *Config) dataOf(f *series.Frame, task *forecast.Task) Data {
	s, _ := f.Series(task.Metric)
	d := Data{T: make([]int64, s.Len()), Y: s.Values, Cell: s.Step, Columns: map[string][]float64{}}
	for i := range d.T {
		d.T[i] = s.Time(i)
	}
	for k, name := range f.Metrics {
		if c.reads(name) {
			d.Columns[name] = filled(f.Columns[k])
		}
	}
	return d
}

// reads reports whether the model reads a column of the name.
func (c *Config) reads(name string) bool {
	if c.Growth == prophet.Logistic && (name == "cap" || name == "floor") {
		return true
	}
	for i := range c.Seasonalities {
		if c.Seasonalities[i].Condition == name {
			return true
		}
	}
	for i := range c.Regressors {
		if c.Regressors[i].Name == name {
			return true
		}
	}
	return false
}

func filled(v []float64) []float64 {
	out := make([]float64, len(v))
	last := math.NaN()
	first := -1
	for i, x := range v {
		if x == x {
			last = x
			if first < 0 {
				first = i
			}
		}
		out[i] = last
	}
	for i := 0; i < first; i++ {
		out[i] = v[first]
	}
	return out
}
