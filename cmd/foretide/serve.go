package main

import (
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/serving"
	"github.com/foretide/foretide/loader"
)

const serveLong = `Serve reads what containers used from a Prometheus server on a schedule, forecasts
every container and metric, and answers over HTTP until it is stopped:

  GET /forecast?container=C[&metric=M][&horizon=15m]   the forecast, as JSON
  POST /forecast                                       the same from a window of values
  GET /metrics                                         forecasts for Prometheus to scrape
  GET /healthz                                         200 where forecasts are fresh, else 503

Until Prometheus has been read once, /forecast answers 503 with Retry-After for a
container by name; after that a container that it has no values of is a 404. A
window that is sent along is forecast from the first moment on. /healthz needs no
token; it is JSON: status ("ok", or what is the matter), series and forecasts.

/metrics has medians, 80 and 95 % intervals, model, reasons, the last values, what
had been forecast for them, and the running accuracy beside that of the last value.
infra/grafana has a dashboard, rules and alerts for it.

Checkpoints that change in the store serve from the next time on. Memory is
bounded by --max-series and --history: eight bytes for each step of each series,
and an eighth more. It listens on this machine alone unless --listen says otherwise.`

type serveFlags struct {
	source                                      exportFlags
	store, listen                               string
	token, cert, key                            string
	every, history, delay, forget, judged, warm time.Duration
	maxSeries                                   int
	logJSON, strict                             bool
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Forecast on a schedule from a Prometheus server; answer over HTTP and to its scrapes",
		Long:  serveLong,
		Example: `  foretide serve --url http://localhost:9090
  foretide serve --store s3://bucket/checkpoints --preset kubernetes --by workload
  foretide serve --listen :9464 --listen-token-file token --listen-cert-file tls.crt --listen-key-file tls.key
  curl 'http://localhost:9464/forecast?container=webapp&metric=cpu&horizon=15m'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd, &f) },
	}
	d := prometheus.Defaults()
	d.Step = time.Minute
	fs := cmd.Flags()
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints; or one checkpoint")
	fs.StringVar(&f.listen, "listen", "127.0.0.1:9464", "address to listen on; :9464 is all of this machine's")
	fs.StringVar(&f.token, "listen-token-file", "", "file with the token that who asks must have (Authorization: Bearer TOKEN; /healthz needs none)")
	fs.StringVar(&f.cert, "listen-cert-file", "", "certificate to serve with (PEM), read again when it changes; with --listen-key-file")
	fs.StringVar(&f.key, "listen-key-file", "", "its key (PEM)")
	fs.DurationVar(&f.every, "every", time.Minute, "time from one forecast to the next")
	fs.DurationVar(&f.history, "history", 9*24*time.Hour, "how far back values are kept: models look eight days back")
	fs.DurationVar(&f.delay, "delay", 30*time.Second, "how old a moment must be before it is read: the server may be late with it")
	fs.DurationVar(&f.forget, "forget", 2*time.Hour, "a container without values for longer is gone")
	fs.DurationVar(&f.judged, "judged", 24*time.Hour, "time over which the running accuracy is measured")
	fs.DurationVar(&f.warm, "warm", 2*time.Hour, "how far back forecasts are made at the start, to measure accuracy from then on; 0 is none")
	fs.IntVar(&f.maxSeries, "max-series", 2000, "series (metrics of containers) at most; others are left out, and said to be")
	fs.BoolVar(&f.strict, "strict", false, "do not start without a checkpoint (exit code 4), instead of the network in the box standing in")
	fs.BoolVar(&f.logJSON, "log-json", false, "log as JSON")
	f.source.addSource(fs, d)
	return cmd
}

// config returns what the flags ask for.
func (f *serveFlags) config(cmd *cobra.Command) (c serving.Config, err error) {
	o := prometheus.Defaults()
	if err := f.source.server.apply(cmd, &o.Server); err != nil {
		return c, err
	}
	o.Step = f.source.step
	f.source.source(&o)
	if err := f.source.validateSource(cmd, &o); err != nil {
		return c, err
	}
	for _, d := range []struct {
		name        string
		value, from time.Duration
		most        time.Duration
	}{
		{"every", f.every, time.Second, 24 * time.Hour},
		{"history", f.history, 2 * o.Step, 100 * 24 * time.Hour},
		{"delay", f.delay, 0, 24 * time.Hour},
		{"forget", f.forget, o.Step, 100 * 24 * time.Hour},
		{"judged", f.judged, o.Step, 100 * 24 * time.Hour},
		{"warm", f.warm, 0, f.history},
	} {
		if d.value < d.from || d.value > d.most {
			return c, usagef(cmd, "--%s is %v; it is from %v to %v", d.name, d.value, d.from, d.most)
		}
	}
	if f.maxSeries < 1 || f.maxSeries > 1_000_000 {
		return c, usagef(cmd, "--max-series is %d; it is from 1 to 1000000", f.maxSeries)
	}
	c = serving.Config{Source: o, Every: f.every, Window: f.history, Delay: f.delay, Forget: f.forget, Judged: f.judged, Warm: f.warm,
		MaxSeries: f.maxSeries, Version: loader.BuildVersion(), Now: time.Now}
	return c, f.guard(cmd, &c)
}

// guard sets who is let in, and the certificate.
func (f *serveFlags) guard(cmd *cobra.Command, c *serving.Config) error {
	if f.token != "" {
		token, err := readSecret(f.token)
		if err != nil {
			return usagef(cmd, "--listen-token-file: %w", err)
		}
		c.Token = string(token)
	}
	if (f.cert == "") != (f.key == "") {
		return usagef(cmd, "--listen-cert-file and --listen-key-file go together")
	}
	var err error
	if f.cert != "" {
		c.TLS, err = serving.TLS(f.cert, f.key)
	}
	return err
}

func (a *app) serve(cmd *cobra.Command, f *serveFlags) error {
	c, err := f.config(cmd)
	if err != nil {
		return err
	}
	if c.Predictor, err = a.openStore(cmd, f.store, f.strict); err != nil {
		return err
	}
	level := &slog.HandlerOptions{}
	if a.quiet {
		level.Level = slog.LevelWarn
	}
	c.Log = slog.New(slog.NewTextHandler(a.err, level))
	if f.logJSON {
		c.Log = slog.New(slog.NewJSONHandler(a.err, level))
	}
	var lc net.ListenConfig
	l, err := lc.Listen(cmd.Context(), "tcp", f.listen)
	if err != nil {
		return usagef(cmd, "--listen: %w", err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && c.Token == "" {
		a.notice("foretide: whoever reaches %s may ask: --listen-token-file lets in only who has a token", l.Addr())
	}
	scheme := "http"
	if c.TLS != nil {
		scheme = "https"
	}
	c.Log.Info("serving", "url", scheme+"://"+l.Addr().String(), "every", f.every.String(), "checkpoints", len(c.Predictor.Keys()))
	return serving.New(c).Run(cmd.Context(), l)
}
