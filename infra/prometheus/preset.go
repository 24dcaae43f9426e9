package prometheus

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/series"
)

// nameLabels are the labels that name a container, by every convention that
// nameOf knows. Queries keep them and sum over all others.
var nameLabels = []string{
	"instance", "name",
	"namespace", "pod", "container", // Kubernetes since 1.16
	"pod_name", "container_name", // Kubernetes before
	"exported_namespace", "exported_pod", "exported_container", // scraped without honor_labels
	labelPrefix + "io_kubernetes_pod_namespace", // cAdvisor on its own, on Kubernetes
	labelPrefix + "io_kubernetes_pod_name",
	labelPrefix + "io_kubernetes_container_name",
}

// workloadLabels are kept too where rows are by workload.
var workloadLabels = []string{
	"workload", "owner_kind", "owner_name",
	labelPrefix + "com_docker_compose_project", labelPrefix + "com_docker_compose_service",
	labelPrefix + "com_docker_swarm_service_name", labelPrefix + "com_docker_stack_namespace",
}

// labelPrefix is what cAdvisor puts before a container's own labels.
const labelPrefix = "container_label_"

// probes are counters whose sampling tells how often the server scrapes.
var probes = map[string]string{
	CAdvisor:     "container_cpu_usage_seconds_total",
	NodeExporter: "node_cpu_seconds_total",
}

// unnamed selects containers that only their control group names: cAdvisor
// without access to the container runtime. Groups inside of a container's own,
// whose use is in the container's, do not end in the number.
var unnamed = []string{`name=""`, `pod=""`, `pod_name=""`, `exported_pod=""`,
	labelPrefix + `io_kubernetes_pod_name=""`, `id=~".*[0-9a-f]{64}([.]scope)?"`}

// A column is one column of the rows and the PromQL that fills it.
type column struct {
	metric string
	query  string
	custom bool // the user's own
}

// columns returns the columns to ask for, in the order of the rows, with the
// window of rates put in. All columns of the rows are in header, asked for or
// not. With ids, cAdvisor's control groups are told apart too.
func (s *Source) columns(window time.Duration, ids bool) (ask []column, header []string, err error) {
	header = slices.Clone(metrics)
	own := make(map[string]string)
	for _, q := range s.Queries {
		if _, twice := own[q.Metric]; twice {
			return nil, nil, optionf("two queries for %s", q.Metric)
		}
		own[q.Metric] = q.PromQL
		if !slices.Contains(header, q.Metric) {
			header = append(header, q.Metric)
		}
	}
	for _, m := range s.Metrics {
		if !slices.Contains(header, m) {
			return nil, nil, optionf("no query gives the metric %q; there are %s", m, strings.Join(header, ", "))
		}
	}
	w := strconv.FormatInt(int64(window/time.Second), 10) + "s"
	for _, m := range header {
		if len(s.Metrics) > 0 && !slices.Contains(s.Metrics, m) {
			continue
		}
		query, custom := own[m]
		if !custom {
			query = s.presetQuery(m, w, ids)
		}
		if query != "" {
			ask = append(ask, column{metric: m, query: strings.ReplaceAll(query, "$__rate_interval", w), custom: custom})
		}
	}
	if len(ask) == 0 {
		return nil, nil, optionf("nothing to ask for: preset %q and no query", s.Preset)
	}
	return ask, header, nil
}

// presetQuery returns the PromQL of a metric, "" where the preset has none. A
// rate is taken before the sum: only so are resets of single counters seen.
func (s *Source) presetQuery(metric, window string, ids bool) string {
	switch s.Preset {
	case CAdvisor:
		return s.cadvisorQuery(metric, window, ids)
	case NodeExporter:
		return s.nodeQuery(metric, window)
	}
	return ""
}

func (s *Source) cadvisorQuery(metric, window string, ids bool) string {
	labels := nameLabels
	if s.By == byWorkload {
		labels = append(slices.Clone(labels), workloadLabels...)
		if s.WorkloadLabel != "" {
			labels = append(labels, s.WorkloadLabel)
		}
	}
	if ids {
		labels = append(slices.Clone(labels), "id")
	}
	by := "sum by (" + strings.Join(labels, ", ") + ") "
	rate := func(counter string, matchers ...string) string {
		return by + "(rate(" + selector(counter, s.Match, matchers...) + "[" + window + "]))"
	}
	switch metric {
	case series.CPU:
		return rate(probes[CAdvisor])
	case series.Memory:
		return by + "(" + selector("container_memory_working_set_bytes", s.Match) + ")"
	case series.DiskRead:
		return rate("container_fs_reads_bytes_total")
	case series.DiskWrite:
		return rate("container_fs_writes_bytes_total")
	case series.NetRx:
		return rate("container_network_receive_bytes_total", `interface!="lo"`)
	case series.NetTx:
		return rate("container_network_transmit_bytes_total", `interface!="lo"`)
	}
	return ""
}

// What node-exporter counts twice: partitions and mappings beside the disks
// under them, bridges and virtual interfaces beside the real ones.
const (
	wholeDisks     = `device!~"dm-.*|loop.*|ram.*|sr.*|md.*|zram.*"`
	realInterfaces = `device!~"lo|veth.*|docker.*|br-.*|virbr.*|cni.*|cali.*|flannel.*|tunl.*|vxlan.*|lxc.*"`
)

func (s *Source) nodeQuery(metric, window string) string {
	rate := func(counter string, matchers ...string) string {
		return "sum by (instance) (rate(" + selector(counter, s.Match, matchers...) + "[" + window + "]))"
	}
	switch metric {
	case series.CPU:
		return rate(probes[NodeExporter], `mode!~"idle|iowait|steal"`)
	case series.Memory:
		return "sum by (instance) (" + selector("node_memory_MemTotal_bytes", s.Match) + " - " +
			selector("node_memory_MemAvailable_bytes", s.Match) + ")"
	case series.DiskRead:
		return rate("node_disk_read_bytes_total", wholeDisks)
	case series.DiskWrite:
		return rate("node_disk_written_bytes_total", wholeDisks)
	case series.NetRx:
		return rate("node_network_receive_bytes_total", realInterfaces)
	case series.NetTx:
		return rate("node_network_transmit_bytes_total", realInterfaces)
	}
	return ""
}

// selector writes name{matchers}.
func selector(name, match string, more ...string) string {
	all := more
	if match != "" {
		all = append([]string{strings.Trim(strings.TrimSpace(match), "{}")}, more...)
	}
	if len(all) == 0 {
		return name
	}
	return name + "{" + strings.Join(all, ", ") + "}"
}

// rateWindow returns the range of rates: it reaches over a step and the scrape
// before it, and over four scrapes, so that one or two may fail. This is the
// rule that dashboards follow too.
func rateWindow(step, scrape time.Duration) time.Duration {
	return max(step+scrape, 4*scrape)
}
