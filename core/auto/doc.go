// Package auto combines forecasts of unlike models: the mean of what they
// forecast, quantile by quantile. Models of different kinds err apart, and
// their plain mean has been better than choosing one of them (Bates and Granger
// 1969; Makridakis et al. 2020). It is where the mean begins; as values come
// true, who was right lately gets more weight, within bounds (Cesa-Bianchi and
// Lugosi, Prediction, Learning, and Games, 2006, chapter 2: the exponentially
// weighted average forecaster). One member, the guard, keeps the others in sight,
// and says how far the quantiles are from the median. Choosing between it and
// simpler forecasts, and the intervals, are core/calibrate's part.
//
// It is part of the WebAssembly guest.
package auto
