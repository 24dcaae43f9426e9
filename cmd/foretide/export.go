package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/infra/promcsv"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/terminal"
)

const exportLong = `Export asks a Prometheus server what every container used and writes a metrics
file: timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx, in Unix
seconds, cores, bytes and bytes per second, a row for each step and container.
Memory is the working set; counters become rates that survive a restart. What
the server does not have is an empty cell.

Presets:
  cadvisor       containers of Docker (by name) and of Kubernetes (by
                 namespace/pod/container, or --by pod, --by workload), as
                 cAdvisor or the kubelet name them; docker and kubernetes mean it too
  node-exporter  machines, by instance; node means it too
  none           only what --query asks for

--query METRIC=PROMQL gives one column of your own, in place of the preset's or
beside them; its rows are named by the result's labels, or by --label. Write
$__rate_interval for a range that is safe for rate().

The file is replaced in one step when all is there. --append continues a file
after its last time stamp, without overlap; what was fetched before a failure or
Ctrl-C is then kept. A cut-off file is mended.

Long ranges are asked for in pages, and a request that fails is repeated.`

const exportEnv = `
Environment, where no flag says otherwise:
  PROMETHEUS_URL                             the server
  PROMETHEUS_USERNAME, PROMETHEUS_PASSWORD   basic authentication
  PROMETHEUS_TOKEN                           bearer authentication
  PROMETHEUS_CA_FILE                         certificates to trust (PEM)
  PROMETHEUS_CERT_FILE, PROMETHEUS_KEY_FILE  the client's certificate (PEM)
Secrets are never printed.
`

type exportFlags struct {
	server                 serverFlags
	out, start, end        string
	seconds                int64
	step, window           time.Duration
	appending, hosts, json bool
	preset, by, selector   string
	label, workloadLabel   string
	containers, metrics    []string
	queries                []string
	stream                 bool // to the standard output
	secondsGiven           bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Export container metrics from a Prometheus server to a metrics file",
		Long:  exportLong,
		Example: `  foretide export --url http://localhost:9090 --seconds 604800 --out metrics.csv.gz
  foretide export --seconds 3600 --append --out metrics.csv.gz          # and every hour from then on
  foretide export --preset kubernetes --by workload --selector 'namespace="shop"'
  foretide export --container webapp --container 'db-*' --start 2024-05-01 --end 2024-05-08
  foretide export --preset none --label app --query 'cpu=sum by (app) (rate(process_cpu_seconds_total[$__rate_interval]))'
  foretide export --url https://prom.example --user me --password-file secret --ca-file ca.pem --out - | head`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.export(cmd, &f) },
	}
	d := promcsv.Defaults()
	fs := cmd.Flags()
	fs.StringVarP(&f.out, "out", "o", d.Path, "metrics file to write (compressed where the name ends in .gz), - for the standard output")
	fs.BoolVar(&f.appending, "append", false, "continue the file after its last time stamp; without a file yet, begin one")
	fs.Int64Var(&f.seconds, "seconds", int64(d.Last/time.Second), "how far back from --end: 3600 is an hour, 604800 a week")
	fs.StringVar(&f.start, "start", "", "first time, instead of --seconds: 2024-05-01, 2024-05-01T10:00:00Z or Unix seconds")
	fs.StringVar(&f.end, "end", "", "last time (default: now)")
	f.addSource(fs, d.Source)
	fs.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (a *app) export(cmd *cobra.Command, f *exportFlags) error {
	f.secondsGiven = cmd.Flags().Changed("seconds")
	o, err := f.options(cmd, a.out)
	if err != nil {
		return err
	}
	if !f.stream {
		if err := os.MkdirAll(filepath.Dir(o.Path), 0o777); err != nil {
			return err
		}
	}
	s, err := a.runExport(cmd.Context(), o)
	if err != nil {
		if f.appending && s.Rows > 0 {
			a.notice("foretide: %d rows up to %s are kept in %s; --append continues there", s.Rows, terminal.Stamp(s.To.Unix()), s.Path)
		}
		return exportError(cmd, err)
	}
	for _, w := range s.Warnings {
		a.notice("foretide: %s", w)
	}
	if s.Rows > 0 {
		for _, m := range s.Missing() {
			a.notice("foretide: the server has no %s from %s to %s: the column is empty there", m, terminal.Stamp(s.From.Unix()), terminal.Stamp(s.To.Unix()))
		}
	}
	switch {
	case f.json:
		return writeExportJSON(a.out, &o, &s)
	case f.stream:
		writeExport(a.noticeWriter(), &o, &s)
	default:
		writeExport(a.out, &o, &s)
	}
	return nil
}

// runExport exports with progress.
func (a *app) runExport(ctx context.Context, o promcsv.Options) (promcsv.Summary, error) {
	m := a.meter("exporting", false)
	defer m.Finish()
	step := int64(o.Step / time.Second)
	o.Progress = func(p prometheus.Progress) {
		if p.Waiting != "" {
			m.Note("foretide: waiting: " + p.Waiting)
			return
		}
		m.Set((p.At.Unix()-p.From.Unix())/step+1, (p.To.Unix()-p.From.Unix())/step+1)
	}
	return promcsv.Export(ctx, o)
}

// noticeWriter is where remarks for people go.
func (a *app) noticeWriter() io.Writer {
	if a.quiet {
		return io.Discard
	}
	return a.err
}

// writeExport prints what was exported.
func writeExport(w io.Writer, o *promcsv.Options, s *promcsv.Summary) {
	name := s.Path
	if o.Out != nil {
		name = "standard output"
	}
	if s.Rows == 0 {
		fmt.Fprintf(w, "%s: nothing new after %s\n", name, terminal.Stamp(s.Had.Unix()))
		return
	}
	what := "rows"
	if !s.Had.IsZero() {
		what = "new rows"
	}
	fmt.Fprintf(w, "%s: %d %s, %s to %s, one every %v for each of %d containers: %s\n\n",
		name, s.Rows, what, terminal.Stamp(s.From.Unix()), terminal.Stamp(s.To.Unix()), o.Step, len(s.Containers), terminal.List(s.Containers))
	t := terminal.NewTable("metric", "values")
	t.Right(1)
	for _, m := range s.Metrics {
		t.Row(m, fmt.Sprint(s.Cells[m]))
	}
	t.Write(w)
}

type exportJSON struct {
	File       string         `json:"file"`
	Rows       int            `json:"rows"` // written now
	From       *time.Time     `json:"from"` // null where no row was written
	To         *time.Time     `json:"to"`
	Had        *time.Time     `json:"continued_after,omitempty"`
	Step       int64          `json:"step_s"`
	RateWindow int64          `json:"rate_window_s,omitempty"`
	Containers []string       `json:"containers"`
	Values     map[string]int `json:"values"`
	Missing    []string       `json:"missing"`
	Unnamed    int            `json:"unnamed_series,omitempty"`
	Warnings   []string       `json:"warnings,omitempty"`
}

func writeExportJSON(w io.Writer, o *promcsv.Options, s *promcsv.Summary) error {
	j := exportJSON{File: s.Path, Rows: s.Rows, Step: int64(o.Step / time.Second), RateWindow: int64(s.RateWindow / time.Second),
		Containers: append([]string{}, s.Containers...), Values: s.Cells, Missing: append([]string{}, s.Missing()...),
		Unnamed: s.Unnamed, Warnings: s.Warnings}
	for to, from := range map[**time.Time]time.Time{&j.From: s.From, &j.To: s.To, &j.Had: s.Had} {
		if !from.IsZero() {
			*to = &from
		}
	}
	return terminal.WriteJSON(w, j)
}

// exportError gives an error of the exporter the words of the command line.
func exportError(cmd *cobra.Command, err error) error {
	if errors.Is(err, prometheus.ErrOptions) {
		return &usageError{command: cmd.CommandPath(), err: err}
	}
	return err
}
