// Package ets is exponential smoothing in its state space form (Hyndman,
// Koehler, Ord and Snyder 2008, "Forecasting with Exponential Smoothing"): the
// filter, the exact forecast variances, and the fitted model that serves
// forecasts from windows.
//
// A form names error, trend and season, as R's ets does. Errors are additive or
// multiplicative; trends are absent, additive, or additive and damped; seasons
// are absent, additive or multiplicative. A multiplicative season goes with
// multiplicative errors. These are the 15 forms that R's ets chooses from by
// default, and the ones whose forecast means and variances have a closed form.
//
// Estimation is in core/ets/fit. This package is part of the WebAssembly guest.
package ets

// A Trend is the trend of a form. The numbers are part of the checkpoint format.
type Trend uint8

// The trends.
const (
	NoTrend Trend = iota
	Additive
	Damped
)

// A Season is the season of a form. The numbers are part of the checkpoint
// format.
type Season uint8

// The seasons.
const (
	NoSeason Season = iota
	Adds
	Multiplies
)

// A Form is the structure of a model: ETS(error, trend, season).
type Form struct {
	Relative bool // errors are multiplicative: relative to the one-step forecast
	Trend    Trend
	Season   Season
}

// Label returns the form as R writes it: "ETS(M,Ad,A)". It is not called String,
// of which the module would carry a copy for each type that embeds a Form.
func (f Form) Label() string {
	errors, trend := "A", "N"
	if f.Relative {
		errors = "M"
	}
	switch f.Trend {
	case Additive:
		trend = "A"
	case Damped:
		trend = "Ad"
	}
	return "ETS(" + errors + "," + trend + "," + "NAM"[f.Season:f.Season+1] + ")"
}

// Valid reports whether the form is one of the 15.
func (f Form) Valid() bool {
	return f.Trend <= Damped && f.Season <= Multiplies && (f.Relative || f.Season != Multiplies)
}

// A Process is a form with its parameters.
type Process struct {
	Form
	Period int // cells; 1 without a season
	// Alpha, Beta and Gamma are the gains of level, slope and season. Beta is 0
	// without a trend, Gamma without a season.
	Alpha, Beta, Gamma float64
	Phi                float64 // damping: 1 of an additive trend, 0 without a trend
	Sigma2             float64 // variance of the (relative) one-step errors
}

// A State is what a process knows after some cell. Step and Forecast count
// phases: the cell after the state has phase Next of the season.
type State struct {
	Level, Slope float64
	// Spread is the variance of the error in the level, in units of the
	// one-step variance: above 0 at the start and after missing values.
	Spread  float64
	Seasons []float64 // one for each phase; empty without a season
	Next    int
}

// Step advances the state by the value y and returns its one-step error, not
// divided by the forecast; NaN where y is missing.
//
// A missing value leaves the states where they were going and adds α² to the
// spread. The next value then counts (P+α)/(P+1) in the level instead of α,
// which is the gain of the Kalman filter for a level alone. With a trend the
// errors of slope and level are taken as proportional, and a season as known.
func (p *Process) Step(s *State, y float64) float64 {
	q, drift := s.Level+p.Phi*s.Slope, p.Phi*s.Slope
	season, forecast := 0.0, q
	switch p.Season {
	case Adds:
		season = s.Seasons[s.Next]
		forecast = q + season
	case Multiplies:
		season = s.Seasons[s.Next]
		forecast = q * season
	}
	e := y - forecast
	switch {
	case e != e:
		s.Level, s.Slope = q, drift
		s.Spread += p.Alpha * p.Alpha
	default:
		p.update(s, e, q, drift, season)
	}
	if s.Next++; s.Next >= p.Period {
		s.Next = 0
	}
	return e
}

// update moves the states by the one-step error e.
func (p *Process) update(s *State, e, q, drift, season float64) {
	level, slope, seasonal := p.Alpha, p.Beta, p.Gamma
	if s.Spread > 0 {
		level = (s.Spread + p.Alpha) / (s.Spread + 1)
		slope *= level / p.Alpha
		seasonal /= s.Spread + 1
		s.Spread *= (1 - p.Alpha) * (1 - p.Alpha) / (1 + s.Spread)
		if s.Spread < leastSpread {
			s.Spread = 0
		}
	}
	switch p.Season {
	case Adds:
		if seasonal > 0 { // a profile may be shared
			s.Seasons[s.Next] += seasonal * e
		}
	case Multiplies:
		if q > 0 {
			s.Seasons[s.Next] = max(season+seasonal*e/q, leastSeason)
		}
		e /= season
	}
	s.Level, s.Slope = q+level*e, drift+slope*e
}

const (
	// leastSpread is where a spread counts as none.
	leastSpread = 1e-6
	// leastSeason keeps a multiplicative season off zero, which it is divided by.
	leastSeason = 1e-4
)
