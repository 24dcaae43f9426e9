package fit

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/ets"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Config is the configuration of the ETS family. Take Defaults and change what
// is needed; every field is taken literally.
type Config struct {
	// Span is the step, in seconds, that the model works on where the series'
	// own is finer: values are averaged over blocks of it that end with the
	// origin's cell.
	Span int64
	// Window is the number of blocks that the model asks windows to have.
	Window int
	// Points is the most blocks, from the end of the history, that the form is
	// chosen on and the parameters are estimated from.
	Points int
	// Day tries a daily season: one of the form's own where a day has at most
	// 24 blocks, and a fixed profile where it has more.
	Day bool
	// DayPoints is the most blocks, from the end of the history, that a profile
	// is estimated from.
	DayPoints int
}

// Defaults returns the settings of the published results.
func Defaults() Config {
	return Config{Span: 300, Window: 72, Points: 4000, Day: true, DayPoints: 8 * 7 * 288}
}

const day int64 = 86400

// Name returns "ets".
func (Config) Name() string { return ets.Name }

// Global returns false: a fit serves one container.
func (Config) Global() bool { return false }

// Fit implements forecast.Model.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return c.fit(nil, history, task, opts)
}

// Refit implements forecast.Refitter: form and kind of season stay, everything
// else is estimated.
func (c Config) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	f, _ := fitted.(*ets.Fitted)
	return c.fit(f, history, task, opts)
}

// Renewal returns 0: a fit serves until it is trained again.
func (Config) Renewal() int64 { return 0 }

func (c Config) fit(kept *ets.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	s, err := task.Only(history)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	report := forecast.Report{Points: s.Count()}
	s = s.Trim()
	h := c.blocks(s, &task)
	if opts.Interrupted() {
		return nil, report, forecast.ErrInterrupted
	}
	opts.Emit(forecast.Event{Stage: "fit", Total: 1, Loss: math.NaN()})
	model, err := h.choose(c, kept)
	if err != nil {
		report.Status, report.Reasons = forecast.NothingToFit, forecast.ShortHistory
		model = &Result{Process: ets.Process{Period: 1, Alpha: 1}}
		h.profile = nil
	} else {
		report.Summary = h.summary(model)
		if !model.Converged {
			report.Status = forecast.NotConverged
		}
	}
	opts.Emit(forecast.Event{Stage: "fit", Done: 1, Total: 1, Loss: math.NaN()})
	settings := h.settings(model)
	settings.Recent = c.Window * settings.Block
	if settings.Level = median(h.y); math.IsNaN(settings.Level) {
		settings.Level = task.Bounds.Clamp(0)
	}
	return ets.New(task, settings), report, nil
}

// A past is a history in blocks.
type past struct {
	y       []float64 // means of blocks; NaN where missing
	block   int
	span    int64
	start   int64     // Unix seconds of the first block
	period  int       // blocks to a day where a form may have it as its season, else 1
	profile []float64 // what is subtracted from y by the time of day; nil: nothing
	ahead   []int     // blocks, of each horizon
}

// blocks folds a series into blocks that end with its last cell.
func (c Config) blocks(s series.Series, task *forecast.Task) *past {
	h := &past{block: int(max(1, c.Span/task.Step)), period: 1}
	h.span = int64(h.block) * task.Step
	h.y = make([]float64, len(s.Values)/h.block)
	series.Fold(h.y, s.Values, h.block)
	h.y = h.y[max(0, len(h.y)-max(c.Points, c.DayPoints)):]
	h.start = s.End() - int64(len(h.y))*h.span
	if n := day / h.span; c.Day && day%h.span == 0 && n > 1 && n <= mostPeriod {
		h.period = int(n)
	}
	for _, ahead := range task.Horizons {
		h.ahead = append(h.ahead, int((ahead+h.span-1)/h.span))
	}
	return h
}

// choose estimates the form of lowest AICc or, of a kept model, its form again,
// and decides whether there is a profile. The error is ErrShort.
func (h *past) choose(c Config, kept *ets.Fitted) (*Result, error) {
	if kept != nil {
		k := kept.Settings()
		f := k.Form
		if k.Season != ets.NoSeason && k.Gamma == 0 {
			f.Season = ets.NoSeason
			h.profile = h.day(len(h.y))
		}
		r, err := Estimate(h.rest(c, len(h.y)), h.period, f)
		if err == nil {
			return r, nil
		}
		h.profile = nil // the history no longer admits the form
		return Auto(h.rest(c, len(h.y)), h.period)
	}
	if c.Day && h.period == 1 && h.repeats(c) {
		h.profile = h.day(len(h.y))
	}
	return Auto(h.rest(c, len(h.y)), h.period)
}

// rest returns the blocks before the given one that a form is estimated from,
// less the profile.
func (h *past) rest(c Config, end int) []float64 {
	from := max(0, end-c.Points)
	if h.profile == nil {
		return h.y[from:end]
	}
	z := make([]float64, end-from)
	for i := range z {
		z[i] = h.y[from+i] - h.profile[h.phase(from+i)]
	}
	return z
}

// phase returns the phase of a block in the day.
func (h *past) phase(i int) int {
	return ets.Phase(h.start+int64(i)*h.span, h.span, int(day/h.span))
}

// settings makes the model that serves of an estimate.
func (h *past) settings(r *Result) ets.Settings {
	s := ets.Settings{Process: r.Process, Block: h.block}
	switch {
	case h.profile != nil:
		s.Season, s.Period, s.Seasons = ets.Adds, len(h.profile), h.profile
	case r.Season != ets.NoSeason:
		s.Seasons = make([]float64, r.Period)
		first := ets.Phase(h.start+int64(len(h.y))*h.span, h.span, r.Period)
		for i := range s.Seasons {
			s.Seasons[(first+i)%r.Period] = r.End.Seasons[(r.End.Next+i)%r.Period]
		}
	}
	if r.Trend == ets.Additive {
		s.Slope = r.End.Slope
	}
	return s
}

// summary is "ETS(M,Ad,N) + daily profile, AICc 812.4".
func (h *past) summary(r *Result) string {
	s := r.Form.Label()
	if h.profile != nil {
		s += " + daily profile"
	}
	return s + ", AICc " + strconv.FormatFloat(r.AICc, 'f', 1, 64)
}

// median returns the median of the values that are not NaN; NaN where there is
// none.
func median(y []float64) float64 {
	v := slices.DeleteFunc(slices.Clone(y), math.IsNaN)
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
