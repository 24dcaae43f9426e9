package cloudwatch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/series"
)

// A Query says which metrics of CloudWatch are a metric of containers.
type Query struct {
	// Metric is what it becomes: "cpu", "memory", …, or a new name.
	Metric string `json:"metric"`
	// Namespace and Name are CloudWatch's.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Dimensions are the names of exactly those that the metrics have.
	Dimensions []string `json:"dimensions"`
	// Where gives dimensions the only value that is wanted.
	Where map[string]string `json:"where,omitempty"`
	// Container lists the dimensions whose values, with "/" between, name the
	// container; none: those that Where does not fix.
	Container []string `json:"container,omitempty"`
	// Stat is the statistic of a step: "Average" where it is "".
	Stat string `json:"stat,omitempty"`
	// Scale is what values are multiplied with, so that CPU is in cores and all
	// else in bytes or bytes a second; 0 is 1.
	Scale float64 `json:"scale,omitempty"`
}

// ErrQuery reports an impossible query. The error that wraps it says which and
// why.
var ErrQuery = errors.New("cloudwatch: bad query")

// Names of presets.
const (
	ECS = "ecs" // services of ECS, by Container Insights: CLUSTER/SERVICE, the mean of its tasks
	eks = "eks" // workloads of EKS, by Container Insights: CLUSTER/NAMESPACE/WORKLOAD, the mean of its pods
)

// Presets lists them.
var Presets = []string{ECS, eks}

// Preset returns the queries of a preset; nil for one that there is not. The
// units are those of Container Insights: ECS counts 1,024 units of CPU to a core
// and memory in MiB, EKS 1,000 units to a core and memory in bytes; networks are
// in bytes a second in both.
func Preset(name string) []Query {
	of := func(namespace string, dimensions []string, all ...Query) []Query {
		for i := range all {
			all[i].Namespace, all[i].Dimensions = namespace, dimensions
		}
		return all
	}
	switch name {
	case ECS:
		return of("ECS/ContainerInsights", []string{"ClusterName", "ServiceName"},
			Query{Metric: series.CPU, Name: "CpuUtilized", Scale: 1. / 1024},
			Query{Metric: series.Memory, Name: "MemoryUtilized", Scale: 1 << 20},
			Query{Metric: series.NetRx, Name: "NetworkRxBytes"},
			Query{Metric: series.NetTx, Name: "NetworkTxBytes"})
	case eks:
		return of("ContainerInsights", []string{"ClusterName", "Namespace", "PodName"},
			Query{Metric: series.CPU, Name: "pod_cpu_usage_total", Scale: 1e-3},
			Query{Metric: series.Memory, Name: "pod_memory_working_set"},
			Query{Metric: series.NetRx, Name: "pod_network_rx_bytes"},
			Query{Metric: series.NetTx, Name: "pod_network_tx_bytes"})
	}
	return nil
}

// maxQueries bounds how many there may be.
const maxQueries = 100

// ParseQueries reads queries as JSON: a list of them. The error is ErrQuery.
func ParseQueries(text string) ([]Query, error) {
	var out []Query
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf(`%w: it is a list such as [{"metric": "cpu", "namespace": "ECS/ContainerInsights", "name": "CpuUtilized", "dimensions": ["ClusterName", "ServiceName"]}]: %s`, ErrQuery, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, more := d.Token(); more != io.EOF {
		return nil, fmt.Errorf("%w: there is more after the list", ErrQuery)
	}
	if len(out) == 0 || len(out) > maxQueries {
		return nil, fmt.Errorf("%w: there are %d; from 1 to %d can be", ErrQuery, len(out), maxQueries)
	}
	for i := range out {
		if err := out[i].check(); err != nil {
			return nil, fmt.Errorf("%w: number %d: %w", ErrQuery, i+1, err)
		}
	}
	return out, nil
}

func (q *Query) check() error {
	switch {
	case q.Metric == "" || q.Namespace == "" || q.Name == "":
		return errors.New("metric, namespace and name are needed")
	case len(q.Dimensions) == 0 || len(q.Dimensions) > 30:
		return errors.New("dimensions has none or more than 30 names; it lists those that tell containers apart")
	case q.Scale < 0:
		return fmt.Errorf("scale is %v; it is more than 0", q.Scale)
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(q.Where)), q.Container) {
		if !slices.Contains(q.Dimensions, name) {
			return fmt.Errorf("%q is not one of its dimensions, %s", name, strings.Join(q.Dimensions, ", "))
		}
	}
	if len(q.naming()) == 0 {
		return errors.New("container names no dimension, and where fixes them all")
	}
	return nil
}

// naming are the dimensions that name the container.
func (q *Query) naming() []string {
	if len(q.Container) > 0 {
		return q.Container
	}
	return slices.DeleteFunc(slices.Clone(q.Dimensions), func(name string) bool { _, fixed := q.Where[name]; return fixed })
}

// container names what a metric with the dimensions is of; ok is false where it
// is not one of the query's.
func (q *Query) container(dimensions map[string]string) (name string, ok bool) {
	if len(dimensions) != len(q.Dimensions) {
		return "", false
	}
	for _, d := range q.Dimensions {
		v, has := dimensions[d]
		if want, fixed := q.Where[d]; !has || fixed && v != want {
			return "", false
		}
	}
	var parts []string
	for _, d := range q.naming() {
		parts = append(parts, dimensions[d])
	}
	return strings.Join(parts, "/"), true
}

func (q *Query) stat() string {
	if q.Stat == "" {
		return "Average"
	}
	return q.Stat
}

func (q *Query) scale() float64 {
	if q.Scale == 0 {
		return 1
	}
	return q.Scale
}

// CheckStep says whether CloudWatch has values by that step: whole minutes, or 1,
// 5, 10, 20 or 30 seconds of metrics that are stored so finely.
func CheckStep(step time.Duration) error {
	if step > 0 && step%time.Minute == 0 || slices.Contains([]time.Duration{1, 5, 10, 20, 30}, step/time.Second) && step%time.Second == 0 {
		return nil
	}
	return fmt.Errorf("%w: it has no values every %v, but every 1, 5, 10, 20 or 30 s or by whole minutes", ErrQuery, step)
}
