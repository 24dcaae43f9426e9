package serving

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/foretide/foretide/core/serve"
)

// counts are what the server counts as it goes.
type counts struct {
	cycles, failures, requests *prometheus.CounterVec
	durations                  *prometheus.HistogramVec
}

func newCounts() *counts {
	c := &counts{
		cycles: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretide_cycles_total",
			Help: "Readings of Prometheus with the forecasts that follow, by result."}, []string{"result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretide_forecast_failures_total",
			Help: "Series that could not be forecast in a cycle, by reason."}, []string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretide_http_requests_total",
			Help: "Answers over HTTP, by path and status."}, []string{"path", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "foretide_http_request_duration_seconds",
			Help: "Time to answer over HTTP, by path.", Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10}}, []string{"path"}),
	}
	for _, result := range []string{"ok", "failed"} { // there from the start: rates need a zero
		c.cycles.WithLabelValues(result)
	}
	for _, reason := range []string{"checkpoint", "invalid", "storage", "failed"} {
		c.failures.WithLabelValues(reason)
	}
	return c
}

// registry returns all that /metrics shows.
func (s *Server) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(s.counts.cycles, s.counts.failures, s.counts.requests, s.counts.durations, collector{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// collector gives the forecasts as they are now.
type collector struct{ s *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("foretide_"+name, help, labels, nil)
}

var (
	ofSeries  = []string{"container", "metric"}
	ofHorizon = []string{"container", "metric", "horizon"}
	with      = func(label string) []string { return append(slices.Clone(ofHorizon), label) }

	forecastMedian = desc("forecast_median", "What is forecast for the horizon from now on, in the metric's unit.", ofHorizon...)
	forecastLower  = desc("forecast_lower", "Lower bound of the interval that holds the value with the coverage.", with("coverage")...)
	forecastUpper  = desc("forecast_upper", "Upper bound of the interval that holds the value with the coverage.", with("coverage")...)
	forecastInfo   = desc("forecast_info", "1; the model that made the forecast.", with("model")...)
	forecastReason = desc("forecast_reason", "1 for each reason for which the forecast is less than the model's best.", with("reason")...)
	forecastOrigin = desc("forecast_origin_timestamp_seconds", "When the cell begins that the forecast was made from.", ofSeries...)
	observedValue  = desc("observed_value", "The last value that was read.", ofSeries...)
	observedTime   = desc("observed_timestamp_seconds", "When its cell begins.", ofSeries...)
	dueMedian      = desc("forecast_due_median", "What had been forecast, the horizon before, for the last value or, where forecasts are minutes apart, for one shortly before.", ofHorizon...)
	dueLower       = desc("forecast_due_lower", "Lower bound of the 80 % interval that had been forecast for the same value.", ofHorizon...)
	dueUpper       = desc("forecast_due_upper", "Upper bound of the 80 % interval that had been forecast for the same value.", ofHorizon...)
	accuracyError  = desc("accuracy_mean_absolute_error", "Mean absolute error of the forecasts that came due lately, in the metric's unit.", ofHorizon...)
	accuracyRatio  = desc("accuracy_persistence_ratio", "The same as a ratio to the error of the last value; below 1 is better than it.", ofHorizon...)
	accuracyInside = desc("accuracy_covered_ratio", "Share of the values that came which the 80 % interval held.", ofHorizon...)
	accuracyJudged = desc("accuracy_judged", "Forecasts that the accuracy is of.", ofHorizon...)

	seriesNow      = desc("series", "Series that are read.")
	seriesForecast = desc("series_forecast", "Series that have a forecast.")
	seriesLimit    = desc("series_limit", "Series that there may be at most.")
	refusedNow     = desc("containers_refused", "Containers of which series were left out, because of the limit.")
	containersNow  = desc("containers", "Containers that are read.")
	checkpointsNow = desc("checkpoints", "Checkpoints that the store has.")
	lastSuccess    = desc("last_success_timestamp_seconds", "End of the last cycle that succeeded; 0 where none did.")
	cycleDuration  = desc("cycle_duration_seconds", "How long the last cycle took.")
	buildInfo      = desc("build_info", "1; the version.", "version")
)

// Describe implements prometheus.Collector.
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{forecastMedian, forecastLower, forecastUpper, forecastInfo, forecastReason, forecastOrigin,
		observedValue, observedTime, dueMedian, dueLower, dueUpper, accuracyError, accuracyRatio, accuracyInside, accuracyJudged,
		seriesNow, seriesForecast, seriesLimit, refusedNow, containersNow, checkpointsNow, lastSuccess, cycleDuration, buildInfo} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.s
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		if !math.IsNaN(v) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
		}
	}
	containers, series, refused := s.history.counts()
	gauge(containersNow, float64(containers))
	gauge(seriesNow, float64(series))
	gauge(refusedNow, float64(refused))
	gauge(seriesLimit, float64(s.MaxSeries))
	gauge(checkpointsNow, float64(len(s.Predictor.Keys())))
	gauge(buildInfo, 1, s.Version)
	s.mu.RLock()
	defer s.mu.RUnlock()
	gauge(seriesForecast, float64(s.state.forecast))
	gauge(cycleDuration, s.state.took.Seconds())
	good := 0.0
	if !s.state.good.IsZero() {
		good = float64(s.state.good.UnixMilli()) / 1000
	}
	gauge(lastSuccess, good)
	if !s.state.warmed {
		return // what there is are forecasts of the past
	}
	apart := max(warmEvery, int64(s.Every/time.Second))
	for k, e := range s.entries {
		e.collect(gauge, strings.ToValidUTF8(k.Container, "�"), strings.ToValidUTF8(k.Metric, "�"), s.slot(), apart)
	}
}

// collect gives what is known of one series, whose forecasts are up to a number
// of seconds apart.
func (e *entry) collect(gauge func(d *prometheus.Desc, v float64, labels ...string), container, metric string, slot, apart int64) {
	gauge(observedValue, e.observed, container, metric)
	if e.at > 0 {
		gauge(observedTime, float64(e.at), container, metric)
	}
	if f := e.forecast; f != nil {
		gauge(forecastOrigin, float64(f.Origin), container, metric)
		for i := range f.At {
			h := &f.At[i]
			ahead := serve.Duration(h.Ahead)
			gauge(forecastMedian, f.Median(h), container, metric, ahead)
			for _, c := range []struct {
				share float64
				name  string
			}{{0.8, "0.8"}, {0.95, "0.95"}} {
				lo, hi := f.Interval(h, c.share)
				gauge(forecastLower, lo, container, metric, ahead, c.name)
				gauge(forecastUpper, hi, container, metric, ahead, c.name)
			}
			gauge(forecastInfo, 1, container, metric, ahead, h.Model)
			for _, r := range h.Reasons.Names() {
				gauge(forecastReason, 1, container, metric, ahead, r)
			}
		}
	}
	for _, l := range e.track.leads {
		ahead := serve.Duration(l.ahead)
		// Not each value had a forecast: the warming up's are some minutes apart,
		// and so are those of a long --every. The last one stands in between.
		if e.at > 0 && l.due.at > 0 && e.at-l.due.at < apart {
			gauge(dueMedian, l.due.median, container, metric, ahead)
			gauge(dueLower, l.due.lo, container, metric, ahead)
			gauge(dueUpper, l.due.hi, container, metric, ahead)
		}
		if a := l.accuracy(l.due.at, slot); a.n > 0 {
			gauge(accuracyError, a.abs/a.n, container, metric, ahead)
			gauge(accuracyInside, a.inside/a.n, container, metric, ahead)
			gauge(accuracyJudged, a.n, container, metric, ahead)
			if a.persisted > 0 {
				gauge(accuracyRatio, a.abs/a.persisted, container, metric, ahead)
			}
		}
	}
}
