package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/foretide/foretide/infra/promcsv"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/near"
)

// serverFlags say which server is asked, and how.
type serverFlags struct {
	url                       string
	headers                   []string
	user, password, token     string // the last two are files
	caFile, certFile, keyFile string
	insecure                  bool
	attempts                  int
	timeout                   time.Duration
}

func (s *serverFlags) add(fs *pflag.FlagSet) {
	d := prometheus.Defaults()
	fs.StringVar(&s.url, "url", d.URL, "the server, with any path that is before /api")
	fs.StringArrayVar(&s.headers, "header", nil, "'Name: value' sent with every request, or @FILE with one on each line (repeatable)")
	fs.StringVar(&s.user, "user", "", "user name of basic authentication")
	fs.StringVar(&s.password, "password-file", "", "file with its password")
	fs.StringVar(&s.token, "bearer-token-file", "", "file with the token of bearer authentication")
	fs.StringVar(&s.caFile, "ca-file", "", "certificates to trust instead of the system's (PEM)")
	fs.StringVar(&s.certFile, "cert-file", "", "the client's certificate (PEM), with --key-file")
	fs.StringVar(&s.keyFile, "key-file", "", "its key (PEM)")
	fs.BoolVar(&s.insecure, "insecure-skip-verify", false, "accept any certificate of the server: who is in between can then read and change everything")
	fs.IntVar(&s.attempts, "attempts", d.Attempts, "how often a request is made before it counts as failed")
	fs.DurationVar(&s.timeout, "timeout", d.Timeout, "how long one request may take")
}

// addSource adds the flags that say what is asked for, of which server.
func (f *exportFlags) addSource(fs *pflag.FlagSet, d prometheus.Source) {
	fs.DurationVar(&f.step, "step", d.Step, "time from one row to the next, in whole seconds")
	fs.StringVar(&f.preset, "preset", d.Preset, "where the metrics come from: cadvisor (also docker, kubernetes), node-exporter (also node), none")
	fs.StringVar(&f.by, "by", d.By, "what a row is about: container, pod, workload")
	fs.BoolVar(&f.hosts, "hosts", false, "begin a Docker container's name with its host: where hosts have containers of the same name")
	fs.StringArrayVar(&f.containers, "container", nil, "the only container to write, as it is named in the file; * is any text (repeatable; default: all)")
	fs.StringVar(&f.selector, "selector", "", `label matchers for the preset's queries: 'namespace="shop",pod=~"web-.*"'`)
	fs.StringSliceVar(&f.metrics, "metric", nil, "metrics to ask for"+several+"; the other columns stay empty (default: all)")
	fs.StringArrayVar(&f.queries, "query", nil, "METRIC=PROMQL: a column of your own (repeatable)")
	fs.StringVar(&f.label, "label", "", "label that names the container in the results of --query (default: as in the preset)")
	fs.StringVar(&f.workloadLabel, "workload-label", "", "label that names the workload (default: the owner's name, or from the pod's name)")
	fs.DurationVar(&f.window, "rate-window", 0, "range that rates are taken over (default: from the step and the scrape interval of the range)")
	f.server.add(fs)
}

// options returns what the flags ask for, over the environment.
func (f *exportFlags) options(cmd *cobra.Command, stdout io.Writer) (promcsv.Options, error) {
	o := promcsv.Defaults()
	if err := f.server.apply(cmd, &o.Server); err != nil {
		return o, err
	}
	o.Path, o.Append, o.Step = f.out, f.appending, f.step
	if f.out == "-" {
		f.stream, o.Path, o.Out = true, "", stdout
	}
	f.source(&o.Source)
	if err := f.span(cmd, &o); err != nil {
		return o, err
	}
	return o, f.validate(cmd, &o)
}

// source sets what is asked for.
func (f *exportFlags) source(o *prometheus.Source) {
	o.Preset, o.By, o.Hosts, o.Match = f.preset, f.by, f.hosts, f.selector
	if other, ok := presetAliases[f.preset]; ok {
		o.Preset = other
	}
	o.Containers, o.Metrics = f.containers, f.metrics
	o.Label, o.WorkloadLabel, o.RateWindow = f.label, f.workloadLabel, f.window
	for _, q := range f.queries {
		metric, query, _ := strings.Cut(q, "=")
		o.Queries = append(o.Queries, prometheus.Query{Metric: strings.TrimSpace(metric), PromQL: strings.TrimSpace(query)})
	}
}

// presetAliases are other names of presets.
var presetAliases = map[string]string{
	"docker": prometheus.CAdvisor, "kubernetes": prometheus.CAdvisor, "k8s": prometheus.CAdvisor,
	"node": prometheus.NodeExporter,
}

// presetNames are what the flag can be, for completion and suggestions.
var presetNames = []string{prometheus.CAdvisor, "docker", "kubernetes", prometheus.NodeExporter, prometheus.NoPreset}

// validate refuses what cannot be, in the words of the flags.
func (f *exportFlags) validate(cmd *cobra.Command, o *promcsv.Options) error {
	switch {
	case f.stream && f.appending:
		return usagef(cmd, "--append continues a file: --out - does not go with it")
	case f.stream && f.json:
		return usagef(cmd, "--json and --out - both print: name a file with --out")
	case f.out == "":
		return usagef(cmd, "--out is empty: name a file, or - for the standard output")
	}
	if err := f.validateSource(cmd, &o.Source); err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return exportError(cmd, err)
	}
	return nil
}

// validateSource refuses what cannot be asked for.
func (f *exportFlags) validateSource(cmd *cobra.Command, o *prometheus.Source) error {
	switch {
	case f.step < time.Second || f.step%time.Second != 0:
		return usagef(cmd, "--step is %v; it is whole seconds, such as 15s or 1m", f.step)
	case f.window < 0 || f.window%time.Second != 0:
		return usagef(cmd, "--rate-window is %v; it is whole seconds, such as 1m, or 0 to choose it", f.window)
	case f.server.attempts < 1:
		return usagef(cmd, "--attempts is %d; it is at least 1", f.server.attempts)
	case f.server.timeout <= 0:
		return usagef(cmd, "--timeout is %v; it is more than 0, such as 1m", f.server.timeout)
	case !slices.Contains(prometheus.Presets, o.Preset):
		return usagef(cmd, "--preset is %q; it can be %s%s", f.preset, strings.Join(presetNames, ", "), near.Hint(f.preset, presetNames))
	case o.Preset == prometheus.NoPreset && len(f.queries) == 0:
		return usagef(cmd, "--preset none asks for nothing: add --query METRIC=PROMQL")
	}
	if err := o.Check(); err != nil {
		return exportError(cmd, err)
	}
	return nil
}

// span sets the range.
func (f *exportFlags) span(cmd *cobra.Command, o *promcsv.Options) error {
	var err error
	if o.Start, err = parseTime(f.start); err != nil {
		return usagef(cmd, "--start: %w", err)
	}
	if o.End, err = parseTime(f.end); err != nil {
		return usagef(cmd, "--end: %w", err)
	}
	const most = 100 * 366 * 86400
	switch {
	case f.start != "" && f.secondsGiven:
		return usagef(cmd, "--start and --seconds exclude each other")
	case f.seconds <= 0 || f.seconds > most:
		return usagef(cmd, "--seconds is %d; it is more than 0, such as 3600 for an hour", f.seconds)
	}
	o.Last = time.Duration(f.seconds) * time.Second
	return nil
}

// timeForms are how a time can be written; without a zone it is UTC.
var timeForms = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// parseTime reads a time, zero where there is none.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		if s > 1e11 {
			return time.Time{}, fmt.Errorf("%q looks like milliseconds; write Unix seconds", text)
		}
		if s > 0 {
			return time.Unix(s, 0), nil
		}
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil && t.Unix() > 0 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time; write 2024-05-01, 2024-05-01T10:00:00Z or Unix seconds", text)
}

// apply sets the server and the credentials: the flags over the environment.
// A flag for one way to authenticate puts the environment's other way aside.
func (s *serverFlags) apply(cmd *cobra.Command, o *prometheus.Server) error {
	o.FromEnv("PROMETHEUS", os.Getenv)
	given := cmd.Flags().Changed
	if given("url") {
		o.URL = s.url
	}
	for name, to := range map[string]*string{"ca-file": &o.CAFile, "cert-file": &o.CertFile, "key-file": &o.KeyFile, "user": &o.Username} {
		if given(name) {
			*to = cmd.Flag(name).Value.String()
		}
	}
	basic, bearer := given("user") || given("password-file"), given("bearer-token-file")
	switch {
	case basic && bearer:
		return usagef(cmd, "--user and --bearer-token-file exclude each other")
	case basic:
		o.Token = ""
	case bearer:
		o.Username, o.Password = "", ""
	}
	var err error
	if given("password-file") {
		if o.Password, err = readSecret(s.password); err != nil {
			return fmt.Errorf("--password-file: %w", err)
		}
		if o.Username == "" {
			return usagef(cmd, "--password-file needs --user")
		}
	}
	if bearer {
		if o.Token, err = readSecret(s.token); err != nil {
			return fmt.Errorf("--bearer-token-file: %w", err)
		}
	}
	o.InsecureTLS, o.Attempts, o.Timeout = s.insecure, s.attempts, s.timeout
	o.Headers, err = s.readHeaders(cmd)
	return err
}

// readSecret reads a file that holds one secret.
func readSecret(path string) (prometheus.Secret, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return prometheus.Secret(text), nil
}

// readHeaders reads 'Name: value' and files of them. What it says has no
// value in it, which may be a secret.
func (s *serverFlags) readHeaders(cmd *cobra.Command) (map[string]prometheus.Secret, error) {
	headers := make(map[string]prometheus.Secret)
	for _, given := range s.headers {
		lines := []string{given}
		if path, ok := strings.CutPrefix(given, "@"); ok {
			b, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("--header: %w", err)
			}
			lines = strings.Split(string(b), "\n")
		}
		for i, line := range lines {
			if line = strings.TrimSpace(line); line == "" && len(lines) > 1 {
				continue
			}
			name, value, ok := strings.Cut(line, ":")
			if !ok || strings.TrimSpace(name) == "" {
				where := ""
				if len(lines) > 1 {
					where = fmt.Sprintf(" (%s, line %d)", given[1:], i+1)
				}
				return nil, usagef(cmd, "--header%s: a header is written 'Name: value'", where)
			}
			headers[strings.TrimSpace(name)] = prometheus.Secret(strings.TrimSpace(value))
		}
	}
	return headers, nil
}
