// Package prometheus exports what containers used from a Prometheus server to
// the CSV file that Foretide trains on.
//
// It asks for the metrics of cAdvisor, as Docker and Kubernetes name them, of
// node-exporter, or for any PromQL; pages through long ranges so that neither
// the server's limit of 11,000 points nor the memory is exceeded; retries what
// can be retried; and replaces the file in one step when all is there.
package prometheus

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/series"
)

// The presets: where the metrics come from.
const (
	CAdvisor     = "cadvisor"      // containers of Docker and Kubernetes
	NodeExporter = "node-exporter" // machines, one container each
	NoPreset     = "none"          // only Options.Queries
)

// Presets lists the presets.
var Presets = []string{CAdvisor, NodeExporter, NoPreset}

// What a row of the file is about.
const (
	ByContainer = "container" // name, or namespace/pod/container in Kubernetes
	ByPod       = "pod"       // namespace/pod: the sum of its containers
	ByWorkload  = "workload"  // namespace/workload: the sum of its pods
)

// Groupings lists what a row can be about.
var Groupings = []string{ByContainer, ByPod, ByWorkload}

// Columns are the metrics of the file, in order, before those that only
// Options.Queries has.
var Columns = []string{series.CPU, series.Memory, series.DiskRead, series.DiskWrite, series.NetRx, series.NetTx}

// Errors that a caller can act on.
var (
	// ErrOptions: the options contradict each other or cannot be.
	ErrOptions = errors.New("prometheus: impossible options")
	// ErrNoData: the server answered, and has none of the metrics in the
	// range, or none of the containers. No file is written.
	ErrNoData = errors.New("prometheus: no data")
	// ErrUnreachable: the server did not answer, or not usefully, however
	// often it was asked.
	ErrUnreachable = errors.New("prometheus: server cannot be reached")
	// ErrRefused: the server does not accept the credentials.
	ErrRefused = errors.New("prometheus: access refused")
	// ErrPromQL: the server does not understand a query.
	ErrPromQL = errors.New("prometheus: query not understood")
	// ErrQuery: the server gives up on a query, or its answer is too large.
	ErrQuery = errors.New("prometheus: query failed")
	// ErrFile: the file to append to is not one that Export wrote.
	ErrFile = errors.New("prometheus: cannot append to file")
)

// Secret is text that is never shown: printed in any way it is "***".
type Secret string

// String returns "***", or "" where there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// Format prints the secret as String does, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Query is PromQL that gives one column of the file.
type Query struct {
	Metric string // the column: "cpu", or a new name
	// PromQL is evaluated at every step. In it $__rate_interval is replaced by
	// a range that is safe for rate().
	PromQL string
}

// An optionError says which option cannot be, and what it can be.
type optionError struct{ text string }

func (e *optionError) Error() string        { return "prometheus: " + e.text }
func (e *optionError) Is(target error) bool { return target == ErrOptions }

func optionf(format string, args ...any) error {
	return &optionError{fmt.Sprintf(format, args...)}
}

// Options say what to export and from where. Start from Defaults: every field
// is then taken literally.
type Options struct {
	Path   string    // of the file; compressed where it ends in .gz
	Append bool      // continue the file after its last time stamp, if there is one
	Out    io.Writer // takes the text instead of a file, in whole rows
	// Row takes the rows instead of a file: a time stamp in Unix seconds, a
	// container, the columns of the file, and a value for each, NaN where there is
	// none. What it is given is valid until it returns.
	Row func(t int64, container string, metrics []string, values []float64) error

	URL         string            // of the server, with any path that is before /api
	Headers     map[string]Secret // of every request
	Username    string            // basic authentication, with Password
	Password    Secret
	Token       Secret // bearer authentication
	CAFile      string // PEM: certificates to trust instead of the system's
	CertFile    string // PEM: the client's certificate, with KeyFile
	KeyFile     string
	InsecureTLS bool // accept any certificate of the server

	Start time.Time     // zero: Last before End
	End   time.Time     // zero: now
	Last  time.Duration // used where Start is zero
	Step  time.Duration // between rows; whole seconds

	Preset        string   // one of Presets
	By            string   // one of Groupings; node-exporter has machines alone
	Hosts         bool     // begin a Docker container's name with its host
	Match         string   // PromQL label matchers for the preset: `namespace="shop"`
	Metrics       []string // only these columns are asked for; none: all
	Containers    []string // only these are written, by their names in the file; * is any text; none: all
	Queries       []Query  // instead of the preset's, and beside them
	Label         string   // that names the container of Queries; "": as the preset
	WorkloadLabel string   // that names the workload; "": derived, see workloadOf
	RateWindow    time.Duration

	Attempts  int           // for each request, the first included
	Timeout   time.Duration // of each request
	FirstWait time.Duration // before the second attempt; doubles from one to the next
	Progress  func(Progress)

	now func() time.Time
}

// Progress tells how far an export has come.
type Progress struct {
	From, To, At time.Time // the range, and how much of it has been written
	Rows         int
	Waiting      string // why a request is repeated, "" otherwise
}

// Summary tells what an export did.
type Summary struct {
	Path       string
	Had        time.Time // the last time stamp that a continued file had; zero otherwise
	Rows       int       // written by this export
	Containers []string
	Metrics    []string       // that were asked for, in the order of the file
	From, To   time.Time      // the first and the last time stamp that was written
	Cells      map[string]int // values by metric; 0 where the server had none
	RateWindow time.Duration
	Unnamed    int // the most series of one answer that have no container, and were left out
	Warnings   []string
}

// Missing returns the columns that were asked for and have no value.
func (s *Summary) Missing() []string {
	var out []string
	for _, m := range s.Metrics {
		if s.Cells[m] == 0 {
			out = append(out, m)
		}
	}
	return out
}

// Defaults returns the options for an hour of cAdvisor's metrics from a server
// on this machine.
func Defaults() Options {
	return Options{
		Path:      "metrics.csv",
		URL:       "http://localhost:9090",
		Last:      time.Hour,
		Step:      15 * time.Second,
		Preset:    CAdvisor,
		By:        ByContainer,
		Attempts:  6,
		Timeout:   time.Minute,
		FirstWait: 500 * time.Millisecond,
	}
}

// FromEnv sets the server and the credentials from the environment where the
// variables are not empty: PROMETHEUS_URL, PROMETHEUS_TOKEN,
// PROMETHEUS_USERNAME, PROMETHEUS_PASSWORD, PROMETHEUS_CA_FILE,
// PROMETHEUS_CERT_FILE and PROMETHEUS_KEY_FILE.
func (o *Options) FromEnv(getenv func(string) string) {
	for name, field := range map[string]*string{
		"PROMETHEUS_URL":       &o.URL,
		"PROMETHEUS_TOKEN":     (*string)(&o.Token),
		"PROMETHEUS_USERNAME":  &o.Username,
		"PROMETHEUS_PASSWORD":  (*string)(&o.Password),
		"PROMETHEUS_CA_FILE":   &o.CAFile,
		"PROMETHEUS_CERT_FILE": &o.CertFile,
		"PROMETHEUS_KEY_FILE":  &o.KeyFile,
	} {
		if v := getenv(name); v != "" {
			*field = v
		}
	}
}

// Check returns an ErrOptions where the options are impossible. Export does
// it too.
func (o *Options) Check() error {
	switch {
	case o.Path == "" && o.Out == nil && o.Row == nil:
		return optionf("no file to write to")
	case (o.Out != nil || o.Row != nil) && (o.Path != "" || o.Append) || o.Out != nil && o.Row != nil:
		return optionf("a file to write to and a stream exclude each other")
	case o.Step < time.Second || o.Step%time.Second != 0:
		return optionf("step must be whole seconds, got %v", o.Step)
	case o.Start.IsZero() && o.Last <= 0:
		return optionf("range must be more than 0, got %v", o.Last)
	case !slices.Contains(Presets, o.Preset):
		return optionf("no preset %q; there are %s", o.Preset, strings.Join(Presets, ", "))
	case !slices.Contains(Groupings, o.By):
		return optionf("rows cannot be by %q; they can be by %s", o.By, strings.Join(Groupings, ", "))
	case o.RateWindow < 0 || o.RateWindow%time.Second != 0:
		return optionf("rate window must be whole seconds, got %v", o.RateWindow)
	case o.Token != "" && (o.Username != "" || o.Password != ""):
		return optionf("both a token and a user name are given; use one")
	case o.Password != "" && o.Username == "":
		return optionf("a password is given without a user name")
	case strings.Contains(o.Username, ":"):
		return optionf("the user name has a colon in it, which basic authentication cannot carry: give the password apart")
	case (o.CertFile == "") != (o.KeyFile == ""):
		return optionf("a client certificate needs both its certificate and its key file")
	}
	return o.checkTexts()
}

// checkTexts returns what cannot be sent or written as it is.
func (o *Options) checkTexts() error {
	for name, value := range o.Headers {
		if !headerName.MatchString(name) {
			return optionf("%q is not the name of a header; a header is written 'Name: value'", name)
		}
		if strings.ContainsAny(string(value), "\r\n\x00") {
			return optionf("the value of header %s has a line break in it", name)
		}
	}
	if strings.ContainsAny(string(o.Token), " \t\r\n\x00") {
		return optionf("the bearer token has white space in it; it is one word")
	}
	for _, q := range o.Queries {
		switch {
		case !columnName.MatchString(q.Metric) || q.Metric == "timestamp" || q.Metric == "container":
			return optionf("%q cannot be a column; a query is written METRIC=PROMQL, such as cpu=sum by (name) (…)", q.Metric)
		case strings.TrimSpace(q.PromQL) == "":
			return optionf("the query of %s is empty; it is written METRIC=PROMQL", q.Metric)
		}
	}
	return nil
}

var (
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110, section 5.6.2
	columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// span returns the range on the grid of the step: the first and the last time
// stamp, both included, in Unix seconds.
func (o *Options) span() (from, to int64, err error) {
	end := o.End
	if end.IsZero() {
		end = o.clock()
	}
	start := o.Start
	if start.IsZero() {
		start = end.Add(-o.Last)
	}
	step := int64(o.Step / time.Second)
	from, to = ceilTo(start.Unix(), step), end.Unix()/step*step
	if start.Unix() < 0 || to < from {
		return 0, 0, optionf("no step of %v lies from %s to %s", o.Step, stamp(start), stamp(end))
	}
	return from, to, nil
}

func (o *Options) clock() time.Time {
	if o.now != nil {
		return o.now()
	}
	return time.Now()
}

func ceilTo(t, step int64) int64 { return (t + step - 1) / step * step }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
