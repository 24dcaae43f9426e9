// Package network is a small feed-forward network on the features of a window
// that serves any metric, step and horizon: everything it reads is relative to
// the last value, in units of the window's own scale, and in seconds. One
// network therefore learns from all containers and metrics together, and
// forecasts those that it has never seen.
//
// It is part of the WebAssembly guest; core/network/fit trains it.
package network
