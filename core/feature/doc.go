// Package feature turns a window into numbers for models that learn: what the
// naive family forecasts for a horizon, how right it was lately, and how the
// metric has been moving. Training and serving use this one code.
//
// # Units
//
// Everything is relative to the last observed value and in units of the
// window's own scale, so that one model serves containers of any size:
// z = (x - last) / scale, where scale is half the mean |5-minute change| of the
// last day and half that of all the window. Spiky metrics give large z, so most
// features are squashed: s(z) = sign(z)·ln(1+|z|).
//
// # Missing values
//
// A feature that the window does not hold is 0: as if it were the last value,
// or as usual. Those of Reader and Wide tell how much of the last hour is
// missing, and whether the past reaches a day and a week back. Direct has none
// that tell: to a linear model what is missing is the last value.
//
// Nothing after the origin is looked at. Forecasting from a Reader that is
// reused does not allocate.
package feature
