package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
)

// An env reads variables; the first one that cannot be is its error.
type env struct {
	get func(string) string
	err error
}

func (e *env) fail(name, value, what string) {
	if e.err == nil {
		e.err = fmt.Errorf("%s is %q; it is %s", name, value, what)
	}
}

// text returns a variable, or what stands for one that is not set.
func (e *env) text(name, otherwise string) string {
	if v := e.get(name); v != "" {
		return v
	}
	return otherwise
}

// duration returns a time from least to most.
func (e *env) duration(name string, otherwise, least, most time.Duration) time.Duration {
	v := e.get(name)
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		e.fail(name, v, fmt.Sprintf("a time such as %v, from %v to %v", otherwise, least, most))
	}
	return d
}

// number returns a whole number from least to most.
func (e *env) number(name string, otherwise, least, most int) int {
	v := e.get(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		e.fail(name, v, fmt.Sprintf("a number from %d to %d", least, most))
	}
	return n
}

// source returns what is asked of Prometheus.
func (e *env) source() prometheus.Options {
	o := prometheus.Defaults()
	o.Path, o.URL = "", ""
	o.FromEnv(e.get)
	if o.URL == "" && e.err == nil {
		e.err = fmt.Errorf("PROMETHEUS_URL is not set; it is the server to collect from, such as http://prometheus:9090")
	}
	o.Step = e.duration("FORETIDE_COLLECT_STEP", time.Minute, time.Second, time.Hour)
	if o.Step%time.Second != 0 {
		e.fail("FORETIDE_COLLECT_STEP", o.Step.String(), "whole seconds")
	}
	o.Preset = e.text("FORETIDE_COLLECT_PRESET", o.Preset)
	if !slices.Contains(prometheus.Presets, o.Preset) {
		e.fail("FORETIDE_COLLECT_PRESET", o.Preset, fmt.Sprintf("one of %v", prometheus.Presets))
	}
	o.By = e.text("FORETIDE_COLLECT_BY", o.By)
	o.Match = e.get("FORETIDE_COLLECT_MATCH")
	o.Label = e.get("FORETIDE_COLLECT_LABEL")
	if text := e.get("FORETIDE_COLLECT_QUERIES"); text != "" {
		var queries map[string]string
		if err := json.Unmarshal([]byte(text), &queries); err != nil {
			e.fail("FORETIDE_COLLECT_QUERIES", text, `JSON of metrics and their PromQL, such as {"cpu": "sum by (name) (…)"}`)
		}
		for m, q := range queries {
			o.Queries = append(o.Queries, prometheus.Query{Metric: m, PromQL: q})
		}
		slices.SortFunc(o.Queries, func(a, b prometheus.Query) int { return compare(a.Metric, b.Metric) })
	}
	return o
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
