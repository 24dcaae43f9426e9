package prometheus

import (
	"math"
	"strconv"
	"time"

	"github.com/foretide/foretide/core/serve"
)

// coverages are those of the intervals that are shown.
var coverages = []float64{0.8, 0.95}

// Gauges appends a forecast as the gauges that "foretide serve" has at /metrics, at
// a moment: what is forecast for each horizon from then on.
func Gauges(dst []Sample, f *serve.Answer, at time.Time) []Sample {
	add := func(name string, v float64, labels ...Label) {
		dst = append(dst, Sample{Name: "foretide_" + name, Labels: labels, Value: v, At: at})
	}
	container, metric := Label{Name: "container", Value: f.Container}, Label{Name: "metric", Value: f.Metric}
	if !math.IsNaN(f.Actual) {
		add("observed_value", f.Actual, container, metric)
		add("observed_timestamp_seconds", float64(f.ActualAt), container, metric)
	}
	add("forecast_origin_timestamp_seconds", float64(f.Origin), container, metric)
	for i := range f.At {
		h := &f.At[i]
		ahead := Label{Name: "horizon", Value: serve.Duration(h.Ahead)}
		add("forecast_median", f.Median(h), container, ahead, metric)
		for _, share := range coverages {
			lo, hi := f.Interval(h, share)
			coverage := Label{Name: "coverage", Value: strconv.FormatFloat(share, 'f', -1, 64)}
			add("forecast_lower", lo, container, coverage, ahead, metric)
			add("forecast_upper", hi, container, coverage, ahead, metric)
		}
		add("forecast_info", 1, container, ahead, metric, Label{Name: "model", Value: h.Model})
		for _, r := range h.Reasons.Names() {
			add("forecast_reason", 1, container, ahead, metric, Label{Name: "reason", Value: r})
		}
	}
	return dst
}
