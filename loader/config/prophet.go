package config

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Prophet are the settings of the model type prophet, with Prophet's own names
// and meanings.
type Prophet struct {
	Growth                string // linear, logistic or flat
	Cap, Floor            float64
	Changepoints          Texts // moments; none: automatic
	NChangepoints         int
	ChangepointRange      float64
	ChangepointPriorScale float64
	YearlySeasonality     Switch
	WeeklySeasonality     Switch
	DailySeasonality      Switch
	Seasonalities         Table[Seasonality, *Seasonality]
	SeasonalityMode       string // additive or multiplicative
	SeasonalityPriorScale float64
	Holidays              Table[Holiday, *Holiday]
	HolidaysMode          string // "" is as SeasonalityMode
	HolidaysPriorScale    float64
	ExtraRegressors       Table[Regressor, *Regressor]
	Scaling               string // absmax or minmax
	TimeZone              string
	ResidualCorrection    Flagged
}

// A Seasonality is an entry of seasonalities.
type Seasonality struct {
	Name          string
	Period        float64 // days
	FourierOrder  int
	PriorScale    float64 // 0: seasonality_prior_scale
	Mode          string  // "": seasonality_mode
	ConditionName string
}

func (s *Seasonality) fields() []entryField {
	return []entryField{{"name", true, &s.Name}, {"period", true, &s.Period}, {"fourier_order", true, &s.FourierOrder},
		{"prior_scale", false, &s.PriorScale}, {"mode", false, &s.Mode}, {"condition_name", false, &s.ConditionName}}
}

// A Holiday is an entry of holidays: an event and when it is.
type Holiday struct {
	Holiday     string // the event's name
	DS          Texts
	LowerWindow int
	UpperWindow int
	PriorScale  float64       // 0: holidays_prior_scale
	Duration    time.Duration // 0: whole days
}

func (h *Holiday) fields() []entryField {
	return []entryField{{"holiday", true, &h.Holiday}, {"ds", true, &h.DS}, {"lower_window", false, &h.LowerWindow},
		{"upper_window", false, &h.UpperWindow}, {"prior_scale", false, &h.PriorScale}, {"duration", false, &h.Duration}}
}

// A Regressor is an entry of extra_regressors: a column of the data.
type Regressor struct {
	Name        string
	PriorScale  float64 // 0: holidays_prior_scale
	Standardize Switch  // auto, true or false; "" is auto
	Mode        string  // "": seasonality_mode
}

func (r *Regressor) fields() []entryField {
	if r.Standardize == "" {
		r.Standardize = "auto"
	}
	return []entryField{{"name", true, &r.Name}, {"prior_scale", false, &r.PriorScale},
		{"standardize", false, &r.Standardize}, {"mode", false, &r.Mode}}
}

// Columns returns the columns of the data that the model reads beside the
// metric, as far as the settings name them.
func (c *Config) Columns() []string {
	if c.Model.ModelType != "prophet" {
		return nil
	}
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if c.Prophet.Growth == "logistic" {
		add("cap")
		add("floor")
	}
	for i := range c.Prophet.Seasonalities {
		add(c.Prophet.Seasonalities[i].ConditionName)
	}
	for i := range c.Prophet.ExtraRegressors {
		add(c.Prophet.ExtraRegressors[i].Name)
	}
	return names
}

func defaultProphet() Prophet {
	return Prophet{Growth: "linear", Cap: math.Inf(1), Floor: math.Inf(-1), NChangepoints: 25, ChangepointRange: 0.8,
		ChangepointPriorScale: 0.05, YearlySeasonality: "auto", WeeklySeasonality: "auto", DailySeasonality: "auto",
		SeasonalityMode: "additive", SeasonalityPriorScale: 10, HolidaysPriorScale: 10, Scaling: "absmax",
		TimeZone: "UTC", ResidualCorrection: true}
}

// withProphet puts Prophet's settings behind the other ones of the model.
func withProphet(others []setting) []setting {
	at := slices.IndexFunc(others, func(s setting) bool { return s.section() == "training" })
	return slices.Insert(others, at, prophetSettings()...)
}

func prophetSettings() []setting {
	only := []string{"prophet"}
	oneOf := func(get func(p *Prophet) string, words ...string) func(c *Config) string {
		return func(c *Config) string {
			if v := get(&c.Prophet); !slices.Contains(words, v) {
				return fmt.Sprintf("must be one of %q, got %q", words, v)
			}
			return ""
		}
	}
	positive := func(get func(p *Prophet) float64) func(c *Config) string {
		return func(c *Config) string {
			if v := get(&c.Prophet); !(v > 0) || math.IsInf(v, 0) {
				return fmt.Sprintf("must be more than 0, got %v", v)
			}
			return ""
		}
	}
	return []setting{
		{key: "model.growth", help: "The trend: linear, logistic or flat.", models: only,
			field: func(c *Config) any { return &c.Prophet.Growth },
			check: oneOf(func(p *Prophet) string { return p.Growth }, "linear", "logistic", "flat")},
		{key: "model.cap", help: "What logistic growth grows to, where the data has no column cap.", models: only,
			field: func(c *Config) any { return &c.Prophet.Cap }, check: checkCap},
		{key: "model.floor", help: "What logistic growth falls to, where the data has no column floor; -.inf for 0.", models: only,
			field: func(c *Config) any { return &c.Prophet.Floor },
			check: func(c *Config) string {
				if v := c.Prophet.Floor; math.IsNaN(v) || math.IsInf(v, 1) {
					return "must be a number or -.inf"
				}
				return ""
			}},
		{key: "model.changepoints", help: "When the trend may change, such as [2024-05-01]; [] places them itself.", models: only,
			field: func(c *Config) any { return &c.Prophet.Changepoints },
			check: func(c *Config) string { return checkMoments(c.Prophet.Changepoints) }},
		{key: "model.n_changepoints", help: "How many changepoints to place.", models: only,
			field: func(c *Config) any { return &c.Prophet.NChangepoints },
			check: func(c *Config) string { return intRange(c.Prophet.NChangepoints, 0, 1000) }},
		{key: "model.changepoint_range", help: "The share of the history, the earliest, that they are placed in.", models: only,
			field: func(c *Config) any { return &c.Prophet.ChangepointRange },
			check: func(c *Config) string {
				if v := c.Prophet.ChangepointRange; !(v >= 0 && v <= 1) {
					return fmt.Sprintf("must be from 0 to 1, got %v", v)
				}
				return ""
			}},
		{key: "model.changepoint_prior_scale", help: "How much the trend may change.", models: only,
			field: func(c *Config) any { return &c.Prophet.ChangepointPriorScale },
			check: positive(func(p *Prophet) float64 { return p.ChangepointPriorScale })},
		{key: "model.yearly_seasonality", help: "auto, true, false, or a number of harmonics.", models: only,
			field: func(c *Config) any { return &c.Prophet.YearlySeasonality }},
		{key: "model.weekly_seasonality", help: "auto, true, false, or a number of harmonics.", models: only,
			field: func(c *Config) any { return &c.Prophet.WeeklySeasonality }},
		{key: "model.daily_seasonality", help: "auto, true, false, or a number of harmonics.", models: only,
			field: func(c *Config) any { return &c.Prophet.DailySeasonality }},
		{key: "model.seasonalities", help: "More: [{name: hourly, period: 0.0416667, fourier_order: 3, condition_name: is_weekday}].", models: only,
			field: func(c *Config) any { return &c.Prophet.Seasonalities }, check: checkSeasonalities},
		{key: "model.seasonality_mode", help: "additive or multiplicative.", models: only,
			field: func(c *Config) any { return &c.Prophet.SeasonalityMode },
			check: oneOf(func(p *Prophet) string { return p.SeasonalityMode }, "additive", "multiplicative")},
		{key: "model.seasonality_prior_scale", help: "How large seasonalities may be.", models: only,
			field: func(c *Config) any { return &c.Prophet.SeasonalityPriorScale },
			check: positive(func(p *Prophet) float64 { return p.SeasonalityPriorScale })},
		{key: "model.holidays", help: `Events: [{holiday: deploy, ds: ["2024-05-01T14:05"], duration: 15m, upper_window: 1}].`, models: only,
			field: func(c *Config) any { return &c.Prophet.Holidays }, check: checkHolidays},
		{key: "model.holidays_mode", help: `additive or multiplicative; "" is as seasonality_mode.`, models: only,
			field: func(c *Config) any { return &c.Prophet.HolidaysMode },
			check: oneOf(func(p *Prophet) string { return p.HolidaysMode }, "", "additive", "multiplicative")},
		{key: "model.holidays_prior_scale", help: "How large the effects of events and regressors may be.", models: only,
			field: func(c *Config) any { return &c.Prophet.HolidaysPriorScale },
			check: positive(func(p *Prophet) float64 { return p.HolidaysPriorScale })},
		{key: "model.extra_regressors", help: "Columns of the data to regress on: [{name: queue, mode: multiplicative}].", models: only,
			field: func(c *Config) any { return &c.Prophet.ExtraRegressors }, check: checkRegressors},
		{key: "model.scaling", help: "absmax or minmax.", models: only,
			field: func(c *Config) any { return &c.Prophet.Scaling },
			check: oneOf(func(p *Prophet) string { return p.Scaling }, "absmax", "minmax")},
		{key: "model.time_zone", help: "Of days, weeks and events, such as Europe/Berlin.", models: only,
			field: func(c *Config) any { return &c.Prophet.TimeZone },
			check: func(c *Config) string {
				if _, err := time.LoadLocation(c.Prophet.TimeZone); err != nil || c.Prophet.TimeZone == "" || c.Prophet.TimeZone == "Local" {
					return fmt.Sprintf("is no time zone: %q", c.Prophet.TimeZone)
				}
				return ""
			}},
		{key: "model.residual_correction", help: "Correct forecasts by the recent errors; false is plain Prophet.", models: only,
			field: func(c *Config) any { return &c.Prophet.ResidualCorrection }},
	}
}

func checkCap(c *Config) string {
	v := c.Prophet.Cap
	if math.IsNaN(v) || math.IsInf(v, -1) {
		return "must be a number or .inf"
	}
	floor := c.Prophet.Floor
	if math.IsInf(floor, -1) {
		floor = 0
	}
	if v <= floor {
		return fmt.Sprintf("must be more than the floor, which is %v, got %v", floor, v)
	}
	return ""
}

func checkMoments(ds []string) string {
	for _, s := range ds {
		if _, ok := ParseMoment(s); !ok {
			return fmt.Sprintf("must be dates such as 2024-05-01, or times such as 2024-05-01T14:05, got %q", clip(s))
		}
	}
	return ""
}

func checkMode(mode string) string {
	if !slices.Contains([]string{"", "additive", "multiplicative"}, mode) {
		return fmt.Sprintf("mode must be additive or multiplicative, got %q", mode)
	}
	return ""
}

func checkPrior(v float64) string {
	if !(v >= 0) || math.IsInf(v, 0) {
		return fmt.Sprintf("prior_scale must be more than 0, got %v", v)
	}
	return ""
}

// firstOf returns the first that is not empty.
func firstOf(reasons ...string) string {
	for _, r := range reasons {
		if r != "" {
			return r
		}
	}
	return ""
}

func checkSeasonalities(c *Config) string {
	seen := map[string]bool{}
	for i := range c.Prophet.Seasonalities {
		s := &c.Prophet.Seasonalities[i]
		r := firstOf(checkName(s.Name, false), checkName(s.ConditionName, true), checkMode(s.Mode), checkPrior(s.PriorScale))
		switch {
		case r != "":
			return r
		case seen[s.Name]:
			return fmt.Sprintf("has %q twice", s.Name)
		case !(s.Period > 0) || math.IsInf(s.Period, 0):
			return fmt.Sprintf("period must be more than 0 days, got %v", s.Period)
		case s.FourierOrder < 1 || s.FourierOrder > 1000:
			return fmt.Sprintf("fourier_order must be from 1 to 1000, got %d", s.FourierOrder)
		}
		seen[s.Name] = true
	}
	return ""
}

func checkHolidays(c *Config) string {
	priors := map[string]float64{}
	for i := range c.Prophet.Holidays {
		h := &c.Prophet.Holidays[i]
		r := firstOf(checkName(h.Holiday, false), checkPrior(h.PriorScale), checkMoments(h.DS))
		before, known := priors[h.Holiday]
		switch {
		case r != "":
			return r
		case h.LowerWindow > 0 || h.LowerWindow < -1000:
			return fmt.Sprintf("lower_window must be from -1000 to 0, got %d", h.LowerWindow)
		case h.UpperWindow < 0 || h.UpperWindow > 1000:
			return fmt.Sprintf("upper_window must be from 0 to 1000, got %d", h.UpperWindow)
		case h.Duration < 0 || h.Duration%time.Second != 0 || h.Duration > 366*24*time.Hour:
			return "duration must be whole seconds, up to a year"
		case known && before != h.PriorScale:
			return fmt.Sprintf("has several prior scales for %q", h.Holiday)
		}
		priors[h.Holiday] = h.PriorScale
	}
	return ""
}

func checkRegressors(c *Config) string {
	seen := map[string]bool{}
	for i := range c.Prophet.ExtraRegressors {
		r := &c.Prophet.ExtraRegressors[i]
		if reason := firstOf(checkName(r.Name, false), checkMode(r.Mode), checkPrior(r.PriorScale)); reason != "" {
			return reason
		}
		if seen[r.Name] || r.Name == c.MetricName {
			return fmt.Sprintf("has %q twice, or it is the metric itself", r.Name)
		}
		if !slices.Contains([]Switch{"", "auto", "true", "false"}, r.Standardize) {
			return fmt.Sprintf("standardize must be auto, true or false, got %q", r.Standardize)
		}
		seen[r.Name] = true
	}
	return ""
}
