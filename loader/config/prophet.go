package config

import (
	"math"
	"slices"
	"time"
)

// Prophet are the settings of the model type prophet, with Prophet's own names
// and meanings.
type Prophet struct {
	Growth                string        `yaml:"growth" models:"prophet" oneof:"linear,logistic,flat" help:"The trend: linear, logistic or flat."`
	Cap                   float64       `yaml:"cap" models:"prophet" range:"(-inf,inf]" check:"cap" help:"What logistic growth grows to, where the data has no column cap."`
	Floor                 float64       `yaml:"floor" models:"prophet" range:"[-inf,inf)" help:"What logistic growth falls to, where the data has no column floor; -.inf for 0."`
	Changepoints          []string      `yaml:"changepoints" models:"prophet" check:"moments" help:"When the trend may change, such as [2024-05-01]; [] places them itself."`
	NChangepoints         int           `yaml:"n_changepoints" models:"prophet" range:"[0,1000]" help:"How many changepoints to place."`
	ChangepointRange      float64       `yaml:"changepoint_range" models:"prophet" range:"[0,1]" help:"The share of the history, the earliest, that they are placed in."`
	ChangepointPriorScale float64       `yaml:"changepoint_prior_scale" models:"prophet" range:"(0,inf)" help:"How much the trend may change."`
	YearlySeasonality     string        `yaml:"yearly_seasonality,switch" models:"prophet" help:"auto, true, false, or a number of harmonics."`
	WeeklySeasonality     string        `yaml:"weekly_seasonality,switch" models:"prophet" help:"auto, true, false, or a number of harmonics."`
	DailySeasonality      string        `yaml:"daily_seasonality,switch" models:"prophet" help:"auto, true, false, or a number of harmonics."`
	Seasonalities         []Seasonality `yaml:"seasonalities" models:"prophet" check:"seasonalities" help:"More: [{name: hourly, period: 0.0416667, fourier_order: 3, condition_name: is_weekday}]."`
	SeasonalityMode       string        `yaml:"seasonality_mode" models:"prophet" oneof:"additive,multiplicative" help:"additive or multiplicative."`
	SeasonalityPriorScale float64       `yaml:"seasonality_prior_scale" models:"prophet" range:"(0,inf)" help:"How large seasonalities may be."`
	Holidays              []Holiday     `yaml:"holidays" models:"prophet" check:"holidays" help:"Events: [{holiday: deploy, ds: [\"2024-05-01T14:05\"], duration: 15m, upper_window: 1}]."`
	HolidaysMode          string        `yaml:"holidays_mode" models:"prophet" oneof:",additive,multiplicative" help:"additive or multiplicative; \"\" is as seasonality_mode."`
	HolidaysPriorScale    float64       `yaml:"holidays_prior_scale" models:"prophet" range:"(0,inf)" help:"How large the effects of events and regressors may be."`
	ExtraRegressors       []Regressor   `yaml:"extra_regressors" models:"prophet" check:"regressors" help:"Columns of the data to regress on: [{name: queue, mode: multiplicative}]."`
	Scaling               string        `yaml:"scaling" models:"prophet" oneof:"absmax,minmax" help:"absmax or minmax."`
	TimeZone              string        `yaml:"time_zone" models:"prophet" check:"zone" help:"Of days, weeks and events, such as Europe/Berlin."`
	ResidualCorrection    bool          `yaml:"residual_correction" models:"prophet" help:"Correct forecasts by the recent errors; false is plain Prophet."`
}

// A Seasonality is an entry of seasonalities.
type Seasonality struct {
	Name          string  `yaml:"name,required" check:"name"`
	Period        float64 `yaml:"period,required" range:"(0,inf) days"`
	FourierOrder  int     `yaml:"fourier_order,required" range:"[1,1000]"`
	PriorScale    float64 `yaml:"prior_scale" range:"[0,inf)"`           // 0: seasonality_prior_scale
	Mode          string  `yaml:"mode" oneof:",additive,multiplicative"` // "": seasonality_mode
	ConditionName string  `yaml:"condition_name" check:"optional name"`
}

// A Holiday is an entry of holidays: an event and when it is.
type Holiday struct {
	Holiday     string        `yaml:"holiday,required" check:"name"`
	DS          []string      `yaml:"ds,required" check:"moments"`
	LowerWindow int           `yaml:"lower_window" range:"[-1000,0]"`
	UpperWindow int           `yaml:"upper_window" range:"[0,1000]"`
	PriorScale  float64       `yaml:"prior_scale" range:"[0,inf)"` // 0: holidays_prior_scale
	Duration    time.Duration `yaml:"duration" check:"duration"`   // 0: whole days
}

// A Regressor is an entry of extra_regressors: a column of the data.
type Regressor struct {
	Name        string  `yaml:"name,required" check:"name"`
	PriorScale  float64 `yaml:"prior_scale" range:"[0,inf)"` // 0: holidays_prior_scale
	Standardize string  `yaml:"standardize,switch" oneof:"auto,true,false"`
	Mode        string  `yaml:"mode" oneof:",additive,multiplicative"` // "": seasonality_mode
}

// Columns returns the columns of the data that the model reads beside the
// metric, as far as the settings name them.
func (c *Config) Columns() []string {
	if growth := find("growth"); growth == nil || !growth.uses(c.Model.ModelType) {
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
