package prometheus

import (
	"encoding/csv"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// began is when the samples of the tests begin: far in the past, so that no
// test depends on the clock.
const began = 1714521600 // 2024-05-01T00:00:00Z

const (
	scrape  = 15
	hours   = 3
	samples = hours * 3600 / scrape
)

// longBegan is when a second stretch begins, of longSamples, that is longer
// than one range query may be.
const (
	longBegan   = began + 30*86400
	longSamples = 3 * 86400 / scrape
)

// A real server, back-filled once for all tests.
var shared struct {
	once   sync.Once
	server *servers.Prometheus
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		shared.server.Stop()
	}
	os.Exit(code)
}

// server returns the URL of a Prometheus that has the samples of dataset.
func server(t *testing.T) string {
	t.Helper()
	servers.NeedPrometheus(t)
	shared.once.Do(func() { shared.server, shared.err = servers.StartPrometheus(dataset, servers.PrometheusOptions{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server.URL
}

// emit writes samples of one series; value is called with the index and the
// seconds since from.
func emit(w io.Writer, metric string, from, n int64, value func(i int64, s float64) float64) {
	for i := range n {
		servers.Sample(w, metric, value(i, float64(i*scrape)), from+i*scrape)
	}
}

func rising(perSecond float64) func(int64, float64) float64 {
	return func(_ int64, s float64) float64 { return 1000 + perSecond*s }
}

func level(v float64) func(int64, float64) float64 {
	return func(int64, float64) float64 { return v }
}

// dataset is three hours of containers by every convention of labels, with the
// accidents that real ones have, and three days of one more.
func dataset(w io.Writer) {
	docker(w)
	kubernetes(w)
	machine(w)
	odd(w)
	emit(w, `container_cpu_usage_seconds_total{id="/docker/l",name="long",instance="h1",cpu="total"}`, longBegan, longSamples, rising(0.25))
	emit(w, `container_memory_working_set_bytes{id="/docker/l",name="long",instance="h1"}`, longBegan, longSamples,
		func(i int64, _ float64) float64 { return float64(i) })
}

// odd is what is named by other conventions still.
func odd(w io.Writer) {
	digits := func(d string) string { return strings.Repeat(d, 64) }
	mem := func(labels string, v float64) {
		emit(w, `container_memory_working_set_bytes{`+labels+`}`, began, samples, level(v))
	}
	// Control groups without any name, of Docker and Podman; conmon and a group
	// inside of a container are none.
	mem(`id="/docker/`+digits("a")+`",instance="g1"`, 11)
	mem(`id="/system.slice/docker-`+digits("b")+`.scope",instance="g1"`, 12)
	mem(`id="/machine.slice/libpod-`+digits("c")+`.scope",instance="g1"`, 13)
	mem(`id="/machine.slice/libpod-conmon-`+digits("c")+`.scope",instance="g1"`, 1)
	mem(`id="/docker/`+digits("a")+`/init.scope",instance="g1"`, 10)
	mem(`id="/",instance="g1"`, 99)
	emit(w, `container_cpu_usage_seconds_total{cpu="total",id="/docker/`+digits("a")+`",instance="g1"}`, began, samples, rising(0.5))
	// The kubelet with Docker: nothing but the name, beside the labels of the
	// pod that cAdvisor runs in.
	mem(`id="/kubepods/`+digits("d")+`",name="k8s_api_api-7d9c5b6f4-x2x7k_shop_a9b2c3_0",pod="cadvisor-x",namespace="ops",container="cadvisor",instance="x1"`, 21)
	mem(`id="/kubepods/`+digits("e")+`",name="k8s_POD_api-7d9c5b6f4-x2x7k_shop_a9b2c3_0",pod="cadvisor-x",namespace="ops",container="cadvisor",instance="x1"`, 1)
	// Scraped without honor_labels: the plain labels are the target's.
	mem(`id="/f",exported_namespace="shop",exported_pod="job-x2x7k",exported_container="work",namespace="kube-system",pod="kubelet",container="kubelet",instance="x2"`, 31)
}

func docker(w io.Writer) {
	// webapp: two cores' counters, two disks, two networks and the loopback.
	web := `id="/docker/w",name="webapp",image="nginx",instance="h1"`
	emit(w, `container_cpu_usage_seconds_total{cpu="cpu00",`+web+`}`, began, samples, rising(0.5))
	emit(w, `container_cpu_usage_seconds_total{cpu="cpu01",`+web+`}`, began, samples, rising(0.25))
	emit(w, `container_memory_working_set_bytes{`+web+`}`, began, samples, func(i int64, _ float64) float64 { return 1e8 + float64(i) })
	emit(w, `container_fs_reads_bytes_total{device="/dev/sda",`+web+`}`, began, samples, rising(1000))
	emit(w, `container_fs_reads_bytes_total{device="/dev/sdb",`+web+`}`, began, samples, rising(24))
	emit(w, `container_fs_writes_bytes_total{device="/dev/sda",`+web+`}`, began, samples, rising(2000))
	emit(w, `container_network_receive_bytes_total{interface="eth0",`+web+`}`, began, samples, rising(300))
	emit(w, `container_network_receive_bytes_total{interface="eth1",`+web+`}`, began, samples, rising(40))
	emit(w, `container_network_receive_bytes_total{interface="lo",`+web+`}`, began, samples, rising(1e6))
	emit(w, `container_network_transmit_bytes_total{interface="eth0",`+web+`}`, began, samples, rising(500))
	// db: its counter is reset half way; no disk metrics; odd memory values.
	db := `id="/docker/d",name="db",instance="h1"`
	emit(w, `container_cpu_usage_seconds_total{cpu="total",`+db+`}`, began, samples, func(i int64, s float64) float64 {
		if i >= samples/2 {
			return 0.8 * (s - samples/2*scrape)
		}
		return 5000 + 0.8*s
	})
	emit(w, `container_memory_working_set_bytes{`+db+`}`, began, samples, func(i int64, _ float64) float64 {
		switch i {
		case 100:
			return math.NaN()
		case 101:
			return math.Inf(1)
		}
		return 2e8
	})
	// batch: runs for the second hour only, under a name that needs quotes.
	emit(w, `container_memory_working_set_bytes{id="/docker/b",name="batch,\"1\"",instance="h1"}`, began+3600, 3600/scrape, level(7))
	// twin: the same name on two hosts.
	emit(w, `container_memory_working_set_bytes{id="/docker/t",name="twin",instance="h1"}`, began, samples, level(10))
	emit(w, `container_memory_working_set_bytes{id="/docker/u",name="twin",instance="h2"}`, began, samples, level(20))
	// The machine's own group, which is no container.
	emit(w, `container_cpu_usage_seconds_total{id="/",cpu="total",instance="h1"}`, began, samples, rising(9))
	emit(w, `container_memory_working_set_bytes{id="/system.slice",instance="h1"}`, began, samples, level(9e9))
}

func kubernetes(w io.Writer) {
	pod := func(name string) string { return `namespace="shop",pod="` + name + `",instance="n1"` }
	for i, p := range []string{"web-7d9c5b6f4-x2x7k", "web-7d9c5b6f4-b4q8z"} {
		cpu := 0.1 * float64(i+1)
		// app is restarted half way: another container, with series of its own.
		half := int64(samples / 2)
		emit(w, `container_cpu_usage_seconds_total{container="app",id="/a1",name="k8s_a1",`+pod(p)+`}`, began, half, rising(cpu))
		emit(w, `container_cpu_usage_seconds_total{container="app",id="/a2",name="k8s_a2",`+pod(p)+`}`, began+half*scrape, half,
			func(_ int64, s float64) float64 { return cpu * s })
		emit(w, `container_memory_working_set_bytes{container="app",id="/a",name="k8s_a",`+pod(p)+`}`, began, samples, level(1e6))
		emit(w, `container_memory_working_set_bytes{container="sidecar",id="/s",name="k8s_s",`+pod(p)+`}`, began, samples, level(1e3))
		emit(w, `container_memory_working_set_bytes{container="",id="/p",`+pod(p)+`}`, began, samples, level(1.1e6))
		emit(w, `container_memory_working_set_bytes{container="POD",id="/z",`+pod(p)+`}`, began, samples, level(5))
		emit(w, `container_network_receive_bytes_total{container="POD",interface="eth0",id="/z",`+pod(p)+`}`, began, samples, rising(100))
	}
	// A database of a stateful set that says what owns it, with labels as before 1.16.
	old := `namespace="shop",pod_name="pg-0",instance="n1"`
	emit(w, `container_cpu_usage_seconds_total{container_name="postgres",id="/g",`+old+`}`, began, samples, rising(2))
	emit(w, `container_network_transmit_bytes_total{container_name="POD",interface="eth0",id="/y",`+old+`}`, began, samples, rising(70))
	// cAdvisor as a pod of its own: the plain labels name cAdvisor.
	own := `pod="cadvisor-9ftkq",container="cadvisor",namespace="ops",instance="n2"`
	emit(w, `container_memory_working_set_bytes{id="/e",name="k8s_cache",container_label_io_kubernetes_container_name="redis",`+
		`container_label_io_kubernetes_pod_name="cache-x2x7k",container_label_io_kubernetes_pod_namespace="shop",`+own+`}`, began, samples, level(64))
	emit(w, `kube_pod_owner{namespace="shop",pod="cache-x2x7k",owner_kind="ReplicaSet",owner_name="big-cache-7d9c5b6f4"}`, began, samples, level(1))
}

func machine(w io.Writer) {
	for _, mode := range []string{"user", "system", "idle", "iowait"} {
		emit(w, `node_cpu_seconds_total{cpu="0",mode="`+mode+`",instance="m1:9100"}`, began, samples, rising(0.25))
	}
	emit(w, `node_memory_MemTotal_bytes{instance="m1:9100"}`, began, samples, level(8e9))
	emit(w, `node_memory_MemAvailable_bytes{instance="m1:9100"}`, began, samples, level(5e9))
	emit(w, `node_disk_read_bytes_total{device="sda",instance="m1:9100"}`, began, samples, rising(10))
	emit(w, `node_disk_read_bytes_total{device="dm-0",instance="m1:9100"}`, began, samples, rising(10))
	emit(w, `node_disk_written_bytes_total{device="nvme0n1",instance="m1:9100"}`, began, samples, rising(20))
	emit(w, `node_network_receive_bytes_total{device="eth0",instance="m1:9100"}`, began, samples, rising(30))
	emit(w, `node_network_receive_bytes_total{device="veth12",instance="m1:9100"}`, began, samples, rising(30))
	emit(w, `node_network_transmit_bytes_total{device="eth0",instance="m1:9100"}`, began, samples, rising(40))
}

// A row of a written file. A missing cell is NaN.
type row struct {
	t         int64
	container string
	values    map[string]float64
}

// readRows reads a file that read wrote.
func readRows(t *testing.T, path string) []row {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(readText(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	for _, rec := range records[1:] {
		r := row{container: rec[1], values: make(map[string]float64)}
		if r.t, err = strconv.ParseInt(rec[0], 10, 64); err != nil {
			t.Fatal(err)
		}
		for k, cell := range rec[2:] {
			v := math.NaN()
			if cell != "" {
				if v, err = strconv.ParseFloat(cell, 64); err != nil {
					t.Fatal(err)
				}
			}
			r.values[records[0][k+2]] = v
		}
		out = append(out, r)
	}
	return out
}

// readText returns a file's content.
func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
