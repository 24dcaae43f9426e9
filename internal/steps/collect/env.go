package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/infra/cloudwatch"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/steps"
)

const day = 24 * time.Hour

// Sources that FORETIDE_COLLECT_SOURCE names.
const (
	fromPrometheus = "prometheus"
	fromCloudWatch = "cloudwatch"
)

// FromEnv is the handler of the function collect.
func FromEnv() (steps.Handler, error) {
	e, _, l, err := steps.Common()
	if err != nil {
		return nil, err
	}
	c := &Collector{
		Lake: l, Now: time.Now,
		Step:       e.Duration("FORETIDE_COLLECT_STEP", time.Minute, time.Second, time.Hour),
		First:      e.Duration("FORETIDE_COLLECT_FIRST", 9*day, time.Minute, 400*day),
		Chunk:      e.Duration("FORETIDE_COLLECT_CHUNK", 6*time.Hour, time.Minute, 31*day),
		Again:      e.Duration("FORETIDE_COLLECT_AGAIN", 0, 0, day),
		MaxSamples: e.Number("FORETIDE_MAX_SAMPLES", 3_000_000, 1, 1<<28),
	}
	if c.Step%time.Second != 0 {
		e.Fail("FORETIDE_COLLECT_STEP", c.Step.String(), "whole seconds")
	}
	delay := time.Minute
	switch name := e.Text("FORETIDE_COLLECT_SOURCE", fromPrometheus); name {
	case fromPrometheus:
		c.Source = Prometheus(ofPrometheus(e, c.Step))
	case fromCloudWatch:
		delay = 5 * time.Minute // Container Insights is some minutes late
		if c.Source, err = ofCloudWatch(e, c.Step); err != nil {
			return nil, err
		}
	default:
		e.Fail("FORETIDE_COLLECT_SOURCE", name, fromPrometheus+" or "+fromCloudWatch)
	}
	c.Delay = e.Duration("FORETIDE_COLLECT_DELAY", delay, 0, day)
	return c.Handle, e.Err
}

// ofCloudWatch returns what is asked of CloudWatch.
func ofCloudWatch(e *steps.Env, step time.Duration) (Source, error) {
	s := &cloudwatch.Source{Step: step, Now: time.Now}
	if err := cloudwatch.CheckStep(step); err != nil {
		e.Fail("FORETIDE_COLLECT_STEP", step.String(), err.Error())
	}
	preset := e.Text("FORETIDE_COLLECT_PRESET", cloudwatch.ECS)
	if text := e.Get("FORETIDE_COLLECT_QUERIES"); text != "" {
		var err error
		if s.Queries, err = cloudwatch.ParseQueries(text); err != nil {
			return nil, fmt.Errorf("FORETIDE_COLLECT_QUERIES: %w", err)
		}
	} else if s.Queries = cloudwatch.Preset(preset); s.Queries == nil {
		e.Fail("FORETIDE_COLLECT_PRESET", preset, fmt.Sprintf("one of %v", cloudwatch.Presets))
	}
	client, err := cloudwatch.Open(context.Background(), cloudwatch.Defaults())
	s.Client = client
	return CloudWatch{s}, err
}

// ofPrometheus returns what is asked of Prometheus.
func ofPrometheus(e *steps.Env, step time.Duration) prometheus.Source {
	o := prometheus.Defaults()
	o.URL = ""
	o.FromEnv("PROMETHEUS", e.Get)
	if o.URL == "" && e.Err == nil {
		e.Err = fmt.Errorf("PROMETHEUS_URL is not set; it is the server to collect from, such as http://prometheus:9090")
	}
	o.Step = step
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
