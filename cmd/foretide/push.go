package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/infra/prometheus"
)

// staleAfter is how old the data of what is pushed may be without a word.
const staleAfter = time.Hour

// pushOptions say where forecasts are pushed to, with what the environment has.
func pushOptions(url string) (w prometheus.Writer, err error) {
	w.Server = prometheus.Defaults().Server
	w.FromEnv("REMOTE_WRITE", os.Getenv)
	w.URL = url
	return w, w.Check()
}

// push writes forecasts to a Prometheus by remote write, under the names that
// serve shows them by.
func (a *app) push(ctx context.Context, w prometheus.Writer, forecasts []*serve.Answer) error {
	now := time.Now()
	newest := int64(0)
	var samples []prometheus.Sample
	for _, f := range forecasts {
		samples = prometheus.Gauges(samples, f, now)
		newest = max(newest, f.Origin)
	}
	if old := now.Sub(time.Unix(newest, 0)); old > staleAfter {
		a.notice("What is pushed counts as the forecast from now on, and the data end %v ago: export newer ones first.", old.Round(time.Minute))
	}
	if err := w.Write(ctx, samples); err != nil {
		return fmt.Errorf("pushing: %w", err)
	}
	a.notice("Pushed %d forecasts as %d samples.", len(forecasts), len(samples))
	return nil
}
