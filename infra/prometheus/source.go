// Package prometheus reads what containers used from a Prometheus server, and
// writes forecasts to one.
//
// Source.Read asks for the metrics of cAdvisor, as Docker and Kubernetes name
// them, of node-exporter, or for any PromQL. It pages through long ranges so that
// neither the server's limit of 11,000 points nor memory is exceeded, and retries
// what can be retried. Writer.Write is remote write.
package prometheus

import (
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
	NoPreset     = "none"          // only Source.Queries
)

// Presets lists the presets.
var Presets = []string{CAdvisor, NodeExporter, NoPreset}

// What a row is about.
const (
	byContainer = "container" // name, or namespace/pod/container in Kubernetes
	byPod       = "pod"       // namespace/pod: the sum of its containers
	byWorkload  = "workload"  // namespace/workload: the sum of its pods
)

var groupings = []string{byContainer, byPod, byWorkload}

// metrics are the columns of every source, in order, before those that only
// Source.Queries has.
var metrics = []string{series.CPU, series.Memory, series.DiskRead, series.DiskWrite, series.NetRx, series.NetTx}

// A Query is PromQL that gives one column.
type Query struct {
	Metric string // the column: "cpu", or a new name
	// PromQL is evaluated at every step. In it $__rate_interval is replaced by
	// a range that is safe for rate().
	PromQL string
}

// A Source says what to read, and from which server. Start from Defaults: every
// field is then taken literally.
type Source struct {
	Server

	Step          time.Duration // between rows; whole seconds
	Preset        string        // one of Presets
	By            string        // "container", "pod" or "workload"; node-exporter has machines alone
	Hosts         bool          // begin a Docker container's name with its host
	Match         string        // PromQL label matchers for the preset: `namespace="shop"`
	Metrics       []string      // only these columns are asked for; none: all
	Containers    []string      // only these are read, by their names in the rows; * is any text; none: all
	Queries       []Query       // instead of the preset's, and beside them
	Label         string        // that names the container of Queries; "": as the preset
	WorkloadLabel string        // that names the workload; "": derived, see workloadOf
	RateWindow    time.Duration // range of rates; 0: from the step and the scrape interval
	Progress      func(Progress)
}

// Defaults returns a source of cAdvisor's metrics, every 15 seconds, on this
// machine.
func Defaults() Source {
	return Source{
		Server: Server{
			URL:       "http://localhost:9090",
			Attempts:  6,
			Timeout:   time.Minute,
			FirstWait: 500 * time.Millisecond,
		},
		Step:   15 * time.Second,
		Preset: CAdvisor,
		By:     byContainer,
	}
}

// Check returns an ErrOptions if the source is impossible. Read checks it too.
func (s *Source) Check() error {
	switch {
	case s.Step < time.Second || s.Step%time.Second != 0:
		return optionf("step must be whole seconds, got %v", s.Step)
	case !slices.Contains(Presets, s.Preset):
		return optionf("no preset %q; there are %s", s.Preset, strings.Join(Presets, ", "))
	case !slices.Contains(groupings, s.By):
		return optionf("rows cannot be by %q; they can be by %s", s.By, strings.Join(groupings, ", "))
	case s.RateWindow < 0 || s.RateWindow%time.Second != 0:
		return optionf("rate window must be whole seconds, got %v", s.RateWindow)
	}
	if err := s.Server.check(); err != nil {
		return err
	}
	for _, q := range s.Queries {
		switch {
		case !columnName.MatchString(q.Metric) || q.Metric == "timestamp" || q.Metric == "container":
			return optionf("%q cannot be a column; a query is written METRIC=PROMQL, such as cpu=sum by (name) (…)", q.Metric)
		case strings.TrimSpace(q.PromQL) == "":
			return optionf("the query of %s is empty; it is written METRIC=PROMQL", q.Metric)
		}
	}
	return nil
}

var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Columns returns the metrics of every row, in order, whether they are asked for
// or not.
func (s *Source) Columns() ([]string, error) {
	// The window of rates is known later; the columns do not depend on it.
	_, header, err := s.columns(time.Minute, false)
	return header, err
}
