package invoke

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Namespace is where CloudWatch keeps the functions' metrics.
const Namespace = "Foretide"

// Metrics are the numbers of one invocation. They are written as one line in
// CloudWatch's embedded metric format, from which it takes them without a call.
// Safe for concurrent use.
type Metrics struct {
	function, id string
	mu           sync.Mutex
	names        []string
	units        map[string]string
	values       map[string]float64
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

type emfMetric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

type emfDirective struct {
	Namespace  string      `json:"Namespace"`
	Dimensions [][]string  `json:"Dimensions"`
	Metrics    []emfMetric `json:"Metrics"`
}

// maxEMF is the most metrics of a line.
const maxEMF = 100

// write writes the line.
func (m *Metrics) write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := map[string]any{"Function": m.function, "request_id": m.id}
	var list []emfMetric
	for _, name := range m.names[:min(len(m.names), maxEMF)] {
		list = append(list, emfMetric{name, m.units[name]})
		values[name] = m.values[name]
	}
	writeEMF(w, []string{"Function"}, list, values)
}

func writeEMF(w io.Writer, dimensions []string, list []emfMetric, values map[string]any) {
	values["_aws"] = map[string]any{
		"Timestamp":         time.Now().UnixMilli(),
		"CloudWatchMetrics": []emfDirective{{Namespace, [][]string{dimensions}, list}},
	}
	line, err := json.Marshal(values)
	if err != nil {
		return // a number that is not finite: no metric
	}
	_, _ = w.Write(append(line, '\n')) // there is nowhere to say that the log is gone
}
