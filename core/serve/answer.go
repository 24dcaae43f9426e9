package serve

import (
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// An Answer is a forecast with what its readers show beside it. Tables, JSON,
// CSV, Parquet and metrics are made from it.
type Answer struct {
	forecast.Forecast
	Actual   float64       // the metric's last value in the data; NaN where there is none
	ActualAt int64         // Unix seconds at which its cell begins; 0 where there is none
	Bounds   series.Bounds // of the metric: no forecast leaves them
}

// Clone returns a copy that shares nothing with the engine that made the answer.
func (a *Answer) Clone() *Answer {
	out := &Answer{Actual: a.Actual, ActualAt: a.ActualAt, Bounds: a.Bounds}
	out.Container, out.Metric, out.Origin, out.Levels = a.Container, a.Metric, a.Origin, a.Levels
	out.At = slices.Clone(a.At)
	for i := range out.At {
		h := &out.At[i]
		h.Quantiles, h.Parts = slices.Clone(h.Quantiles), slices.Clone(h.Parts)
	}
	return out
}

// LastData returns the Unix seconds at which the cell of the last actual value
// begins, and the origin where that is earlier or there is no actual value.
func (a *Answer) LastData() int64 {
	if a.Actual != a.Actual {
		return a.Origin
	}
	return min(a.Origin, a.ActualAt)
}
