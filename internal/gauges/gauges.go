// Package gauges gives forecasts the names under which other systems show them.
// Those of Prometheus are the names that "foretide serve" has at /metrics.
package gauges

import (
	"math"
	"strconv"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/infra/prometheus"
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

// Prometheus appends the gauges of a forecast at a moment: what is forecast for
// each horizon from then on.
func Prometheus(dst []prometheus.Sample, f Item, at time.Time) []prometheus.Sample {
	add := func(name string, v float64, labels ...prometheus.Label) {
		dst = append(dst, prometheus.Sample{Name: "foretide_" + name, Labels: labels, Value: v, At: at})
	}
	container, metric := prometheus.Label{Name: "container", Value: f.Container}, prometheus.Label{Name: "metric", Value: f.Metric}
	if !math.IsNaN(f.Observed) {
		add("observed_value", f.Observed, container, metric)
		add("observed_timestamp_seconds", float64(f.ObservedAt), container, metric)
	}
	add("forecast_origin_timestamp_seconds", float64(f.Origin), container, metric)
	for i := range f.At {
		h := &f.At[i]
		ahead := prometheus.Label{Name: "horizon", Value: serve.Duration(h.Ahead)}
		add("forecast_median", f.Median(h), container, ahead, metric)
		for _, share := range Coverages {
			lo, hi := f.Interval(h, share)
			coverage := prometheus.Label{Name: "coverage", Value: strconv.FormatFloat(share, 'f', -1, 64)}
			add("forecast_lower", lo, container, coverage, ahead, metric)
			add("forecast_upper", hi, container, coverage, ahead, metric)
		}
		add("forecast_info", 1, container, ahead, metric, prometheus.Label{Name: "model", Value: h.Model})
		for _, r := range h.Reasons.Names() {
			add("forecast_reason", 1, container, ahead, metric, prometheus.Label{Name: "reason", Value: r})
		}
	}
	return dst
}
