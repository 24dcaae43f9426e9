// Package fit estimates Prophet models: the posterior mode of Prophet's own
// Stan program, by a Newton method made for it.
package fit

import (
	"math"

	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

// Auto leaves a built-in seasonality to Prophet's rule: yearly with two years
// of history, weekly with two weeks and rows less than a week apart, daily with
// two days and rows less than a day apart.
const Auto = -1

// Scaling says how y is scaled.
type Scaling uint8

// The scalings.
const (
	AbsMax Scaling = iota // by the largest absolute value
	MinMax                // to [0, 1]
)

// Config is the configuration of Prophet models, with Prophet's own names and
// defaults. Take Defaults; every field is taken literally.
type Config struct {
	Growth prophet.Growth
	// Changepoints are given ones, Unix seconds; nil places NChangepoints
	// evenly over the first ChangepointRange of the rows.
	Changepoints     []int64
	NChangepoints    int
	ChangepointRange float64 // in [0, 1]
	// Fourier orders of the built-in seasonalities; Auto, or 0 for none.
	YearlySeasonality, WeeklySeasonality, DailySeasonality int
	Seasonalities                                          []Seasonality
	Holidays                                               []Holiday
	Regressors                                             []Regressor
	SeasonalityMode, HolidaysMode                          prophet.Mode
	SeasonalityPriorScale                                  float64
	HolidaysPriorScale                                     float64
	ChangepointPriorScale                                  float64
	Scaling                                                Scaling
	// Cap and Floor are the bounds of logistic growth where the data has no
	// columns of these names; infinite where there are none.
	Cap, Floor float64
	// Zone is local time, for seasonalities and holidays.
	Zone series.Zone
	// Correction is the short memory of recent errors; without it the model
	// is plain Prophet.
	Correction bool
}

// Defaults returns Prophet's defaults, and the correction.
func Defaults() Config {
	return Config{
		NChangepoints: 25, ChangepointRange: 0.8,
		YearlySeasonality: Auto, WeeklySeasonality: Auto, DailySeasonality: Auto,
		SeasonalityPriorScale: 10, HolidaysPriorScale: 10, ChangepointPriorScale: 0.05,
		Cap: math.Inf(1), Floor: math.Inf(-1), Correction: true,
	}
}

// A Seasonality is one of the user's (Prophet's add_seasonality).
type Seasonality struct {
	Name         string
	Period       float64 // days
	FourierOrder int
	PriorScale   float64
	Mode         prophet.Mode
	// Condition names a column; the seasonality is there where it is 1.
	// Where the data has no such column, is_weekend and is_weekday are known
	// without. "" is no condition.
	Condition string
}

// A Holiday is one occurrence of a holiday or event; those of one name share
// their effect.
type Holiday struct {
	Name string
	At   int64 // Unix seconds; a whole day is any moment of it
	// Length is 0 for whole days of local time. Otherwise the event begins at
	// At and lasts so many seconds (an extension of Prophet's, which knows
	// days only), and the windows count in these.
	Length     int64
	Lower      int // ≤ 0: days (or Lengths) before that have effects of their own
	Upper      int // ≥ 0: after
	PriorScale float64
}

// A Regressor is one of the user's (Prophet's add_regressor).
type Regressor struct {
	Name        string // of the column
	PriorScale  float64
	Standardize Standardize
	Mode        prophet.Mode
}

// Standardize says whether a regressor is standardised.
type Standardize uint8

// The ways.
const (
	StandardizeAuto Standardize = iota // unless its values are 0 and 1, or a single one
	StandardizeYes                     // unless it has a single value
	StandardizeNo
)
