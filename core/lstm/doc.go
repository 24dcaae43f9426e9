// Package lstm forecasts by a network of LSTM layers that reads the recent
// window cell by cell, and a head for each horizon that also sees what the
// naive family forecasts and how right it was lately (core/feature): an hour's
// window cannot know yesterday.
//
// Everything that the network reads and forecasts is relative to the window's
// last value and in units of its own scale, so one model can serve containers
// of any size, and those that it was never fitted to. The network forecasts
// the change from the last value; untrained, it is persistence.
//
// This package serves models and is part of the WebAssembly guest; core/lstm/fit
// trains them, core/lstm/network is the arithmetic.
package lstm
