// Package calibrate makes a fitted model honest: by its errors on data that it
// was not fitted to, it decides for each horizon whether the model is used at
// all (the gate), and gives the quantiles that held there (split conformal
// prediction), scaled by the volatility that each window shows.
//
// # The gate
//
// A model is used where a mix of it and the last value has a lower mean
// absolute error on the validation part than the last value alone; the weight
// is the one with the lowest (reason shrunk where it is below one). Where none
// has, the naive model stands in (reason not_better), likewise weighted.
//
// # The quantiles
//
// Errors are divided by a scale that is computed from the window of their
// origin alone: a blend of the mean |change over the horizon| in the last
// hours, the last day and the whole window, of the distance of the last value
// from the last hour's median, of that of the forecast from the last value (a
// jump that is forecast may not come), and of a constant. Which blend is chosen
// by the pinball loss of tables made on one half of the validation part and
// scored on the other. A table holds the quantiles of the scaled errors, above
// and below apart, so that intervals are asymmetric; being one nondecreasing
// function of the probability it gives quantiles that never cross, and
// intervals that are nested.
package calibrate
