package fleet

import (
	"time"

	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// The span in which a time zone's changes of the clock go into a checkpoint.
var (
	zoneFrom = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	zoneTo   = time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)
)

// prophetOf returns the model that the settings, which are valid, describe.
func prophetOf(p *config.Prophet) (fit.Config, error) {
	c := fit.Defaults()
	location, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return c, err
	}
	if c.Zone, err = loader.Zone(location, zoneFrom, zoneTo); err != nil {
		return c, err
	}
	c.Growth = map[string]prophet.Growth{"linear": prophet.Linear, "logistic": prophet.Logistic, "flat": prophet.Flat}[p.Growth]
	c.Cap, c.Floor = p.Cap, p.Floor
	for _, s := range p.Changepoints {
		c.Changepoints = append(c.Changepoints, moment(s, location))
	}
	c.NChangepoints, c.ChangepointRange, c.ChangepointPriorScale = p.NChangepoints, p.ChangepointRange, p.ChangepointPriorScale
	c.YearlySeasonality = order(p.YearlySeasonality, 10)
	c.WeeklySeasonality = order(p.WeeklySeasonality, 3)
	c.DailySeasonality = order(p.DailySeasonality, 4)
	c.SeasonalityMode, c.SeasonalityPriorScale = mode(p.SeasonalityMode), p.SeasonalityPriorScale
	c.HolidaysMode, c.HolidaysPriorScale = mode(or(p.HolidaysMode, p.SeasonalityMode)), p.HolidaysPriorScale
	for i := range p.Seasonalities {
		s := &p.Seasonalities[i]
		c.Seasonalities = append(c.Seasonalities, fit.Seasonality{Name: s.Name, Period: s.Period, FourierOrder: s.FourierOrder,
			PriorScale: or(s.PriorScale, p.SeasonalityPriorScale), Mode: mode(or(s.Mode, p.SeasonalityMode)), Condition: s.ConditionName})
	}
	for i := range p.Holidays {
		h := &p.Holidays[i]
		for _, s := range h.DS {
			c.Holidays = append(c.Holidays, fit.Holiday{Name: h.Holiday, At: moment(s, location), Length: int64(h.Duration / time.Second),
				Lower: h.LowerWindow, Upper: h.UpperWindow, PriorScale: or(h.PriorScale, p.HolidaysPriorScale)})
		}
	}
	for i := range p.ExtraRegressors {
		r := &p.ExtraRegressors[i]
		how := map[string]fit.Standardize{"true": fit.StandardizeYes, "false": fit.StandardizeNo}[r.Standardize]
		c.Regressors = append(c.Regressors, fit.Regressor{Name: r.Name, PriorScale: or(r.PriorScale, p.HolidaysPriorScale),
			Standardize: how, Mode: mode(or(r.Mode, p.SeasonalityMode))})
	}
	if p.Scaling == "minmax" {
		c.Scaling = fit.MinMax
	}
	c.Correction = p.ResidualCorrection
	return c, nil
}

// or returns v, and instead where v is the zero value.
func or[T comparable](v, instead T) T {
	var zero T
	if v == zero {
		return instead
	}
	return v
}

func mode(name string) prophet.Mode {
	if name == "multiplicative" {
		return prophet.Multiplicative
	}
	return prophet.Additive
}

// order returns the harmonics of a built-in seasonality that is on with a
// number of its own.
func order(s string, on int) int {
	switch s {
	case "auto":
		return fit.Auto
	case "true":
		return on
	case "false":
		return 0
	}
	n := 0
	for _, digit := range s {
		n = 10*n + int(digit-'0')
	}
	return n
}

// moment returns the Unix second at which the clocks of a place show a time.
func moment(s string, at *time.Location) int64 {
	t, _ := config.ParseMoment(s)
	y, month, d := t.Date()
	return time.Date(y, month, d, t.Hour(), t.Minute(), t.Second(), 0, at).Unix()
}
