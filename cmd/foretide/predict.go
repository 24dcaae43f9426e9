package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/loader"
)

type predictFlags struct {
	metrics, counters      []string
	container, data, store string
	push                   string
	horizons               []string
	json, csv, components  bool
	plot, strict           bool
}

func (a *app) predictCommand() *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict",
		Short: "Forecast from the end of the data, with intervals",
		Long: `Predict forecasts every container and metric of the data from their last row on,
with the checkpoints that train wrote: the container's own, else the metric's
shared one, else the network in the box. The note says where a forecast
is less than it could be (no_checkpoint, short_window, stale …); --strict refuses
what no checkpoint serves.

The data should reach back as far as the models look: an hour and more, and
eight days where there is a daily or weekly pattern. New rows need no training.
Times ahead count from the container's last row; "last data" is when the metric
itself had its last value.

With --push the forecasts are also written to a Prometheus, by remote write and
under the names that serve shows at /metrics. Credentials are in the environment:
  REMOTE_WRITE_USERNAME, REMOTE_WRITE_PASSWORD, REMOTE_WRITE_TOKEN,
  REMOTE_WRITE_CA_FILE, REMOTE_WRITE_CERT_FILE, REMOTE_WRITE_KEY_FILE` + dataLong,
		Example: `  foretide predict --data metrics_latest.csv --container webapp --metric cpu,memory --horizon 15
  foretide predict --data metrics_latest.csv --horizon 5m,15m,30m --json
  foretide predict --data metrics_latest.csv --csv > forecasts.csv
  foretide predict --data metrics_latest.csv --metric cpu --components
  foretide predict --data metrics_latest.csv --container webapp --plot
  foretide predict --data metrics_latest.csv --push http://localhost:9090/api/v1/write`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.predict(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints; or one checkpoint")
	fs.StringVar(&f.container, "container", "", "the only container to forecast (default: all in the data)")
	fs.StringSliceVar(&f.metrics, "metric", nil, "metrics to forecast"+several+" (default: all in the data)")
	addCounters(cmd, &f.counters)
	fs.StringSliceVar(&f.horizons, "horizon", nil, "how far ahead, in minutes or as 90s, 15m, 1h; several repeated or with commas between (default: all that the model has)")
	fs.BoolVar(&f.json, "json", false, "print JSON, with all quantiles")
	fs.BoolVar(&f.csv, "csv", false, "print CSV")
	fs.BoolVar(&f.components, "components", false, "print what forecasts are made of: trend, seasonalities, events (models of type prophet)")
	fs.BoolVar(&f.strict, "strict", false, "refuse (exit code 4) what no checkpoint serves, instead of the network in the box standing in")
	fs.StringVar(&f.push, "push", "", "also write the forecasts to this URL of Prometheus' remote write: http://HOST:9090/api/v1/write")
	fs.BoolVar(&f.plot, "plot", false, "draw each forecast and the hours before it, in the terminal")
	return cmd
}

func (a *app) predict(cmd *cobra.Command, f *predictFlags) error {
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	if f.json && f.csv {
		return usagef(cmd, "--json and --csv exclude each other")
	}
	if f.components && f.csv {
		return usagef(cmd, "--components is for the table and --json")
	}
	if f.plot && (f.csv || f.json) {
		return usagef(cmd, "--plot is for the table")
	}
	horizons, err := parseHorizons(cmd, f.horizons)
	if err != nil {
		return err
	}
	var to prometheus.Writer
	if f.push != "" {
		if to, err = pushOptions(f.push); err != nil {
			return err
		}
	}
	p, err := a.openStore(cmd, f.store, f.strict)
	if err != nil {
		return err
	}
	data, err := a.dataFor(cmd.Context(), p, f.data, csvfile.Options{Metrics: f.metrics, Counters: f.counters, Container: f.container})
	if err != nil {
		return err
	}
	have := metricsOf(data.Frames)
	for _, m := range f.metrics {
		if err := checkMetric(m, have); err != nil {
			return err
		}
	}
	forecasts, failed := a.predictFrames(cmd.Context(), p, data.Frames, horizons, f.metrics)
	if f.strict {
		var refused error
		forecasts, refused = strictly(forecasts)
		failed = errors.Join(failed, refused)
	}
	a.outdated(forecasts)
	a.tellOutsideForecasts(data.Frames, forecasts)
	var terms [][]explained
	if f.components {
		var unexplained error
		terms, unexplained = explain(cmd.Context(), p, data.Frames, forecasts)
		failed = errors.Join(failed, unexplained)
	}
	if len(forecasts) > 0 {
		switch {
		case f.json:
			err = writeForecastsJSON(a.out, forecasts, terms)
		case f.csv:
			err = writeForecastsCSV(a.out, forecasts)
		default:
			writeForecasts(a.out, forecasts)
			if f.components {
				writeComponents(a.out, forecasts, terms)
			}
			if f.plot {
				a.writeCharts(data.Frames, forecasts)
			}
		}
		if f.push != "" && err == nil {
			err = a.push(cmd.Context(), to, forecasts)
		}
	}
	return errors.Join(err, failed)
}

// dataFor reads the metrics to forecast and, where a model of theirs reads other
// columns too, all of them. No checkpoint is decoded before the data are there.
func (a *app) dataFor(ctx context.Context, p *loader.Predictor, path string, o csvfile.Options) (*csvfile.Data, error) {
	data, err := a.scanData(ctx, path, o)
	if err == nil && len(o.Metrics) > 0 && readsMore(ctx, p, data.Frames) {
		o.Metrics = nil // all
		data, err = a.scanData(ctx, path, o)
	}
	if err != nil {
		return nil, err
	}
	a.tellData(data, o)
	return data, nil
}

// readsMore reports whether a model of the frames reads columns beside its own.
func readsMore(ctx context.Context, p *loader.Predictor, frames []series.Frame) bool {
	for i := range frames {
		for _, metric := range frames[i].Metrics {
			m, _, err := p.Model(ctx, frames[i].Container, metric)
			if err != nil || m == nil {
				continue // predicting says so
			}
			if n, ok := lstmOf(m, frames[i].Container); ok && len(n.Others()) > 0 {
				return true
			}
			if e, ok := forecast.ExplainerOf(m); ok {
				if c, ok := e.(interface{ Columns() []string }); ok && len(c.Columns()) > 0 {
					return true
				}
			}
		}
	}
	return false
}

// together is how many containers are forecast without progress.
const together = 64

// predictFrames forecasts what it can, with progress, and returns the errors of
// the rest.
func (a *app) predictFrames(ctx context.Context, p *loader.Predictor, frames []series.Frame, horizons []time.Duration, metrics []string) ([]*serve.Answer, error) {
	b := loader.Batch{Metrics: metrics, Horizons: horizons}
	if len(frames) > together { // fewer take no time
		m := a.meter("forecasting", false)
		defer m.Finish()
		b.Done = func(done, total int) { m.Set(int64(done), int64(total)) }
	}
	return p.PredictAll(ctx, frames, b)
}

// strictly returns the forecasts that checkpoints made, and an error about the
// rest.
func strictly(forecasts []*serve.Answer) (kept []*serve.Answer, err error) {
	var errs []error
	for _, f := range forecasts {
		switch why := f.Reasons(); {
		case why&forecast.NoCheckpoint != 0:
			errs = append(errs, &loader.PredictError{Key: loader.Key{Metric: f.Metric, Container: f.Container}, Err: loader.ErrNoCheckpoint})
		case why&forecast.OldCheckpoint != 0:
			errs = append(errs, &loader.PredictError{Key: loader.Key{Metric: f.Metric, Container: f.Container}, Err: general.ErrVersion})
		default:
			kept = append(kept, f)
		}
	}
	return kept, errors.Join(errs...)
}

// outdated tells of checkpoints that are of another network in the box.
func (a *app) outdated(forecasts []*serve.Answer) {
	n, first := 0, ""
	for _, f := range forecasts {
		if f.Reasons()&forecast.OldCheckpoint != 0 {
			if n++; n == 1 {
				first = f.Metric + " of " + f.Container
			}
		}
	}
	if n > 0 {
		a.notice("foretide: the checkpoints of %d series (%s%s) were made with another network in the box than this foretide's, which stands in (old_checkpoint) until %q makes them again",
			n, first, map[bool]string{true: ", …"}[n > 1], "foretide train")
	}
}

// parseHorizons reads times ahead: plain numbers are minutes. They ascend,
// each once.
func parseHorizons(cmd *cobra.Command, words []string) ([]time.Duration, error) {
	var out []time.Duration
	for _, w := range words {
		w = strings.TrimSpace(w)
		d, err := time.ParseDuration(w)
		if n, notMinutes := strconv.ParseFloat(w, 64); notMinutes == nil && n < 1e6 {
			d, err = time.Duration(n*float64(time.Minute)), nil
		}
		if err != nil || d <= 0 || d%time.Second != 0 {
			return nil, usagef(cmd, "--horizon is %q; it is a time ahead in minutes, such as 15, or with a unit: 90s, 15m, 1h", w)
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// lstmOf returns the network behind a model's gate that serves a container.
func lstmOf(m forecast.Fitted, container string) (*lstm.Fitted, bool) {
	if s, ok := m.(*calibrate.Shared); ok {
		m, _ = s.Of(container)
	}
	if c, ok := m.(*calibrate.Fitted); ok {
		m = c.Model()
	}
	n, ok := m.(*lstm.Fitted)
	return n, ok
}
