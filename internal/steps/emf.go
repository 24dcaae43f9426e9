package steps

import (
	"io"
	"sync"
	"time"

	"github.com/goccy/go-json"
)

// Namespace is where CloudWatch keeps the functions' metrics.
const Namespace = "Foretide"

// StackVariable names the deployment that a function is part of. With it every
// metric has the dimension Stack: two deployments in one account and region keep
// theirs apart.
const StackVariable = "FORETIDE_STACK"

// Metrics are the numbers of one invocation. They are written as lines in
// CloudWatch's embedded metric format, from which it takes them without a call.
// Safe for concurrent use.
type Metrics struct {
	stack        string // "" for none
	function, id string
	out          io.Writer
	mu           sync.Mutex
	names        []string
	units        map[string]string
	values       map[string]float64
	reasons      map[[2]string]float64
}

// Add adds to a metric. Units are CloudWatch's: Count, Milliseconds, Bytes.
func (m *Metrics) Add(name, unit string, v float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values, m.units = map[string]float64{}, map[string]string{}
	}
	if _, ok := m.values[name]; !ok {
		m.names = append(m.names, name)
	}
	m.values[name] += v
	m.units[name] = unit
}

// AddReason adds to a count that is kept by machine-readable reason.
func (m *Metrics) AddReason(name, reason string, v float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reasons == nil {
		m.reasons = map[[2]string]float64{}
	}
	m.reasons[[2]string{reason, name}] += v
}

// Of returns the dimensions of a metric, which are pairs of a name and a value,
// after that of the deployment, where it has a name.
func (m *Metrics) Of(dimensions ...[2]string) [][2]string {
	if m.stack == "" {
		return dimensions
	}
	return append([][2]string{{"Stack", m.stack}}, dimensions...)
}

// A Value is one of a metric of something other than the function.
type Value struct {
	Name, Unit string // the unit is "" for none
	V          float64
}

// Emit writes a line with metrics of the dimensions, and of the deployment, at a
// time.
func (m *Metrics) Emit(at time.Time, dimensions [][2]string, list []Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := map[string]any{}
	var metrics []emfMetric
	for _, v := range list[:min(len(list), maxEMF)] {
		metrics = append(metrics, emfMetric{v.Name, v.Unit})
		values[v.Name] = v.V
	}
	m.line(at, dimensions, metrics, values)
}

type emfMetric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit,omitempty"`
}

type emfDirective struct {
	Namespace  string      `json:"Namespace"`
	Dimensions [][]string  `json:"Dimensions"`
	Metrics    []emfMetric `json:"Metrics"`
}

// maxEMF is the most metrics of a line.
const maxEMF = 100

// Write writes the lines: what is counted, and what is counted by reason.
func (m *Metrics) Write() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	of := [2]string{"Function", m.function}
	for key, v := range m.reasons {
		m.line(now, [][2]string{of, {"Reason", key[0]}}, []emfMetric{{key[1], "Count"}}, map[string]any{key[1]: v})
	}
	values := map[string]any{}
	var list []emfMetric
	for _, name := range m.names[:min(len(m.names), maxEMF)] {
		list = append(list, emfMetric{name, m.units[name]})
		values[name] = m.values[name]
	}
	m.line(now, [][2]string{of}, list, values)
}

// line writes one; the lock is held.
func (m *Metrics) line(at time.Time, dimensions [][2]string, list []emfMetric, values map[string]any) {
	var names []string
	for _, d := range m.Of(dimensions...) {
		names = append(names, d[0])
		values[d[0]] = d[1]
	}
	values["request_id"] = m.id
	values["_aws"] = map[string]any{
		"Timestamp":         at.UnixMilli(),
		"CloudWatchMetrics": []emfDirective{{Namespace, [][]string{names}, list}},
	}
	line, err := json.Marshal(values)
	if err != nil {
		return // a number that is not finite: no metric
	}
	_, _ = m.out.Write(append(line, '\n')) // there is nowhere to say that the log is gone
}
