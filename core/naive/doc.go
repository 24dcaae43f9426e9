// Package naive forecasts from the window alone: by the last value, means,
// medians and exponentially weighted means over a quarter of an hour to a day,
// and values at the same time of earlier hours, days and the week before, raw
// or smoothed, as they are or moved to today's level.
//
// Each is a predictor. A fitted naive model holds, for each horizon, a mix of
// a few of them (the last value among them, which is the weight towards it),
// chosen by absolute error over the origins of a history. It is instant to fit
// and hard to beat, and what every other model falls back to. The predictors'
// forecasts are also features of other models: see View.Fill.
//
// Fitting and serving compute predictors by the same code from the same kind
// of window: the recent part at the full step, and eight days at five minutes.
package naive
