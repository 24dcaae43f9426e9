package collecting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
	"github.com/foretide/foretide/infra/prometheus"
)

const day = 24 * time.Hour

// FromEnv is the handler of the function collect. (It is not in package settings
// so that no other function has a Prometheus client in it.)
func FromEnv() (invoke.Handler, error) {
	e, _, l, err := settings.Common()
	if err != nil {
		return nil, err
	}
	c := &Collector{
		Lake: l, Source: source(e), Now: time.Now,
		First:      e.Duration("FORETIDE_COLLECT_FIRST", 9*day, time.Minute, 400*day),
		Chunk:      e.Duration("FORETIDE_COLLECT_CHUNK", 6*time.Hour, time.Minute, 31*day),
		Delay:      e.Duration("FORETIDE_COLLECT_DELAY", time.Minute, 0, day),
		MaxSamples: e.Number("FORETIDE_MAX_SAMPLES", 3_000_000, 1, 1<<28),
	}
	return c.Handle, e.Err
}

// source returns what is asked of Prometheus.
func source(e *settings.Env) prometheus.Options {
	o := prometheus.Defaults()
	o.Path, o.URL = "", ""
	o.FromEnv(e.Get)
	if o.URL == "" && e.Err == nil {
		e.Err = fmt.Errorf("PROMETHEUS_URL is not set; it is the server to collect from, such as http://prometheus:9090")
	}
	o.Step = e.Duration("FORETIDE_COLLECT_STEP", time.Minute, time.Second, time.Hour)
	if o.Step%time.Second != 0 {
		e.Fail("FORETIDE_COLLECT_STEP", o.Step.String(), "whole seconds")
	}
	// Fixed, so that every chunk of time has the same one.
	o.RateWindow = e.Duration("FORETIDE_COLLECT_RATE_WINDOW", 4*o.Step, time.Second, day)
	o.Preset = e.Text("FORETIDE_COLLECT_PRESET", o.Preset)
	if !slices.Contains(prometheus.Presets, o.Preset) {
		e.Fail("FORETIDE_COLLECT_PRESET", o.Preset, fmt.Sprintf("one of %v", prometheus.Presets))
	}
	o.By = e.Text("FORETIDE_COLLECT_BY", o.By)
	o.Match = e.Get("FORETIDE_COLLECT_MATCH")
	o.Label = e.Get("FORETIDE_COLLECT_LABEL")
	if text := e.Get("FORETIDE_COLLECT_QUERIES"); text != "" {
		var queries map[string]string
		if err := json.Unmarshal([]byte(text), &queries); err != nil {
			e.Fail("FORETIDE_COLLECT_QUERIES", text, `JSON of metrics and their PromQL, such as {"cpu": "sum by (name) (…)"}`)
		}
		for m, q := range queries {
			o.Queries = append(o.Queries, prometheus.Query{Metric: m, PromQL: q})
		}
		slices.SortFunc(o.Queries, func(a, b prometheus.Query) int { return strings.Compare(a.Metric, b.Metric) })
	}
	return o
}
