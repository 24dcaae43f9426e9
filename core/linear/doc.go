// Package linear forecasts by a linear quantile regression for each horizon: the
// last value plus weights times the inputs of core/feature's Direct (recent
// values, means and medians, the last days and hours at the target's time), all
// about the last value and in units of the window's own scale. The weights are
// one container's; with all of them 0 the forecast is the last value.
//
// What the horizons share of a window is computed once, nothing is allocated, and
// a forecast takes a few microseconds. core/linear/fit estimates the weights by
// least absolute deviations.
package linear
