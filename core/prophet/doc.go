// Package prophet is Prophet's model as it is served: trend with changepoints,
// seasonalities, events and regressors, extrapolated to any later time without
// a refit (Taylor and Letham 2018, "Forecasting at scale", The American
// Statistician 72(1); the reference is the package prophet 1.5.0). Package fit
// estimates it.
//
// With time x counted in lengths of the history from its start, and y less its
// floor in units of its scale,
//
//	y(x) = g(x) · (1 + Σ β_m f_m(x)) + Σ β_a f_a(x) + ε,  ε ~ N(0, σ²)
//
// where g is the trend, and f are the features of seasonalities (sine and
// cosine), events (0 or 1) and regressors (standardised), each added or
// multiplied.
//
// Beyond Prophet there is a short memory: the errors that the curve made in the
// window correct its forecasts for the next minutes. Without a Memory a Fitted
// is plain Prophet.
package prophet
