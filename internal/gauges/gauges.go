// Package gauges is what other systems are given of a forecast.
package gauges

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
)

// An Item is a forecast, and the last value that it was made from.
type Item struct {
	*forecast.Forecast
	Observed   float64 // NaN: none
	ObservedAt int64   // Unix seconds at which its cell begins
}

// Last returns the item of a forecast from a column that begins at start, with
// cells of step seconds: with its last value that is there.
func Last(f *forecast.Forecast, start, step int64, column []float64) Item {
	for i := len(column) - 1; i >= 0; i-- {
		if !math.IsNaN(column[i]) {
			return Item{f, column[i], start + int64(i)*step}
		}
	}
	return Item{f, math.NaN(), 0}
}

// Coverages are those of the intervals that are shown.
var Coverages = []float64{0.8, 0.95}
